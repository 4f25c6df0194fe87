"""What the platform lets its controllers do: all that releases need, and nothing wild."""

from collections.abc import Iterator
from functools import cache

import pytest

from components.manifests.rights import plural
from components.platform.images import FLAGGER_RELEASE
from components.platform.pieces import argo_rollouts, flagger
from components.spec.cluster import StackSpec

from .drawn import bases, outcome
from .platform_stacks import STACKS, Manifest, everything, stack, with_helm
from .variants import Combination, supported

ROLES = ("Role", "ClusterRole")
READING = {"get", "list", "watch"}
MOVES = ("update", "patch")
"""What a controller does to a field that it owns; which of the two is its own affair."""

WILD: dict[str, str] = {
    "ClusterRole argocd-application-controller": "it applies whatever kinds Git has: its projects say which, and where",
    "ClusterRole argocd-server": "its users see and delete what it applied: its own roles say who, and what",
    "Role flux-controllers": "upstream's: of the kinds that are Flux' own, in its own namespace",
    "ClusterRole istiod-clusterrole-istio-system": "upstream's: it may do all, but only to the status of Ingresses",
}
"""Roles that may do more than a rule names, each with the reason."""

INSTALLED = [one for one in supported() if getattr(one.engine, "version", FLAGGER_RELEASE) == FLAGGER_RELEASE]
"""Not with a later Flagger, which a cluster brings with it, and its permissions."""


def _roles(objects: tuple[Manifest, ...]) -> Iterator[Manifest]:
    yield from (one for one in objects if one["kind"] in ROLES)


@pytest.mark.parametrize("name", STACKS)
def test_no_role_may_change_more_than_it_names_unless_the_reason_is_known(name: str) -> None:
    roles = list(_roles(everything(name)))
    assert roles, f"{name} has no role"
    wild = [
        f"{_shown(role)}: {rule}"
        for role in roles
        if _shown(role) not in WILD
        for rule in role.get("rules") or []
        if _is_wild(rule)
    ]
    assert not wild, "\n".join(wild)


def _shown(role: Manifest) -> str:
    return f"{role['kind']} {role['metadata']['name']}"


def _is_wild(rule: Manifest) -> bool:
    if set(rule["verbs"]) <= READING:
        return rule.get("apiGroups") == ["*"]
    return any("*" in rule.get(key, []) for key in ("apiGroups", "resources", "nonResourceURLs", "verbs"))


@cache
def _rules(engine: str) -> tuple[Manifest, ...]:
    """What the engine's controller may do in all namespaces, on a cluster with every router that it can steer."""
    with_helm()
    delivery = next(one.delivery for one in INSTALLED if one.engine.kind == engine)
    spec: StackSpec = stack("both-engines").spec.model_copy(update={"delivery": delivery})
    piece = {"argo-rollouts": argo_rollouts, "flagger": flagger}[engine].PIECE
    objects = [item for stage in piece.stages(spec) for item in stage]
    bound = [one["roleRef"]["name"] for one in objects if one["kind"] == "ClusterRoleBinding"]
    found = [one for one in objects if one["kind"] == "ClusterRole" and one["metadata"]["name"] in bound]
    return tuple(rule for one in found for rule in one["rules"])


def _may(engine: str, group: str, resource: str, verb: str) -> bool:
    return any(
        group in rule.get("apiGroups", []) and resource in rule["resources"] and verb in rule["verbs"]
        for rule in _rules(engine)
    )


def _owned(combination: Combination) -> set[tuple[str, str]]:
    """Group and resource of all that the engine's controller writes into, in the objects of any app."""
    made = [outcome(app, combination.delivery) for app in bases()]
    fields = [field for one in made if not isinstance(one, list) for field in one.ownership.fields]
    return {(field.group, plural(field.kind)) for field in fields if field.kind != "Secret"}


@pytest.mark.parametrize("combination", INSTALLED, ids=str)
def test_the_controller_may_write_what_it_owns(combination: Combination) -> None:
    engine = combination.engine.kind
    for group, resource in sorted(_owned(combination)):
        assert _may(engine, group, resource, "get"), f"{engine} cannot read {resource}.{group}"
        assert any(_may(engine, group, resource, verb) for verb in MOVES), f"{engine} cannot write {resource}.{group}"
