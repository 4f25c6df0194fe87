"""One app that Argo CD delivers from Git, played: a good version, a bad one, and the commit that takes that back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from components.operate.contract import State
from localcluster.api import MERGE, Api, Object, path_of
from localcluster.cluster import Cluster
from localcluster.demo.pulumi_cli import Pulumi, PulumiFailed
from localcluster.demo.rollout import RolloutState, read_rollout
from localcluster.load import Load
from localcluster.pods.behaviour import ERROR_RATE
from tests.cluster.pulumi_runs import SAVED_ONCE
from tests.coalmine import coalmine

from .project import Project
from .repository import ADDRESS, BRANCH, Repository, served
from .scenarios import Scenario, image


class _Approved(Scenario):
    """Waits at its first weight until somebody approves, so that it takes no longer than what is done there."""

    def spec(self) -> dict[str, Any]:
        spec = super().spec()
        spec["delivery"]["steps"][0]["approval"] = True
        return spec


# Of two looks one may be unlucky: nothing here is about how fast the machine answers.
SHOP = _Approved(
    "shop", rate=40, steps=((25, 20), (50, 20)), interval=10, tolerated=1, minimum=20, slowest="5s", notify=[]
)
GOOD: dict[str, Any] = SHOP.change()
BAD: dict[str, Any] = replace(SHOP, candidate={ERROR_RATE: "0.5"}).change()
BAD["workload"]["image"] = image("3.0.0")
FIRST_WEIGHT = SHOP.steps[0][0]

_ARGO_CD = {"interval": "4s", "application_sets": False, "notifications": False}
"""Looks at everything again after a few seconds."""
_UP_SECONDS = 600
_PREVIEW_SECONDS = 300
_EXPORT_SECONDS = 60
_DELIVERED_SECONDS = 300
_POLL_SECONDS = 0.3
COMPARISONS = 3
"""How often Argo CD looks while a release is in progress, and after it was taken back."""
_DRIFT = "drift.example.com"
"""A host that somebody adds by hand."""


@dataclass(frozen=True)
class Look:
    """What was seen at one moment.

    Fields: `sync`, `health` and `revision` of the Application; `compared`: when Argo CD last looked; `synced`: when its
    last sync began; `weight`: of the canary in the VirtualService; `release`: the Rollout; `hosts`: of the root
    VirtualService.
    """

    sync: str
    health: str
    revision: str
    compared: str
    synced: str
    weight: int
    release: RolloutState
    hosts: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether nothing is on its way."""
        return self.sync == "Synced" and self.health == "Healthy" and self.weight == 0


@dataclass
class Played:
    """What became of it.

    Fields: `cluster`; `good`, `bad`, `reverted`: every look from a commit until it was decided; `healed`: those from
    before a change by hand in the middle of the good release until it was gone; `preview`: what Pulumi would have
    changed there, "" for nothing; `state`: Pulumi's, exported.
    """

    cluster: Cluster
    good: list[Look] = field(default_factory=list)
    healed: list[Look] = field(default_factory=list)
    bad: list[Look] = field(default_factory=list)
    reverted: list[Look] = field(default_factory=list)
    preview: str = ""
    state: str = ""


@contextmanager
def playing_through_git(cluster: Cluster, folder: Path) -> Iterator[Played]:
    """Installs the platform with Argo CD, and releases through commits alone."""
    project, repository = Project(folder / "pulumi", [SHOP]), Repository(folder / "git")
    pulumi = Pulumi(project.root, {**cluster.environment(), **SAVED_ONCE}, folder / "logs")
    config = _written(project, {})
    repository.commit(lambda tree: _render(project, tree), "The first version")
    with served(cluster, repository):
        pulumi.select()
        pulumi.up(config).wait(_UP_SECONDS)
        with Load(cluster, {SHOP.host: SHOP.rate}):
            _until(cluster.api, [], lambda look: look.settled, "delivered")
            played = Played(cluster)
            _release(played, pulumi, project, repository)
            exported = folder / "state.json"
            pulumi.start("stack", "export", "--file", str(exported)).wait(_EXPORT_SECONDS)
            played.state = exported.read_text()
            yield played


