"""Objects: whether the fields that rules read are of their type."""

from collections.abc import Iterator

from ..examples import (
    APPLICATION,
    AUTOSCALER,
    BUDGET,
    CANARY,
    DEPLOYMENT,
    METRIC_TEMPLATE,
    NEW,
    PROJECT,
    ROLLOUT,
    TEMPLATE,
    VIRTUAL_SERVICE,
    made,
    put,
)
from ..facts import Kind, KubeObject
from ..reading import decided, read
from ..rule import Enforcement, Example, Finding, ObjectRule, Settings, Severity, Violation
from ..shapes import META, SPECS, fits, wrong_places

_GIVEN = (
    *(APPLICATION, AUTOSCALER, BUDGET, CANARY, DEPLOYMENT, METRIC_TEMPLATE, NEW, PROJECT, ROLLOUT, TEMPLATE),
    VIRTUAL_SERVICE,
)
_VERSION = {"": "v1", "apps": "apps/v1"}


@decided
def right_types(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Every field that a rule reads is of its type."""
    whole = read(subject)
    places = ((whole("metadata"), META), (whole("spec"), SPECS[subject.kind]))
    for place, shape in places:
        if fits(place.value, shape):
            continue
        for wrong, wanted in wrong_places(place, shape):
            yield Violation(f"{wrong.here} is {wrong.shown}, and has to be {wanted}", f"make it {wanted}")


def _examples() -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """One of each kind that keeps the rule, and one that breaks it."""
    given = {Kind.of(one["apiVersion"], one["kind"]): one for one in _GIVEN}
    bare = {kind: made(_VERSION.get(kind.group, f"{kind.group}/v1"), kind.name, "shop", {}) for kind in SPECS}
    good = [given.get(kind, one) for kind, one in bare.items()]
    bad = [put(VIRTUAL_SERVICE, "spec.http[0].route[0].weight", "all"), put(ROLLOUT, "spec.replicas", "many")]
    return tuple((one,) for one in good), tuple((one,) for one in bad)


_PASSES, _FAILS = _examples()

RULES = (
    ObjectRule(
        id="right-types",
        code="O1",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Fields are of their type",
        why="A field of another type is one that no rule can judge, and that the API server refuses later.",
        source="the CRDs of argo-rollouts v1.9, flagger v1.36, Argo CD v3 and Flux v2",
        fix="Write the value as the type that the message names; in YAML, quotes make a text.",
        kinds=tuple(SPECS),
        check=right_types,
        passes=_PASSES,
        fails=_FAILS,
    ),
)
