"""Going back to an older version on Argo Rollouts: to one within the window of fast rollbacks, and to one beyond."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from components.compile import Compiled
from components.operate.engines.argo_rollouts import ArgoRolloutsOperator
from components.operate.engines.argo_rollouts.checks import read_runs
from components.plan import Plan
from components.spec.labels import NAME_LABEL, REVISION_LABEL
from localcluster.api import Api, path_of
from localcluster.demo.gateway import Gateway
from localcluster.demo.rollout import RolloutState, read_rollout
from localcluster.demo.timeline import Stretch

from . import applied
from .cases import ARGO_ROLLOUTS, EVERYBODY, Case
from .played import POLL_SECONDS, until
from .project import Project
from .scenarios import CANDIDATE, STABLE, image

LATER = "3.0.0"
"""The image tag of a third version."""

_SPARE_SECONDS = 60
_DELIVERY = {
    "steps": [{"weight": 30, "hold": "10s"}, {"weight": 60, "hold": "10s"}],
    "rollback": {"fast_window": 1},
}
WITHIN = Case("back-within", ARGO_ROLLOUTS, _DELIVERY, EVERYBODY)
BEYOND = Case("back-beyond", ARGO_ROLLOUTS, _DELIVERY, EVERYBODY)
EVERY = (WITHIN, BEYOND)
_THIRD = [replace(case, released={"image": image(LATER)}) for case in EVERY]
_JOURNEYS = {WITHIN.name: ((CANDIDATE, False),), BEYOND.name: ((CANDIDATE, True), (LATER, True))}
"""By app: what is released after the first version, and whether at once: the steps of these prove nothing."""


@dataclass(frozen=True)
class Way:
    """One release or one going back. Times are seconds since the epoch.

    Fields: `plan`: of the version that is wanted; `begun`: when it was asked for; `over`: when it was the stable one;
    `state`: then; `analyses`: how many this version's steps have begun so far.
    """

    plan: Plan
    begun: float
    over: float
    state: RolloutState
    analyses: int

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.over - self.begun

    @property
    def steps(self) -> float:
        """Seconds that its steps take at least."""
        return sum(stage.hold.seconds for stage in self.plan.stages)


@dataclass(frozen=True)
class Return:
    """An app that was released, and then went back to its first version. Fields: `ways`: the last one leads back."""

    case: Case
    ways: Sequence[Way]
    gateway: Gateway

    @property
    def name(self) -> str:
        """The app's name."""
        return self.case.name

    @property
    def back(self) -> Way:
        """The way back."""
        return self.ways[-1]

    def stretches(self, way: Way) -> list[Stretch]:
        """The weights that were in force meanwhile, beside none."""
        found = self.gateway.stretches(self.case.host, f"{way.plan.canary_service}.{way.plan.namespace}")
        return [one for one in found if one.weight and one.until > way.begun and one.since < way.over]

    def told(self) -> list[str]:
        """What was seen of it, in lines."""
        return [
            f"  to {way.state.version}: {way.seconds:.1f} s, steps of {way.steps:.0f} s, {way.analyses} analyses, "
            f"weights {[stretch.weight for stretch in self.stretches(way)]}, {way.state.phase}: {way.state.message}"
            for way in self.ways
        ]


class _Stage:
    """Releases the versions of one app, one after the other."""

    def __init__(self, api: Api, versions: Mapping[str, Compiled]) -> None:
        self._api = api
        self._versions = versions

    def go(self, version: str, *, at_once: bool = False) -> Way:
        """Releases a version and waits until it is the stable one. `at_once`: as `coalmine promote --full` does it."""
        plan, begun = self._versions[version].plan, time.time()
        applied.release(self._api, self._versions[version])
        if at_once:
            self._await(plan, lambda state: state.current and not state.stable)
            ArgoRolloutsOperator().promote(self._api, plan.namespace, plan.name, full=True)
        state = self._await(plan, lambda state: state.promoted(plan.revision))
        runs = read_runs(self._api, plan.namespace, plan.name, state.pod_hash)
        return Way(plan, begun, time.time(), state, len(runs))

    def await_gone(self, version: str) -> None:
        """Waits until a version that was left has no pods any more."""
        plan = self._versions[version].plan
        labels = f"{NAME_LABEL}={plan.name},{REVISION_LABEL}={plan.revision}"
        pods = path_of("v1/pods", plan.namespace)
        until(lambda: not self._api.items(pods, labelSelector=labels), _SPARE_SECONDS, "without pods of that version")

    def _state(self, plan: Plan) -> RolloutState:
        return read_rollout(self._api, plan.namespace, plan.name)

    def _await(self, plan: Plan, wanted: Callable[[RolloutState], bool]) -> RolloutState:
        deadline = time.monotonic() + sum(stage.hold.seconds for stage in plan.stages) + _SPARE_SECONDS
        while not wanted(state := self._state(plan)):
            assert time.monotonic() < deadline, f"{plan.name} {plan.revision}: {state.phase}, {state.message}"
            time.sleep(POLL_SECONDS)
        return state


class Returns:
    """Plays all of them at once, beside whatever else is played.

    `stable`, `candidates`: what the first two versions are compiled to, by app; the third one is compiled here.
    """

    def __init__(self, folder: Path, stable: Mapping[str, Compiled], candidates: Mapping[str, Compiled]) -> None:
        project = Project(folder / "returns", _THIRD)
        later = project.compiled(project.candidate())
        self._versions = {
            case.name: {STABLE: stable[case.name], CANDIDATE: candidates[case.name], LATER: later[case.name]}
            for case in EVERY
        }

    @contextmanager
    def playing(self, api: Api, gateway: Gateway) -> Iterator[Mapping[str, Future[Return]]]:
        """By app, what will have become of it."""
        with ThreadPoolExecutor(len(EVERY)) as pool:
            yield {case.name: pool.submit(self._play, api, gateway, case) for case in EVERY}

    def _play(self, api: Api, gateway: Gateway, case: Case) -> Return:
        stage = _Stage(api, self._versions[case.name])
        there = [stage.go(version, at_once=at_once) for version, at_once in _JOURNEYS[case.name]]
        # Hours later, as it were: going back begins with new pods of the old version.
        stage.await_gone(STABLE)
        return Return(case, [*there, stage.go(STABLE)], gateway)
