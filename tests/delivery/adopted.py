"""Deployments that others made and routed to: adopted under load on both engines, then released by who made them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.compile import Compiled
from components.operate.contract import Release
from components.plan import Plan
from components.spec.labels import VERSION_LABEL
from localcluster.api import STRATEGIC, Api, Object, path_of
from localcluster.demo.gateway import Gateway
from localcluster.demo.timeline import Stretch

from . import applied
from .cases import ARGO_ROLLOUTS, BAD_ANSWERS, FLAGGER, NAMESPACE, Users
from .crowd import Crowd
from .engines import release_of
from .played import until
from .project import Project
from .scenarios import CANDIDATE, STABLE, host_of, image, released_by
from .users import Answer, Group

_READY_SECONDS = 90
_SPARE_SECONDS = 120
"""How much longer than its holds a release may take: Flagger looks once in a hold, and several times around it."""
_OK = 200
_PROOF = 2
"""Answers of every user that show a change of the routes to have done no harm."""
_DEPLOYMENTS = "apps/v1/deployments"
_GATEWAYS = "networking.istio.io/v1/gateways"
_ROUTES = "networking.istio.io/v1/virtualservices"
_BAD = "3.0.0"
"""The image tag of the version whose answers are errors."""


@dataclass(frozen=True)
class Adopted:
    """An app whose pods others made. Fields: `name`: also of their Deployment and their Service; `engine`."""

    name: str
    engine: str
    users: Users = field(default_factory=lambda: Users("everybody", users=16, period=0.4))

    @property
    def host(self) -> str:
        """The host name, before and after."""
        return host_of(self.name)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Its users as the users' program takes them."""
        return (Group(self.host, self.users.name, self.users.users, self.users.period),)

    def spec(self) -> dict[str, Any]:
        """The app as a user would write it."""
        check = {"kind": "error_rate", "max": "5%"}
        analysis = {"interval": "10s", "minimum_requests": 10, "checks": [check]}
        delivery = {"steps": [{"weight": 40, "hold": "12s"}], "analysis": analysis}
        return {
            "name": self.name,
            "namespace": NAMESPACE,
            "owner": "team-delivery",
            "workload": {"existing": {"selector": {"app": self.name}}, "port": 8080},
            "traffic": {"hosts": [self.host], "timeout": "10s"},
            "replicas": 2,
            "notify": [],
            "delivery": released_by("" if self.engine == ARGO_ROLLOUTS else self.engine, delivery),
        }

    def change(self) -> dict[str, Any]:
        """Nothing: its versions are not in the app."""
        return {}


EVERY = (Adopted("adopted", ARGO_ROLLOUTS), Adopted("flagger-adopted", FLAGGER))


@dataclass(frozen=True)
class Change:
    """One release. Times are seconds since the epoch. Fields: `begun`, `over`; `release`: how it ended."""

    begun: float
    over: float
    release: Release


@dataclass(frozen=True)
class Adoption:
    """What became of one of them. Times are seconds since the epoch.

    Fields: `app`; `plan`; `crowd`, `gateway`; `begun`: when the app was applied; `taken_over`: when the engine's pods
    were ready and the Deployment had none; `moved`: when the users' old route was gone; `left`: the Deployment's
    replicas in the end; `good`, `bad`: the releases of its next two versions.
    """

    app: Adopted
    plan: Plan
    crowd: Crowd
    gateway: Gateway
    begun: float
    taken_over: float
    moved: float
    left: int
    good: Change
    bad: Change

    @property
    def name(self) -> str:
        """The app's name."""
        return self.app.name

    def answers(self) -> list[Answer]:
        """All answers since the app was applied."""
        return [one for one in self.crowd.answers(self.app.host) if one.time >= self.begun]

    def stretches(self) -> list[Stretch]:
        """Every weight that was in force while the good version was released."""
        found = self.gateway.stretches(self.app.host, f"{self.plan.canary_service}.{self.plan.namespace}")
        return [one for one in found if one.until > self.good.begun and one.since < self.good.over]

    def told(self) -> list[str]:
        """What was seen of it, in lines."""
        counts = Counter((one.version or one.problem, one.status) for one in self.answers())
        return [
            f"  taken over after {self.taken_over - self.begun:.1f} s, moved after {self.moved - self.begun:.1f} s",
            *(
                f"  release after {one.begun - self.begun:.1f} s, over after {one.over - self.begun:.1f} s: "
                f"{one.release.state.value}, promoted {one.release.promoted}: {one.release.reason}"
                for one in (self.good, self.bad)
            ),
            f"  users got {', '.join(f'{n} x {who} {how}' for (who, how), n in counts.items())}",
        ]


class Adoptions:
    """Plays all of them at once, beside whatever else is played."""

    def __init__(self, folder: Path) -> None:
        project = Project(folder / "adopted", EVERY)
        self._compiled = project.compiled(project.stable())

    def install_others(self, api: Api) -> None:
        """What is there before Coalmine comes: Deployments, Services that lead to them, and routes to these."""
        for app in EVERY:
            for collection, one in _before(app, self._compiled[app.name]):
                api.apply(path_of(collection, NAMESPACE, one["metadata"]["name"]), one, manager="others")

    @contextmanager
    def playing(self, api: Api, gateway: Gateway, crowd: Crowd) -> Iterator[Mapping[str, Future[Adoption]]]:
        """By app, what will have become of it."""
        with ThreadPoolExecutor(len(EVERY)) as pool:
            made = {app.name: _Stage(api, crowd, app, self._compiled[app.name]) for app in EVERY}
            yield {name: pool.submit(stage.play, gateway) for name, stage in made.items()}


