"""How a release stands, read as its engine says it, in the words of the rig; and what its checks found."""

from dataclasses import dataclass, replace

from components.operate.contract import Release, Verdict
from components.operate.engines.flagger import FlaggerOperator
from components.plan import Plan
from localcluster.api import Api
from localcluster.demo.measure import Observer
from localcluster.demo.results import StepResult
from localcluster.demo.rollout import RolloutState, read_rollout

AROUND = 7
"""Intervals that a release of Flagger may take beside its steps: it is seen, its pods start, the last weight is left,
the stable pods are replaced, the traffic goes to them, the canary is scaled down."""


@dataclass(frozen=True)
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


class FlaggerObserver(Observer):
    """Looks at a release of Flagger."""

    def verdicts(self, state: RolloutState) -> list[Verdict]:
        """Every check so far."""
        if not isinstance(state, FlaggerState) or state.release is None or state.revision != self.plan.revision:
            return []
        return list(state.release.verdicts)

    def steps(self, state: RolloutState) -> list[StepResult]:
        """Every step, no longer than its hold: beyond the last one the stable pods become the new version too."""
        hold = self.plan.stages[0].hold.seconds
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


def observer_of(plan: Plan) -> type[Observer]:
    """What looks at the releases of an app."""
    return FlaggerObserver if by_flagger(plan) else Observer
