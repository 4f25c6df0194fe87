"""Versions that alternate between good and bad after a script, and what has to become of them: derived from the plan.

A script says of every interval, in order and from the first weight on, whether the version is bad in it (`x`) or good
(`.`); after its end the version stays good.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, repeat

from components.plan import Plan, Stage
from components.spec.labels import NAME_LABEL, REVISION_LABEL
from localcluster.api import Api, path_of
from localcluster.demo.timeline import Stretch
from localcluster.pods.behaviour import ERROR_RATE

from .engines import by_flagger
from .played import Played
from .scenarios import CONTOUR, GATEWAY_API, Scenario

NAMESPACE = "flapping"
_BAD, _GOOD = "x", "."

_POLL_SECONDS = 0.2
_SPELL = (0.2, 0.5)
"""The part of a bad interval in which its answers are errors: far from both ends, so that one check alone sees them."""


@dataclass(frozen=True)
class Flapping(Scenario):
    """A release of a version that flaps. Fields: `script`: see above."""

    script: str = ""


@dataclass(frozen=True)
class Course:
    """What a script comes to.

    Fields: `promoted`: whether the release is; `played`: by weight, the part of the script that its checks see;
    `failed`: by weight, how many looks at its checks fail.
    """

    promoted: bool
    played: Mapping[int, str] = field(default_factory=dict)
    failed: Mapping[int, int] = field(default_factory=dict)


def course_of(plan: Plan, script: str) -> Course:
    """What becomes of a version by the rules of the engine that releases it, as docs/concepts/engines.md says them."""
    intervals = chain(script, repeat(_GOOD))
    return _by_flagger(plan, intervals) if by_flagger(plan) else _by_argo_rollouts(plan, intervals)


def _by_argo_rollouts(plan: Plan, intervals: Iterator[str]) -> Course:
    """A look for every interval; failures are counted for each step by itself, and the step goes on."""
    played: dict[int, str] = {}
    failed: dict[int, int] = {}
    for stage in plan.stages:
        played[stage.weight], failed[stage.weight] = "", 0
        for _ in range(stage.gate.count):
            one = next(intervals)
            played[stage.weight] += one
            failed[stage.weight] += one == _BAD
            if failed[stage.weight] > plan.analysis.tolerated_failures:
                return Course(False, played, failed)
    return Course(True, played, failed)


def _by_flagger(plan: Plan, intervals: Iterator[str]) -> Course:
    """A look for every hold; failures add up over all steps, and each repeats its step."""
    played: dict[int, str] = {}
    failed: dict[int, int] = {}
    for stage in plan.stages:
        played[stage.weight], failed[stage.weight] = "", 0
        while _BAD in (seen := _during(stage, intervals)):
            played[stage.weight] += seen
            failed[stage.weight] += 1
            if sum(failed.values()) > plan.analysis.tolerated_failures:
                return Course(False, played, failed)
        played[stage.weight] += seen
    return Course(True, played, failed)


def _during(stage: Stage, intervals: Iterator[str]) -> str:
    return "".join(next(intervals) for _ in range(stage.gate.count))


def is_bad(course: Course, stretches: Iterable[Stretch], interval: float, now: float) -> bool:
    """Whether the version is to answer errors now. `stretches`: the weights in force so far; `interval`: in seconds."""
    for stretch in stretches:
        since = now - stretch.since
        slot, part = int(since // interval), since % interval / interval
        script = course.played.get(stretch.weight, "")
        if since >= 0 and now < stretch.until and slot < len(script):
            return script[slot] == _BAD and _SPELL[0] <= part < _SPELL[1]
    return False


@contextmanager
def flapping(api: Api, played: Iterable[Played]) -> Iterator[None]:
    """Has the new versions of releases flap as long as the context lasts."""
    over = threading.Event()
    flappers = [_Flapper(api, one) for one in played]

    def work() -> None:
        while not over.wait(_POLL_SECONDS):
            for flapper in flappers:
                flapper.look()

    thread = threading.Thread(target=work, name="flapping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Flapper:
    """Turns the pods of one new version bad and good again."""

    def __init__(self, api: Api, release: Played) -> None:
        assert isinstance(release.scenario, Flapping)
        self._api = api
        self._release = release
        self._course = course_of(release.plan, release.scenario.script)
        self._bad = False

    def look(self) -> None:
        """Tells the pods when they are to change."""
        stretches = self._release.observer.canary_stretches()
        bad = is_bad(self._course, stretches, self._release.scenario.interval, time.time())
        if bad != self._bad:
            self._tell("1" if bad else None)
            self._bad = bad

    def _tell(self, error_rate: str | None) -> None:
        plan = self._release.plan
        pods = path_of("v1/pods", plan.namespace)
        # Flagger's stable pods become the new version too, under another name: when all checks are over.
        labels = f"{NAME_LABEL}={plan.name},{REVISION_LABEL}={plan.revision}"
        for pod in self._api.items(pods, labelSelector=labels):
            told = {"metadata": {"annotations": {ERROR_RATE: error_rate}}}
            self._api.patch(f"{pods}/{pod['metadata']['name']}", told)


_TOLERANT = Flapping("flaps", rate=24, tolerated=1, namespace=NAMESPACE, notify=[])
ON_AND_OFF = replace(_TOLERANT, name="flaps-on-and-off", steps=((50, 20), (80, 20)), script="x.x.")
"""One failure in each step of Argo Rollouts; Flagger has repeated the first step by then, and counts the second one."""
IN_A_ROW = replace(_TOLERANT, name="flaps-in-a-row", steps=((50, 20),), script="xx..")
"""Two failures in one step of Argo Rollouts; for Flagger both are one look, and the next one is good."""

OURS = (ON_AND_OFF, IN_A_ROW)
_BY_FLAGGER = tuple(replace(one, name=f"flagger-{one.name}", engine="flagger") for one in OURS)
_BEHIND = tuple(
    replace(one, name=f"{router}-{one.name}", rate=one.rate // 2, engine="flagger", router=router)
    for router in (GATEWAY_API, CONTOUR)
    for one in OURS
)
EVERY = OURS + _BY_FLAGGER + _BEHIND
