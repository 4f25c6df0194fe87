"""One release among those of many strategies: followed, approved when it waits, and proved when it is over."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from components.operate.contract import State
from components.plan import Plan
from components.spec.labels import REVISION_LABEL
from localcluster.api import path_of
from localcluster.cluster import Cluster
from localcluster.demo.gateway import Gateway
from localcluster.demo.rollout import RolloutState
from localcluster.demo.timeline import Stretch
from tests.coalmine import coalmine

from .cases import BAD_ANSWERS, Case
from .crowd import Crowd
from .engines import read_state
from .restarts import Restart
from .scenarios import CANDIDATE, STABLE
from .users import Answer

_OK = 200
_WHILE_WAITING = 5
"""Answers that every user has got while a release waits, before it is approved."""
_PROOF = 3
"""Answers in a row that every user gets of the version which should answer, when all is over."""


@dataclass
class Trial:
    """One release that is played. Times are seconds since the epoch.

    Fields: `case`; `plan`: of the released version; `cluster`; `crowd`: all users; `gateway`; `begun`: when it was
    asked for; `restart`: of a stable pod, in the middle of it; `state`: the last one seen; `waiting`: when it was first
    seen waiting for an approval, `approved`: when one was given, never until then; `turned`: when its pods turned bad
    instead; `said`: what `coalmine approve` said
    then; `decided`: when that was seen; `proved`: whether every user was answered by the right version in the end.
    """

    case: Case
    plan: Plan
    cluster: Cluster
    crowd: Crowd
    gateway: Gateway
    begun: float
    restart: Restart
    state: RolloutState = field(default_factory=RolloutState)
    waiting: float = math.inf
    approved: float = math.inf
    turned: float = math.inf
    said: str = ""
    decided: float = math.inf
    proved: bool = False

    @property
    def name(self) -> str:
        """The app's name."""
        return self.case.name

    @property
    def promoted(self) -> bool:
        """Whether the released version became the stable one."""
        return self.state.promoted(self.plan.revision)

    @property
    def taken_back(self) -> bool:
        """Whether the release was aborted."""
        return self.state.taken_back(self.plan.revision)

    def answers(self) -> list[Answer]:
        """All answers to requests that were sent since the release was asked for."""
        return [answer for answer in self.crowd.answers(self.case.host) if answer.time >= self.begun]

    def new(self) -> list[Answer]:
        """Those of the new version."""
        return [answer for answer in self.answers() if answer.version == CANDIDATE]

    def of_each(self) -> Mapping[tuple[str, int], list[Answer]]:
        """All answers by group and user, nobody left out."""
        found: dict[tuple[str, int], list[Answer]] = {
            (group.name, user): [] for group in self.case.groups for user in range(group.users)
        }
        for answer in self.answers():
            found[answer.group, answer.user].append(answer)
        return found

    def stretches(self) -> list[Stretch]:
        """Every weight that was in force for everybody since the release was asked for."""
        found = self.gateway.stretches(self.case.host, f"{self.plan.canary_service}.{self.plan.namespace}")
        return [stretch for stretch in found if stretch.until > self.begun]

    def look(self) -> None:
        """Reads how the release stands, and approves it when it has waited long enough."""
        if self.decided < math.inf:
            return
        self.state = read_state(self.cluster.api, self.plan)
        now = time.time()
        if self.case.restarted:
            self.restart.look(self.state)
        if self.state.decided(self.plan.revision):
            self.decided = now
        elif self.case.approved and self.state.state is State.WAITING and self.waiting == math.inf:
            self.waiting = now
        elif self.waiting < math.inf == self.approved == self.turned and self._each_answered(_WHILE_WAITING):
            self._turn_bad() if self.case.turns_bad else self._approve()

    def prove(self) -> bool:
        """Whether the latest answers of every user are those of the version which should answer now."""
        wanted = (CANDIDATE if self.promoted else STABLE, _OK)
        latest = [[one for one in mine if one.time > self.decided][-_PROOF:] for mine in self.of_each().values()]
        right = [len(mine) == _PROOF and {(one.version, one.status) for one in mine} == {wanted} for mine in latest]
        self.proved = self.proved or all(right)
        return self.proved

    def told(self) -> list[str]:
        """Which group got what, for a failure's message."""
        state = self.state
        lines = [
            f"  release: {state.phase or 'missing'}, aborted {state.aborted}: {state.message}",
            f"  waiting after {self.waiting - self.begun:.1f} s, approved after {self.approved - self.begun:.1f} s, "
            f"decided after {self.decided - self.begun:.1f} s {self.said.strip()}",
        ]
        for group in self.case.groups:
            mine = [answer for answer in self.answers() if answer.group == group.name]
            counts = Counter((answer.version or answer.problem, answer.status) for answer in mine)
            lines.append(f"  {group.name} got {', '.join(f'{n} x {who} {how}' for (who, how), n in counts.items())}")
            lines += [f"    {_span(self.begun, mine, version)}" for version in (STABLE, CANDIDATE)]
        return lines

    def _each_answered(self, times: int) -> bool:
        return all(sum(one.time > self.waiting for one in mine) >= times for mine in self.of_each().values())

    def _turn_bad(self) -> None:
        self.turned = time.time()
        pods = path_of("v1/pods", self.plan.namespace)
        for pod in self.cluster.api.items(pods, labelSelector=f"{REVISION_LABEL}={self.plan.revision}"):
            self.cluster.api.patch(f"{pods}/{pod['metadata']['name']}", {"metadata": {"annotations": BAD_ANSWERS}})

    def _approve(self) -> None:
        self.approved = time.time()
        done = coalmine("approve", self.name, environment={"KUBECONFIG": str(self.cluster.kubeconfig)})
        self.said = done.stdout + done.stderr


def prove_all(trials: Iterable[Trial]) -> bool:
    """Whether every trial is proved; one that is not keeps none of those behind it from being looked at."""
    proved = [trial.prove() for trial in trials]
    return all(proved)


def _span(begun: float, answers: list[Answer], version: str) -> str:
    """From when to when a version was seen."""
    times = [answer.time - begun for answer in answers if answer.version == version]
    return f"{version} from {times[0]:.1f} s to {times[-1]:.1f} s" if times else f"never {version}"