class _Stage:
    """Adopts one app, and releases two versions of it."""

    def __init__(self, api: Api, crowd: Crowd, app: Adopted, compiled: Compiled) -> None:
        self._api = api
        self._crowd = crowd
        self._app = app
        self._compiled = compiled

    def play(self, gateway: Gateway) -> Adoption:
        plan = self._compiled.plan
        self._await(lambda: self._answered(0, STABLE), _READY_SECONDS, "answered by the old pods")
        begun = time.time()
        applied.install(self._api, self._compiled)
        self._await(self._taken_over, _READY_SECONDS, "taken over")
        taken_over = time.time()
        for collection in (_ROUTES, _GATEWAYS):
            self._api.delete(path_of(collection, NAMESPACE, _old(self._app)))
        moved = time.time()
        self._await(lambda: self._answered(moved, STABLE), _READY_SECONDS, "answered without the old route")
        good = self._release(CANDIDATE, {})
        self._await(lambda: self._answered(good.over, CANDIDATE), _READY_SECONDS, "answered by the new version")
        bad = self._release(_BAD, BAD_ANSWERS)
        left = int(self._deployment()["spec"]["replicas"])
        return Adoption(self._app, plan, self._crowd, gateway, begun, taken_over, moved, left, good, bad)

    def _release(self, version: str, annotations: Mapping[str, str]) -> Change:
        """As whoever made the Deployment would: by another image."""
        before, begun = self._state(), time.time()
        container = {"name": "web", "image": image(version)}
        metadata = {"labels": {VERSION_LABEL: version}, "annotations": dict(annotations)}
        template = {"metadata": metadata, "spec": {"containers": [container]}}
        self._api.patch(self._path(), {"spec": {"template": template}}, STRATEGIC)

        def decided() -> bool:
            found = self._state()
            return found.revision not in ("", before.revision) and (found.promoted or found.aborted)

        held = sum(stage.hold.seconds for stage in self._compiled.plan.stages)
        self._await(decided, held + _SPARE_SECONDS, f"decided about {version}")
        return Change(begun, time.time(), self._state())

    def _taken_over(self) -> bool:
        """Whether the engine's pods serve, and the Deployment has none any more."""
        found = self._api.find(self._path(_of_engine(self._app)))
        if found is None:
            return False
        return self._state().promoted and not (self._deployment().get("status") or {}).get("replicas")

    def _state(self) -> Release:
        return release_of(self._api, self._compiled.plan)

    def _deployment(self) -> Object:
        return self._api.get(self._path())

    def _path(self, collection: str = _DEPLOYMENTS) -> str:
        return path_of(collection, NAMESPACE, self._app.name)

    def _answered(self, since: float, version: str) -> bool:
        """Whether the latest answers to every user are those of a version."""
        mine: dict[int, list[Answer]] = {user: [] for user in range(self._app.users.users)}
        for one in self._crowd.answers(self._app.host):
            if one.time > since:
                mine[one.user].append(one)
        latest = [[(one.version, one.status) for one in found[-_PROOF:]] for found in mine.values()]
        return all(found == [(version, _OK)] * _PROOF for found in latest)

    def _await(self, condition: Callable[[], bool], seconds: float, wanted: str) -> None:
        until(condition, seconds, f"{wanted}: {self._app.name}")


def _of_engine(app: Adopted) -> str:
    return "argoproj.io/v1alpha1/rollouts" if app.engine == ARGO_ROLLOUTS else "flagger.app/v1beta1/canaries"


def _old(app: Adopted) -> str:
    """The name of the route that is there before."""
    return f"{app.name}-before"


def _before(app: Adopted, compiled: Compiled) -> Iterator[tuple[str, Object]]:
    """Each with its collection; the gateway is the app's own, under another name."""
    labels, meta = {"app": app.name}, {"name": app.name, "namespace": NAMESPACE}
    resources = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    container = {
        "name": "web",
        "image": image(STABLE),
        "ports": [{"containerPort": 8080}],
        "resources": resources,
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5},
    }
    spec = {
        "replicas": 2,
        "minReadySeconds": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": {**labels, VERSION_LABEL: STABLE}}, "spec": {"containers": [container]}},
    }
    yield _DEPLOYMENTS, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": labels, "ports": ports}}
    yield "v1/services", service
    named = {"name": _old(app), "namespace": NAMESPACE}
    [gateway] = [one for one in compiled.manifests if one["kind"] == "Gateway"]
    yield _GATEWAYS, {**gateway, "metadata": named}
    route = {"route": [{"destination": {"host": app.name, "port": {"number": 80}}}]}
    way = {"hosts": [app.host], "gateways": [_old(app)], "http": [route]}
    api_version = gateway["apiVersion"]
    yield _ROUTES, {"apiVersion": api_version, "kind": "VirtualService", "metadata": named, "spec": way}
