"""How a release stands, read as its engine says it, in the words of the rig; and what its checks found."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from components.engines.flagger.analysis import look_of
from components.operate.contract import Release, Verdict
from components.operate.engines.argo_rollouts import ArgoRolloutsOperator
from components.operate.engines.flagger import FlaggerOperator
from components.operate.engines.flagger.checks import verdicts
from components.operate.engines.flagger.events import of_last_try, read_events
from components.operate.engines.flagger.state import CanaryState
from components.plan import Plan
from components.record import record
from components.spec.values import Duration
from localcluster.api import Api, Object, path_of
from localcluster.demo import bounds
from localcluster.demo.measure import Observer
from localcluster.demo.results import StepResult
from localcluster.demo.rollout import RolloutState, read_rollout

from .scenarios import CONTOUR, GATEWAY_API, SCRAPE_SECONDS

AROUND = 7
"""Intervals that a release of Flagger may take beside its steps: it is seen, its pods start, the last weight is left,
the stable pods are replaced, the traffic goes to them, the canary is scaled down."""


@record
class FlaggerState(RolloutState):
    """What Flagger says about a release; `release` is what `coalmine status` would say, None without a Canary."""

    release: Release | None = None

    @classmethod
    def read(cls, api: Api, namespace: str, name: str) -> "FlaggerState":
        """The state of a Canary; an empty one when it does not exist."""
        found = FlaggerOperator().read(api, namespace, name)
        if found is None:
            return cls()
        return cls(
            revision=found.revision,
            phase=found.state.value,
            message=found.reason,
            aborted=found.aborted,
            weight=found.weight,
            version=found.version,
            release=found,
        )

    def promoted(self, revision: str) -> bool:
        """Whether this version gets all traffic."""
        return self.release is not None and self.release.promoted and self.revision == revision

    def taken_back(self, revision: str) -> bool:
        """Whether the release of this version was aborted."""
        return self.aborted and self.revision == revision


WRITTEN_EARLIER_SECONDS = 2.0
"""An engine counts a hold from when it wrote a weight, which Envoy has a moment later."""


class FlaggerObserver(Observer):
    """Looks at a release of Flagger."""

    def verdicts(self, state: RolloutState) -> list[Verdict]:
        """Every check so far."""
        if not isinstance(state, FlaggerState) or state.release is None or state.revision != self.plan.revision:
            return []
        return list(state.release.verdicts)

    def steps(self, state: RolloutState) -> list[StepResult]:
        """Every step, no longer than its hold: beyond the last one the stable pods become the new version too."""
        hold = self.plan.stages[0].hold.seconds - WRITTEN_EARLIER_SECONDS
        found = self.canary_stretches()
        held = [replace(stretch, until=min(stretch.until, stretch.since + hold)) for stretch in found]
        return [self.step(stretch, self.verdicts(state)) for stretch in held]


def by_flagger(plan: Plan) -> bool:
    """Whether an app asks for the cluster's other engine."""
    return plan.app.delivery.engine == FlaggerOperator.kind


def read_state(api: Api, plan: Plan) -> RolloutState:
    """How the release of an app stands."""
    read = FlaggerState.read if by_flagger(plan) else read_rollout
    return read(api, plan.namespace, plan.name)


def release_of(api: Api, plan: Plan) -> Release:
    """An app's latest release, as `coalmine status` tells it."""
    operator = FlaggerOperator() if by_flagger(plan) else ArgoRolloutsOperator()
    found = operator.read(api, plan.namespace, plan.name)
    assert found is not None, f"{plan.name} is gone"
    return found


def verdicts_of(api: Api, plan: Plan) -> Sequence[Verdict]:
    """What the checks of an app's latest release found."""
    return release_of(api, plan).verdicts


def failed_looks(api: Api, plan: Plan, check: str) -> dict[int, int]:
    """How many looks at a check failed in an app's latest release, by weight; also where it was promoted after them."""
    found = _told_by_flagger(api, plan) if by_flagger(plan) else verdicts_of(api, plan)
    return {one.weight: one.failed for one in found if one.check == check and one.failed}


def _told_by_flagger(api: Api, plan: Plan) -> Sequence[Verdict]:
    """`coalmine status` says no more of a release that was promoted; the events do."""
    canary = api.get(path_of(FlaggerOperator.collection, plan.namespace, plan.name))
    state = CanaryState.of(canary, {}, {})
    return verdicts(of_last_try(read_events(api, plan.namespace, state.uid)), state)


def longest_rollback(plan: Plan, rate: float) -> float:
    """Seconds from the first bad answer of the canary to its last, as docs/concepts/engines.md says, and a fifth more.

    `rate`: requests per second to both versions.
    """
    if not by_flagger(plan):
        return bounds.longest_rollback(plan, rate, Duration.of_seconds(SCRAPE_SECONDS))
    # The look after the last failure takes the release back; counts are kept by the second, at both ends.
    looks = look_of(plan).window.seconds * (plan.analysis.tolerated_failures + 2)
    return bounds.ALLOWANCE * (looks + SCRAPE_SECONDS + 2)


def routed(api: Api, plan: Plan, router: str) -> tuple[int, int]:
    """The weights of the stable version and the canary in the route that the engine writes, by a scenario's router."""
    kind, of_name = _ROUTES[router]
    stable = f"{plan.name}-{'primary' if by_flagger(plan) else 'stable'}"
    name = plan.name if by_flagger(plan) else f"{plan.name}-split"
    weights = of_name(api.get(path_of(kind, plan.namespace, name))["spec"])
    return weights[stable], weights[plan.canary_service]


def _of_virtual_service(spec: Object) -> dict[str, int]:
    return {part["destination"]["host"]: part.get("weight", 0) for part in spec["http"][0]["route"]}


def _of_http_route(spec: Object) -> dict[str, int]:
    return {part["name"]: part["weight"] for part in spec["rules"][0]["backendRefs"]}


def _of_http_proxy(spec: Object) -> dict[str, int]:
    return {part["name"]: part.get("weight", 0) for part in spec["routes"][0]["services"]}


_ROUTES: dict[str, tuple[str, Callable[[Object], dict[str, int]]]] = {
    "": ("networking.istio.io/v1/virtualservices", _of_virtual_service),
    GATEWAY_API: ("gateway.networking.k8s.io/v1/httproutes", _of_http_route),
    CONTOUR: ("projectcontour.io/v1/httpproxies", _of_http_proxy),
}


def observer_of(plan: Plan) -> type[Observer]:
    """What looks at the releases of an app."""
    return FlaggerObserver if by_flagger(plan) else Observer
