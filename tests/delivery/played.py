"""One release that is played: begun, looked at until it is decided, concluded when all answers are there."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from components.compile import Compiled
from components.plan import Plan
from localcluster.cluster import Cluster
from localcluster.demo.gateway import Gateway
from localcluster.demo.measure import Observer
from localcluster.demo.proof import Claim, await_proofs
from localcluster.demo.results import StepResult
from localcluster.demo.rollout import RolloutState
from localcluster.demo.shares import Share
from localcluster.demo.tally import Tally
from localcluster.load import Load

from .engines import observer_of, read_state
from .scenarios import CANDIDATE, STABLE, Scenario

POLL_SECONDS = 0.4
_READY_SECONDS = 180
_PROOF_RATE = 20
"""Requests per second to an app that otherwise gets none, so that its end can be proved."""


@dataclass
class Played:
    """One scenario's release.

    Fields: `scenario`; `plan`: of the released version; `observer`: of the release; `state`: the last one seen;
    `decided`: whether the engine had decided and Envoy sent nothing to a canary any more, `decided_at`: when that was
    seen, seconds since the epoch; `steps`; `after`: requests when all was over, `canary` being those that the version
    which should answer did not answer with 200.
    """

    scenario: Scenario
    plan: Plan
    observer: Observer
    state: RolloutState = field(default_factory=RolloutState)
    decided: bool = False
    decided_at: float = math.inf
    steps: list[StepResult] = field(default_factory=list)
    after: Share | None = None

    @property
    def name(self) -> str:
        """The app's name."""
        return self.scenario.name

    @property
    def promoted(self) -> bool:
        """Whether the released version became the stable one."""
        return self.state.promoted(self.plan.revision)

    @property
    def taken_back(self) -> bool:
        """Whether the release was aborted."""
        return self.state.taken_back(self.plan.revision)

    def look(self) -> None:
        """Reads how the release stands, unless it is over."""
        if self.decided:
            return
        self.state = read_state(self.observer.api, self.plan)
        self.decided = self.state.decided(self.plan.revision) and self.observer.weight() == 0
        if self.decided:
            self.decided_at = time.time()

    def told(self) -> list[str]:
        """What was measured, for a failure's message."""
        state = self.state
        told = [
            f"  rollout: {state.phase or 'missing'}, weight {state.weight}, aborted {state.aborted}: {state.message}"
        ]
        for step in self.steps:
            share = step.share
            told.append(
                f"  weight {share.weight} for {step.seconds:.1f} s: {share.canary} of {share.requests} requests, "
                f"z {share.z:+.2f}"
            )
        for verdict in self.observer.verdicts(state):
            told.append(
                f"  {verdict.check} at weight {verdict.weight}: {verdict.passed} passed, {verdict.failed} failed, "
                f"{verdict.value} (limit {verdict.limit})"
            )
        return told


def begin(cluster: Cluster, gateway: Gateway, load: Load, scenario: Scenario, plan: Plan) -> Played:
    """A release that is just about to be asked for."""
    tally = Tally(load, scenario.host)
    observer = observer_of(plan)(cluster.api, gateway, tally, plan, CANDIDATE, since=time.time())
    return Played(scenario, plan, observer)


def await_stable(cluster: Cluster, load: Load, scenarios: Iterable[Scenario], apps: Mapping[str, Compiled]) -> None:
    """Until the first version of every app is deployed, and answers where requests are sent."""
    plans = [compiled.plan for compiled in apps.values()]
    until(
        lambda: all(read_state(cluster.api, plan).promoted(plan.revision) for plan in plans), _READY_SECONDS, "deployed"
    )
    asked = {one.name: Claim(Tally(load, one.host), STABLE, one.rate) for one in scenarios if one.rate}
    for name, proof in await_proofs(asked).items():
        assert not proof.canary, f"{name}: version {STABLE} left {proof.canary} of {proof.requests} requests"


def conclude(load: Load, played: Iterable[Played]) -> None:
    """Looks once more at all releases when the answers are there."""
    over = {release.scenario.name: release for release in played}
    claims = {}
    for name, release in over.items():
        rate = release.scenario.rate or _PROOF_RATE
        load.set_rate(release.scenario.host, rate)
        claims[name] = Claim(release.observer.tally, CANDIDATE if release.promoted else STABLE, rate)
    for name, share in await_proofs(claims).items():
        over[name].after = share
        over[name].steps = over[name].observer.steps(over[name].state)


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Waits until a condition holds. Raises AssertionError when it takes longer."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not {what} within {seconds:.0f} s"
        time.sleep(POLL_SECONDS)
