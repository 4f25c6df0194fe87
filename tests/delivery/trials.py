"""Plays all cases, act by act, and keeps what the users were answered."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from components.compile import Compiled
from components.engines.argo_rollouts.analysis import experiment_services
from components.platform.namespaces import APPS_LABEL
from localcluster.api import Object, path_of
from localcluster.cluster import Cluster
from localcluster.demo.gateway import Gateway

from . import adopted, applied, configured, gates, planes, returns, strategies
from .adopted import Adoption, Adoptions
from .cases import ARGO_ROLLOUTS, FLAGGER, NAMESPACE, Case
from .crowd import Crowd
from .engines import read_state
from .gates import Gatekeeper, answering
from .left import Left
from .played import POLL_SECONDS
from .project import Project
from .prometheus import query
from .restarts import Restart
from .returns import Return, Returns
from .scenarios import CONTOUR, STABLE
from .trial import Trial, prove_all
from .users import Group

RELEASED = (*strategies.EVERY, *gates.EVERY, *configured.EVERY)
"""Released once; what goes back to older versions is played beside them."""
ACTS = tuple(
    tuple(case for case in cases if case.engine == engine)
    for engine, cases in (
        (ARGO_ROLLOUTS, (*gates.EVERY, *configured.EVERY)),
        (ARGO_ROLLOUTS, strategies.EVERY),
        (FLAGGER, RELEASED),
    )
)
"""One after the other: two cores serve the users of so many releases at once, and not of twice as many."""
_INSTALLED = (*RELEASED, *returns.EVERY)

_READY_SECONDS = 180
_DECIDED_SECONDS = 300
_PROVED_SECONDS = 60
_GONE_SECONDS = 60
"""Until the pods of an experiment are gone: the controller leaves them for 30 s."""
_OK = 200


@dataclass(frozen=True)
class Trials:
    """Everything that was played.

    Fields: `played`: by name; `returns`: what became of going back to an older version, `adoptions`: of Deployments
    that others made, by name; `gatekeeper`: knows what gates were asked; `crowd`: the users of these two.
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
        playing = stack.enter_context(ExitStack())
        gateway = playing.enter_context(Gateway(cluster, planes.ADMIN_PORTS))
        _install(cluster, stable, returns.EVERY)
        adoptions.install_others(cluster.api)
        crowd = playing.enter_context(Crowd(cluster, [*_groups(cluster, returns.EVERY), *_adopting()]))
        _await_stable(cluster, crowd, stable, returns.EVERY)
        going = playing.enter_context(goings_back.playing(cluster.api, gateway))
        adopting = playing.enter_context(adoptions.playing(cluster.api, gateway, crowd))
        played = {name: trial for act in ACTS for name, trial in _play(act, cluster, gateway, stable, candidates)}
        wait([*going.values(), *adopting.values()])
        # What others play later in this cluster needs the processors.
        playing.close()
        applied.leave_unscraped(cluster.api, NAMESPACE)
        yield Trials(cluster, played, going, adopting, gatekeeper, crowd)


def _play(
    cases: Sequence[Case],
    cluster: Cluster,
    gateway: Gateway,
    stable: Mapping[str, Compiled],
    candidates: Mapping[str, Compiled],
) -> Iterable[tuple[str, Trial]]:
    """Releases these apps at once; their users go when all is over."""
    _install(cluster, stable, cases)
    with Crowd(cluster, _groups(cluster, cases)) as crowd:
        _await_stable(cluster, crowd, stable, cases)
        played = {}
        for case in cases:
            plan, before = candidates[case.name].plan, stable[case.name].plan
            played[case.name] = Trial(case, plan, cluster, crowd, gateway, time.time(), Restart(cluster.api, before))
            applied.release(cluster.api, candidates[case.name])
        _await(lambda: all(trial.decided < math.inf for trial in played.values()), _DECIDED_SECONDS, played)
        _await(lambda: prove_all(played.values()), _PROVED_SECONDS, played)
    return played.items()


def _install(cluster: Cluster, stable: Mapping[str, Compiled], cases: Iterable[Case]) -> None:
    for case in cases:
        applied.install(cluster.api, stable[case.name])


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


def _groups(cluster: Cluster, cases: Iterable[Case]) -> list[Group]:
    """Their users, each on the way to their app."""
    ways = {CONTOUR: planes.gateway_of_contour(cluster.api)}
    return [replace(group, gateway=ways.get(case.router, "")) for case in cases for group in case.groups]


def _adopting() -> Iterator[Group]:
    return (group for app in adopted.EVERY for group in app.groups)


def _await_stable(cluster: Cluster, crowd: Crowd, stable: Mapping[str, Compiled], cases: Sequence[Case]) -> None:
    """Until the first version of every app is deployed, and answers all its users."""
    began = time.time()

    def ready(case: Case) -> bool:
        plan = stable[case.name].plan
        return _answers_all(crowd, case, began) and read_state(cluster.api, plan).promoted(plan.revision)

    while late := [case.name for case in cases if not ready(case)]:
        assert time.time() < began + _READY_SECONDS, f"not deployed within {_READY_SECONDS} s: {', '.join(late)}"
        time.sleep(POLL_SECONDS)


def _answers_all(crowd: Crowd, case: Case, since: float) -> bool:
    """Whether the latest answers to every user of an app are those of the stable version."""
    asked = [answer for answer in crowd.answers(case.host) if answer.time > since]
    latest = {(answer.group, answer.user): (answer.version, answer.status) for answer in asked}
    everybody = sum(group.users for group in case.groups)
    return len(latest) == everybody and set(latest.values()) == {(STABLE, _OK)}


def _await(condition: Callable[[], bool], seconds: float, played: Mapping[str, Trial]) -> None:
    """Follows every release until a condition holds, or it is too late."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        for trial in played.values():
            trial.look()
        time.sleep(POLL_SECONDS)