def _release(played: Played, pulumi: Pulumi, project: Project, repository: Repository) -> None:
    api = played.cluster.api
    good = _commit(project, repository, GOOD)
    _until(api, played.good, lambda look: look.revision == good and look.weight == FIRST_WEIGHT, "begun")
    began = len(played.good)
    run = pulumi.preview(_written(project, GOOD), "--refresh", "--expect-no-changes", "--diff")
    try:
        run.wait(_PREVIEW_SECONDS, lambda: played.good.append(look_at(api)))
    except PulumiFailed as failed:
        played.preview = str(failed)
    _until(api, played.good, lambda _look: _comparisons(played.good[began:]) >= COMPARISONS, "compared again")
    _heal(api, played.healed)
    _until(api, played.good, lambda look: look.release.state is State.WAITING, "waiting for approval")
    _approve(played.cluster)
    _until(api, played.good, lambda look: look.revision == good and look.settled, "promoted")
    bad = _commit(project, repository, BAD)
    _until(api, played.bad, lambda look: look.revision == bad and look.release.aborted and look.weight == 0, "aborted")
    ended = len(played.bad)
    _until(api, played.bad, lambda _look: _comparisons(played.bad[ended:]) >= COMPARISONS, "compared after its end")
    reverted = repository.revert()
    _until(api, played.reverted, lambda look: look.revision == reverted and look.settled, "reverted")


def look_at(api: Api) -> Look:
    """How everything stands."""
    application = api.find(path_of("argoproj.io/v1alpha1/applications", "argocd", SHOP.name)) or {}
    status = application.get("status", {})
    return Look(
        sync=status.get("sync", {}).get("status", ""),
        health=status.get("health", {}).get("status", ""),
        revision=status.get("sync", {}).get("revision", ""),
        compared=status.get("reconciledAt", ""),
        synced=status.get("operationState", {}).get("startedAt", ""),
        weight=_weight(_virtual_service(api, f"{SHOP.name}-split")),
        release=read_rollout(api, SHOP.name, SHOP.name),
        hosts=tuple(_virtual_service(api, SHOP.name).get("spec", {}).get("hosts", [])),
    )


def _virtual_service(api: Api, name: str) -> Object:
    return api.find(path_of("networking.istio.io/v1/virtualservices", SHOP.name, name)) or {}


def _weight(split: Object) -> int:
    routes = [route for http in split.get("spec", {}).get("http", []) for route in http["route"]]
    canaries = [route["weight"] for route in routes if route["destination"]["host"].endswith("-canary")]
    return int(canaries[0]) if canaries else 0


def _comparisons(looks: list[Look]) -> int:
    """How often Argo CD has compared Git with the cluster in the meantime."""
    return len({look.compared for look in looks}) - 1


def _until(api: Api, looks: list[Look], condition: Callable[[Look], bool], what: str) -> Look:
    """Looks again and again, keeping every look, until a condition holds."""
    deadline = time.monotonic() + _DELIVERED_SECONDS
    while True:
        looks.append(look_at(api))
        if condition(looks[-1]):
            return looks[-1]
        assert time.monotonic() < deadline, f"not {what} within {_DELIVERED_SECONDS} s, last seen: {looks[-1]}"
        time.sleep(_POLL_SECONDS)


def _heal(api: Api, looks: list[Look]) -> None:
    """Changes by hand what Git says, and waits until it is as before, and seen to be."""
    before = look_at(api)
    looks.append(before)
    path = path_of("networking.istio.io/v1/virtualservices", SHOP.name, SHOP.name)
    api.patch(path, {"spec": {"hosts": [*before.hosts, _DRIFT]}}, MERGE)
    _until(api, looks, lambda look: look.synced != before.synced and _DRIFT not in look.hosts, "healed")
    healed = len(looks)
    _until(api, looks, lambda look: _comparisons(looks[healed:]) > 1 and look.sync == "Synced", "seen to be healed")


def _approve(cluster: Cluster) -> None:
    done = coalmine("approve", SHOP.name, "--namespace", SHOP.name, environment=cluster.environment())
    assert done.returncode == 0, done.stdout + done.stderr


def _commit(project: Project, repository: Repository, change: dict[str, Any]) -> str:
    _written(project, change)
    return repository.commit(lambda tree: _render(project, tree), change["workload"]["image"])


def _render(project: Project, tree: Path) -> None:
    done = coalmine("render", "--stack", "local", "--out", tree / "clusters" / "local", cwd=project.root)
    assert done.returncode == 0, done.stderr


def _written(project: Project, change: dict[str, Any]) -> Path:
    """The stack's configuration with a version of the app, delivered from Git."""
    file = project.stable()
    content = yaml.safe_load(file.read_text())
    config = content["config"]
    config["coalmine:delivery"] |= {"other_engines": [], "channels": {}}
    config["coalmine:platform"] |= {"argocd": _ARGO_CD}
    del config["coalmine:platform"]["flagger"]
    config["coalmine:gitops"] = {"kind": "argocd", "repository": ADDRESS, "revision": BRANCH}
    config["coalmine:apps"] = {"files": config["coalmine:apps"], "via": "gitops"}
    config["coalmine:overrides"] = {SHOP.name: change} if change else {}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file
