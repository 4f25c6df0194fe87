"""What a release did, put together from Envoy's weights, the load's counts and the engine's analyses."""

import math
import time
from dataclasses import dataclass

from components.operate.contract import Verdict
from components.operate.engines.argo_rollouts.checks import read_runs, verdicts
from components.plan import Plan

from ..api import Api
from .gateway import Gateway
from .results import StepResult
from .rollout import RolloutState
from .tally import Tally
from .timeline import SETTLED_SECONDS, Stretch


@dataclass(frozen=True)
class Observer:
    """Looks at one release from its start.

    Fields: `api`; `gateway`; `tally`: of the app's host; `plan`: of this release; `version`: how its answers are
    marked (the image tag); `since`: seconds since the epoch when the release began.
    """

    api: Api
    gateway: Gateway
    tally: Tally
    plan: Plan
    version: str
    since: float

    def all_stretches(self) -> list[Stretch]:
        """Every weight that was in force since the release began, oldest first."""
        canary = f"{self.plan.canary_service}.{self.plan.namespace}"
        found = self.gateway.stretches(self.tally.host, canary)
        return [stretch for stretch in found if stretch.until > self.since]

    def weight(self) -> int | None:
        """The weight that is in force now; None while the app has no route."""
        found = self.all_stretches()
        return found[-1].weight if found and math.isinf(found[-1].until) else None

    def canary_stretches(self) -> list[Stretch]:
        """Those of the steps, at which both versions got traffic."""
        return [stretch for stretch in self.all_stretches() if 0 < stretch.weight < 100]

    def verdicts(self, state: RolloutState) -> list[Verdict]:
        """Every check so far."""
        if not state.current or state.revision != self.plan.revision:
            return []
        runs = read_runs(self.api, self.plan.namespace, self.plan.name, state.pod_hash)
        return verdicts(runs, state.weights)

    def steps(self, state: RolloutState) -> list[StepResult]:
        """Every step so far; the last one may go on."""
        # The weights first: an analysis ends before its weight does, so no step lacks what its checks found.
        stretches = self.canary_stretches()
        found = self.verdicts(state)
        return [self.step(stretch, found) for stretch in stretches]

    def seconds_to_abort(self) -> float:
        """From the first bad answer of the canary, or its first answer where none is an error, to its last answer.

        Counts are kept by the second, so this is up to 2 s too long. Without any answer: from the first weight
        to the end of the last.
        """
        stretches = self.canary_stretches()
        if not stretches:
            return math.nan
        end = time.time() if math.isinf(stretches[-1].until) else stretches[-1].until
        seconds = (math.floor(stretches[0].since), math.ceil(end) + _AFTERMATH_SECONDS)
        answered = list(self.tally.answered(self.version, seconds))
        if not answered:
            return end - stretches[0].since
        first = next(self.tally.failed(self.version, seconds), answered[0])
        return answered[-1] + 1.0 - first

    def seconds_to_promote(self) -> float:
        """From the first weight of the canary until all traffic has one version again; not a number before that."""
        stretches = self.all_stretches()
        steps = self.canary_stretches()
        after = [stretch.since for stretch in stretches if steps and stretch.since > steps[-1].since]
        return after[0] - steps[0].since if after else math.nan

    def step(self, stretch: Stretch, found: list[Verdict]) -> StepResult:
        """What was measured in one stretch."""
        now = time.time() - SETTLED_SECONDS
        share = self.tally.share(stretch.weight, self.version, stretch.whole_seconds(now))
        mine = tuple(verdict for verdict in found if verdict.weight == stretch.weight)
        return StepResult(share, min(stretch.until, now) - stretch.since, mine)


_AFTERMATH_SECONDS = 5
"""How long after the last weight an answer of the canary is still looked for."""
