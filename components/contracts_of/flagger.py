"""What Flagger needs of a router, of a metric provider and of a notification channel."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar

from ..capability import Emulated, Evidence, Refused
from ..contracts import Bounds, OwnedField, Question, Version
from ..features import ROUTED, Feature
from ..manifests.meta import Manifest
from ..plan import Plan
from ..record import record
from ..spec.base import Finding
from ..spec.checks import Check
from .offer import Offer

ROUTED_BY_FLAGGER = ROUTED - {
    Feature.COHORT_AND_WEIGHTS,
    Feature.MIRROR_METHODS,
    Feature.MIRROR_AND_WEIGHTS,
    Feature.BLUE_GREEN,
    Feature.EXPERIMENT,
}
"""The features that depend on the router here; Flagger refuses the others whatever the router."""

KEEPS_THE_CANARY = Emulated(
    "only who got the canary is remembered; every request of all others is a new chance to get it, so that "
    "a user who asks often gets it soon, however small the weight",
    Evidence.TRAFFIC,
)
"""How Flagger keeps users at the new version, whatever the router; wherever it does, users with cookies prove it."""
STABLE_DRIFTS = Refused(
    "Flagger remembers only who got the canary there, and every request of all others is a new chance to get it",
    "set session_affinity.stable_may_drift to true where that may be",
)
"""Why Flagger keeps nobody at the stable version behind a router that has no second cookie."""


@record
class FlaggerRouting:
    """A router's part.

    Fields: `service`: what it adds to the Canary's `service`; `spec`: what it adds to the Canary's `spec`; `manifests`:
    its own objects, in creation order; `match`: of the Canary's `analysis`, the requests of the plan's cohort;
    `annotations`: of the route that Flagger makes.
    """

    service: Mapping[str, Any]
    manifests: Sequence[Manifest]
    spec: Mapping[str, Any] = field(default_factory=dict)
    match: Sequence[Manifest] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


@record
class FlaggerTarget:
    """What a Canary watches.

    Fields: `object`: what runs the canary's pods; `scaler`: what says how many, None where the object does, or each
    node has one; `budget`: what drains leave; `owned`: the field of the object by which Flagger releases; `canary`,
    `stable`: the versions as queries name them; `services`: whether Flagger makes the Services that lead to them;
    `made`: whether the object is one of the app's, and not of others.
    """

    object: Manifest
    scaler: Manifest | None
    budget: Manifest | None
    owned: OwnedField
    canary: Version
    stable: Version
    services: bool = True
    made: bool = True


class FlaggerRouter(Offer, ABC):
    """A router that Flagger can steer."""

    flagger_provider: ClassVar[str]
    """Flagger's name for it, which must be one that it knows: any other silently becomes Istio."""
    runs_pods: ClassVar[bool] = False
    """Whether the Canary watches an object of the router's own, by which it releases without any copy of the pods."""

    @abstractmethod
    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        """What a Canary says about the router, and the objects beside it."""

    def flagger_target(self, plan: Plan) -> FlaggerTarget | None:
        """The object of the router's own that the Canary watches; None unless it `runs_pods`."""
        return None

    def flagger_problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what it cannot do with an app on this engine, beyond the features."""
        return ()


@record
class FlaggerMetric:
    """One check. Fields: `template`: the spec of a MetricTemplate; `bounds`: the values that pass.

    `intervals`: how many times as far the provider looks back as the Canary's metric says it should.
    """

    template: Manifest
    bounds: Bounds
    intervals: int = 1


class FlaggerMetrics(Offer, ABC):
    """A metric provider that Flagger can ask."""

    flagger_since: ClassVar[str] = ""
    """The first version of Flagger that knows it, "" for all; an older one would ask Prometheus instead."""

    def flagger_problems(self, check: Check) -> Iterator[Finding]:
        """Path inside the check and message of what Flagger cannot ask this provider."""
        yield from ()

    @abstractmethod
    def flagger_metric(self, question: Question) -> FlaggerMetric:
        """What Flagger asks, and which values pass.

        No data, NaN and too few requests answer nothing, which Flagger counts as a failed check.
        """


def threshold_range(bounds: Bounds) -> Manifest:
    """The values that pass, as a Canary says it."""
    limits = {"min": bounds.min, "max": bounds.max}
    # A whole number without a point, as the API server gives it back: else it would show as a change ever after.
    return {
        name: int(limit) if limit == int(limit) else float(limit) for name, limit in limits.items() if limit is not None
    }


@record
class Credential:
    """The place of a channel's credential in a Secret."""

    role: str


class FlaggerChannel(Offer, ABC):
    """A channel that an AlertProvider can reach. Source: flagger v1.36, pkg/notifier."""

    flagger_type: ClassVar[str]
    """The `type` of the AlertProvider."""

    def flagger_fields(self) -> Manifest:
        """What its AlertProvider says beside type and Secret."""
        return {}

    def flagger_secret(self) -> Mapping[str, Credential | str]:
        """What must be in its Secret: by default the address alone."""
        return {"address": Credential("address")}


def secret_name(channel: str) -> str:
    """The Secret with a channel's credentials, in the namespace of each app that it is told about."""
    return f"notify-{channel}"
