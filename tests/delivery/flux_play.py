"""Plays an app that Flux's own kustomize-controller brings from Git: one commit after the other, each to its end."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from components.compile import compile_stack
from components.git_tree import ByGit
from components.platform.namespaces import APPS_LABEL
from components.platform.piece import pod_security
from components.platform.pieces import flux
from components.spec.load import LoadedStack, load_stack
from localcluster.api import path_of
from localcluster.cluster import Cluster
from localcluster.demo.rollout import read_rollout
from localcluster.load import Load
from localcluster.pods.behaviour import ERROR_RATE
from tests.cluster.objects import apply_all
from tests.coalmine import coalmine

from .admitted import judging
from .applied import make_namespace
from .by_flux import KUSTOMIZATION, NAME, NAMESPACE, REACHED, TENANTS, After, ByFlux, Held, Told
from .engines import routed
from .git_repository import Repository
from .played import until
from .project import Project
from .scenarios import CANDIDATE, STABLE, Scenario, image

WEIGHT = 40
PODS = 3
"""What the autoscaler makes of the one pod of a Rollout that names no number."""
LOOKS = 3
"""How often, at least, Flux compares the cluster with Git while the canary stays at its weight."""
BAD = "3.0.0"
UNSAFE_WEIGHT = 90

_SCENARIO = Scenario(NAME, rate=40, steps=((WEIGHT, 25), (80, 10)), interval=10, notify=[])
_GITOPS = {"kind": "flux", "repository": "https://git.example.com/platform/delivery.git", "interval": "2s"}
_CONTROLLERS = ["source", "kustomize"]
_FOLDER = "clusters/local"
_ARTIFACTS_PORT = 19180
_SECONDS = 120
_POLL_SECONDS = 0.3


@contextmanager
def playing_flux(cluster: Cluster, folder: Path) -> Iterator[ByFlux]:
    """Installs Flux beside the platform that is there, and plays every commit."""
    play = _Play(cluster, folder)
    with _source_controller(cluster, folder), Load(cluster, {_SCENARIO.host: _SCENARIO.rate}):
        try:
            play.install()
            play.release()
            play.take_back()
            play.reach()
            play.break_rules()
            yield play.seen
        finally:
            play.suspend()


@contextmanager
def _source_controller(cluster: Cluster, folder: Path) -> Iterator[None]:
    """Gives out the commits of the repository in the folder; its log is beside it."""
    (folder / "artifacts").mkdir()
    command = [sys.executable, "-m", "tests.delivery.source_controller", str(_ARTIFACTS_PORT)]
    command += [str(folder / "repository"), str(folder / "artifacts")]
    with (folder / "source-controller.log").open("w") as log:
        process = subprocess.Popen(
            cluster.inside(command), env=cluster.inner_environment(), stdin=subprocess.PIPE, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.communicate()


class _Play:
    """Fields: `seen`: what became of every commit so far."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.seen = ByFlux()
        self._api = cluster.api
        self._project = Project(folder / "project", [_SCENARIO])
        self._repository = Repository(folder / "repository")

    def install(self) -> None:
        """Flux, and what the stack has it bring: the app as the first commit says."""
        commit = self._render("stable", STABLE)
        stack = self._stack()
        by_git = ByGit.of(stack.spec)
        assert by_git is not None
        [compiled] = compile_stack(stack)
        delivered = by_git.delivered(compiled, stack.spec.delivery)
        make_namespace(self._api, flux.NAMESPACE, pod_security("restricted"))
        make_namespace(self._api, NAMESPACE, {**APPS_LABEL, **pod_security("restricted")})
        for stage in flux.stages(stack.spec):
            apply_all(self._api, stage)
        apply_all(self._api, by_git.engine.sources([compiled.plan.app], {}))
        apply_all(self._api, by_git.engine.accounts(delivered))
        apply_all(self._api, [by_git.engine.delivery(delivered, "delivering")])
        self._await("stable", commit, self._is_promoted)
        until(lambda: self._replicas() == PODS, _SECONDS, f"scaled to {PODS} pods")

    def release(self) -> None:
        """A good version, and what is held while the canary has its weight."""
        commit, seen = self._render("good", CANDIDATE), self.seen
        plan = seen.plans["good"]
        until(lambda: routed(self._api, plan, "")[1] == WEIGHT, _SECONDS, f"at {WEIGHT} %")
        until(lambda: self._is_applied(commit), _SECONDS, "applied")
        before = Told.read(self._api).looks
        while seen.looks < LOOKS and all(held.weights[1] == WEIGHT for held in seen.held[-1:]):
            seen.held.append(Held.read(self._api, plan))
            seen.looks = Told.read(self._api).looks - before
            time.sleep(_POLL_SECONDS)
        self._await("good", commit, self._is_promoted)

    def take_back(self) -> None:
        """A bad version, and the commit that takes it back."""
        self._await(
            "bad",
            self._render("bad", BAD, {ERROR_RATE: "0.5"}),
            lambda plan, after: after.release.taken_back(plan) and after.told.ready == "False",
        )
        self.seen.plans["reverted"] = self.seen.plans["good"]
        self._await("reverted", self._repository.revert(), self._is_promoted)

    def reach(self) -> None:
        """What a tenant commits beside the app; each is taken back by another commit."""
        folder = next(self._repository.root.rglob(f"rollout-{NAME}.yaml")).parent
        for name, tenant in TENANTS.items():
            (folder / tenant.file).write_text(tenant.text)
            commit = self._repository.commit(name)
            until(lambda: self._is_refused(commit), _SECONDS, f"refused: {name}")  # noqa: B023
            self.seen.refused[name] = self._after(commit)
            self._repository.revert()
        until(lambda: Told.read(self._api).ready == "True", _SECONDS, "ready when nobody reaches any further")
        self.seen.reached = [path for path in REACHED if self._api.find(path) is not None]

    def break_rules(self) -> None:
        """What a team commits where the cluster judges by the policies itself; taken back by another commit."""
        file = next(self._repository.root.rglob(f"rollout-{NAME}.yaml"))
        unsafe = yaml.safe_load(file.read_text())
        next(step for step in unsafe["spec"]["strategy"]["canary"]["steps"] if "setWeight" in step)["setWeight"] = (
            UNSAFE_WEIGHT
        )
        with judging(self._api, NAMESPACE, unsafe):
            file.write_text(yaml.safe_dump(unsafe, sort_keys=False))
            commit = self._repository.commit("unsafe")
            until(lambda: self._is_refused(commit), _SECONDS, "refused: what breaks the rules")
            self.seen.unsafe = self._after(commit)
            self._repository.revert()
            until(lambda: Told.read(self._api).ready == "True", _SECONDS, "ready when no rule is broken")

    def suspend(self) -> None:
        """Flux leaves the app alone from now on."""
        if self._api.find(KUSTOMIZATION) is not None:
            self._api.patch(KUSTOMIZATION, {"spec": {"suspend": True}})

    def _render(self, name: str, version: str, annotations: dict[str, str] | None = None) -> str:
        """The tree of a version, committed."""
        workload = {"image": image(version), "annotations": annotations or {}}
        change = {"workload": workload, "replicas": None, "scaling": {"min": PODS, "max": 5}}
        config = self._project.stable()
        content = yaml.safe_load(config.read_text())
        content["config"] |= {
            "coalmine:gitops": _GITOPS,
            "coalmine:apps": {"files": ["apps/*.yaml"], "via": "gitops"},
            "coalmine:overrides": {NAME: change},
        }
        content["config"]["coalmine:platform"]["flux"] = {"controllers": _CONTROLLERS}
        config.write_text(yaml.safe_dump(content, sort_keys=False))
        out = self._repository.root / _FOLDER
        done = coalmine("render", "--stack", "local", "--root", self._project.root, "--out", out)
        assert done.returncode == 0, done.stderr
        [compiled] = compile_stack(self._stack())
        self.seen.plans[name] = compiled.plan
        return self._repository.commit(name)

    def _stack(self) -> LoadedStack:
        return load_stack(self._project.root, self._project.root / "stacks" / "Pulumi.local.yaml")

    def _await(self, name: str, commit: str, shown: Callable[[str, After], bool]) -> None:
        revision = self.seen.plans[name].revision

        def is_over() -> bool:
            self.seen.after[name] = after = self._after(commit)
            return after.told.attempted == commit and shown(revision, after)

        try:
            until(is_over, _SECONDS, f"over: the commit '{name}'")
        except AssertionError as error:
            raise AssertionError(f"{error}; last seen: {self.seen.after[name]}") from None

    def _after(self, commit: str) -> After:
        return After(commit, Told.read(self._api), read_rollout(self._api, NAMESPACE, NAME))

    def _replicas(self) -> int:
        return int(self._api.get(path_of("argoproj.io/v1alpha1/rollouts", NAMESPACE, NAME))["spec"].get("replicas", 0))

    def _is_promoted(self, revision: str, after: After) -> bool:
        return after.release.promoted(revision) and after.told.ready == "True" and after.told.applied == after.commit

    def _is_applied(self, commit: str) -> bool:
        told = Told.read(self._api)
        return told.applied == commit and told.ready == "True"

    def _is_refused(self, commit: str) -> bool:
        told = Told.read(self._api)
        return told.attempted == commit and told.ready == "False"
