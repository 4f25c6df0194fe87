"""Plays all cases at once, approves releases that wait, and keeps what the users were answered."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from components.compile import Compiled
from components.engines.argo_rollouts.analysis import experiment_services
from components.operate.contract import State
from components.plan import Plan
from components.platform.namespaces import APPS_LABEL
from components.spec.labels import REVISION_LABEL
from localcluster.api import Object, path_of
from localcluster.cluster import Cluster
from localcluster.demo.gateway import Gateway
from localcluster.demo.rollout import RolloutState
from localcluster.demo.timeline import Stretch
from tests.coalmine import coalmine

from . import adopted, applied, configured, gates, planes, returns, strategies
from .adopted import Adoption, Adoptions
from .cases import BAD_ANSWERS, NAMESPACE, Case
from .crowd import Crowd
from .engines import read_state
from .gates import Gatekeeper, answering
from .left import Left
from .played import POLL_SECONDS
from .project import Project
from .prometheus import query
from .restarts import Restart
from .returns import Return, Returns
from .scenarios import CANDIDATE, CONTOUR, STABLE
from .users import Answer, Group

RELEASED = (*strategies.EVERY, *gates.EVERY, *configured.EVERY)
"""Released once; what goes back to older versions is played beside them."""
_INSTALLED = (*RELEASED, *returns.EVERY)

_READY_SECONDS = 90
_DECIDED_SECONDS = 180
_PROVED_SECONDS = 30
_GONE_SECONDS = 60
"""Until the pods of an experiment are gone: the controller leaves them for 30 s."""
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


@dataclass(frozen=True)
class Trials:
    """Everything that was played.

    Fields: `played`: by name; `returns`: what became of going back to an older version, `adoptions`: of Deployments
    that others made, by name; `gatekeeper`: knows what gates were asked; `crowd`: all users.
    """

    cluster: Cluster
    played: Mapping[str, Trial]
    returns: Mapping[str, Future[Return]]
    adoptions: Mapping[str, Future[Adoption]]
    gatekeeper: Gatekeeper
    crowd: Crowd

    def requests(self, trial: Trial, at: float | None = None, of: str = "") -> int:
        """How many requests the canary's pods had counted at a time, now unless given: copies too.

        `of`: what follows the revision in the label `version` of others, e.g. `-baseline`.
        """
        labels = f'destination_canonical_service="{trial.name}", destination_version="{trial.plan.revision}{of}"'
        # A pod's counter goes on under another name when another Service, or none, begins to select the pod.
        now = time.time() if at is None else at
        series = f"istio_requests_total{{{labels}}}[{math.ceil(now - trial.begun)}s]"
        found = query(self.cluster, f"sum(max by (pod, response_code) (last_over_time({series})))", now)
        return int(found[0]["value"][1]) if found else 0

    def left_by_experiments(self, trial: Trial) -> Left:
        """What is there of an app's experiments, once nothing is left or it is too late."""
        deadline = time.monotonic() + _GONE_SECONDS
        while not (found := self._of_experiments(trial)).gone and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return found

    def _of_experiments(self, trial: Trial) -> Left:
        def owned(collection: str) -> list[Object]:
            all_of_them = self.cluster.api.items(path_of(collection, trial.plan.namespace))
            return [
                one
                for one in all_of_them
                if one["metadata"]["name"].startswith(f"{trial.name}-{trial.state.pod_hash}-")
            ]

        named = experiment_services(trial.plan)
        services = self.cluster.api.items(path_of("v1/services", trial.plan.namespace))
        split = path_of("networking.istio.io/v1/virtualservices", trial.plan.namespace, f"{trial.name}-split")
        routes = self.cluster.api.get(split)["spec"]["http"]
        # Argo Rollouts leaves one of the two with weight 0, to which no request goes.
        hosts = {one["destination"].get("host", "") for route in routes for one in route["route"] if one["weight"]}
        return Left(
            len(owned("argoproj.io/v1alpha1/experiments")),
            tuple(sorted(hosts - {trial.plan.stable_service, trial.plan.canary_service})),
            tuple(one["metadata"]["name"] for one in services if one["metadata"]["name"] in named),
            sum(one["spec"]["replicas"] for one in owned("apps/v1/replicasets")),
        )


@contextmanager
def playing_strategies(cluster: Cluster, folder: Path) -> Iterator[Trials]:
    """Installs all apps in a cluster with a platform, releases a new version of each, and waits until all is over."""
    stable, candidates = _compiled(folder)
    goings_back, adoptions = Returns(folder, stable, candidates), Adoptions(folder)
    applied.make_namespace(cluster.api, NAMESPACE, APPS_LABEL)
    configured.make_secrets(cluster.api)
    with ExitStack() as stack:
        gatekeeper = stack.enter_context(answering(cluster, folder))
        for compiled in stable.values():
            applied.install(cluster.api, compiled)
        adoptions.install_others(cluster.api)
        gateway = stack.enter_context(Gateway(cluster, planes.ADMIN_PORTS))
        crowd = stack.enter_context(Crowd(cluster, _groups(planes.gateway_of_contour(cluster.api))))
        _await_stable(cluster, crowd, {name: compiled.plan for name, compiled in stable.items()})
        going = stack.enter_context(goings_back.playing(cluster.api, gateway))
        adopting = stack.enter_context(adoptions.playing(cluster.api, gateway, crowd))
        played = {}
        for case in RELEASED:
            plan, before = candidates[case.name].plan, stable[case.name].plan
            played[case.name] = Trial(case, plan, cluster, crowd, gateway, time.time(), Restart(cluster.api, before))
            applied.release(cluster.api, candidates[case.name])
        _await(lambda: all(trial.decided < math.inf for trial in played.values()), _DECIDED_SECONDS, played)
        _await(lambda: prove_all(played.values()), _PROVED_SECONDS, played)
        wait([*going.values(), *adopting.values()])
        yield Trials(cluster, played, going, adopting, gatekeeper, crowd)


def _compiled(folder: Path) -> tuple[dict[str, Compiled], dict[str, Compiled]]:
    """Every app as it is and as it is going to be."""
    stable: dict[str, Compiled] = {}
    candidates: dict[str, Compiled] = {}
    for router in ("", *planes.ROUTERS):
        cases = [case for case in _INSTALLED if case.router == router]
        project = Project(folder / (router or "strategies"), cases, planes.ROUTERS.get(router))
        stable |= project.compiled(project.stable())
        candidates |= project.compiled(project.candidate())
    return stable, candidates


def _groups(gateway_of_contour: str) -> list[Group]:
    """All users, each on the way to their app."""
    ways = {CONTOUR: gateway_of_contour}
    users = [replace(group, gateway=ways.get(case.router, "")) for case in _INSTALLED for group in case.groups]
    return [*users, *(group for app in adopted.EVERY for group in app.groups)]


def _await_stable(cluster: Cluster, crowd: Crowd, plans: Mapping[str, Plan]) -> None:
    """Until the first version of every app is deployed, and answers all its users."""
    began = time.time()

    def ready(case: Case) -> bool:
        plan = plans[case.name]
        return _answers_all(crowd, case, began) and read_state(cluster.api, plan).promoted(plan.revision)

    while late := [case.name for case in _INSTALLED if not ready(case)]:
        assert time.time() < began + _READY_SECONDS, f"not deployed within {_READY_SECONDS} s: {', '.join(late)}"
        time.sleep(POLL_SECONDS)


def _answers_all(crowd: Crowd, case: Case, since: float) -> bool:
    """Whether the latest answers to every user of an app are those of the stable version."""
    asked = [answer for answer in crowd.answers(case.host) if answer.time > since]
    latest = {(answer.group, answer.user): (answer.version, answer.status) for answer in asked}
    everybody = sum(group.users for group in case.groups)
    return len(latest) == everybody and set(latest.values()) == {(STABLE, _OK)}


def prove_all(trials: Iterable[Trial]) -> bool:
    """Whether every trial is proved; one that is not keeps none of those behind it from being looked at."""
    proved = [trial.prove() for trial in trials]
    return all(proved)


def _await(condition: Callable[[], bool], seconds: float, played: Mapping[str, Trial]) -> None:
    """Follows every release until a condition holds, or it is too late."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        for trial in played.values():
            trial.look()
        time.sleep(POLL_SECONDS)


def _span(begun: float, answers: list[Answer], version: str) -> str:
    """From when to when a version was seen."""
    times = [answer.time - begun for answer in answers if answer.version == version]
    return f"{version} from {times[0]:.1f} s to {times[-1]:.1f} s" if times else f"never {version}"
