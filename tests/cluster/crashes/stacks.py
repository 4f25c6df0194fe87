"""Stacks of a Pulumi project that runs the repository's own program: apps alone, for controllers that are not there."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.compile import compile_stack
from components.platform.namespaces import namespaces
from components.spec.load import load_stack
from localcluster.api import Api, Object
from localcluster.cluster import Cluster
from localcluster.state import REPO
from tests.specs import changed, example_app

from .gate import Gate, Stop
from .runs import Ended, Run

PROJECT = "coalmine"
LABEL = "coalmine.dev/stack"
APPS = ("first", "second")
Key = tuple[str, str, str]
"""Kind, namespace ("" where it has none), name."""

_SHARED = ("Pulumi.yaml", "__main__.py", "components", ".venv")
_NOWHERE = "http://prometheus.invalid:9090"
_SETTINGS: Mapping[str, Any] = {
    "coalmine:cluster": {"name": "crashes", "kubernetes": "1.36"},
    "coalmine:delivery": {
        "engine": "argo-rollouts",
        "router": {"kind": "istio", "gateway_selector": {"istio": "ingress"}},
        "metrics": {"kind": "prometheus", "address": _NOWHERE},
    },
}
_NOT_INSTALLED = {"install": False}


class Project:
    """A folder with the program of this repository and two apps; stacks are made in it as they are needed."""

    def __init__(self, root: Path, cluster: Cluster, program: Path | None = None) -> None:
        self.root = root
        self.cluster = cluster
        (root / "apps").mkdir(parents=True)
        for name in _SHARED:
            (root / name).symlink_to(program if program and name == "__main__.py" else REPO / name)
        for name in APPS:
            app = changed(changed(example_app(), "name", to=name), "traffic", "hosts", to=[f"{name}.example.com"])
            (root / "apps" / f"{name}.yaml").write_text(yaml.safe_dump(app), encoding="utf-8")

    def stack(self, name: str, **platform: Any) -> "Stack":
        """A new stack, whose apps are in a namespace of its name."""
        made = Stack(self, name)
        made.configure(**platform)
        ended = made.pulumi("stack", "init", "--no-select")
        assert ended.code == 0, ended.text
        return made


@dataclass(frozen=True)
class Stack:
    """One stack. Fields: `name`: of the stack, and of the namespace that its apps are in."""

    project: Project
    name: str

    @property
    def label(self) -> str:
        """The value of the label on everything that it owns."""
        return f"{PROJECT}.{self.name}"

    def configure(self, image: str = "registry.example.com/web:1.0.0", **platform: Any) -> None:
        """Writes its configuration; `platform`: more keys of coalmine:platform."""
        pieces = {name: _NOT_INSTALLED for name in ("argo_rollouts", "istio", "prometheus")}
        own = {"namespace": self.name, "workload": {"image": image}}
        config = {
            **_SETTINGS,
            "coalmine:platform": {**pieces, **platform},
            "coalmine:apps": ["apps/*.yaml"],
            "coalmine:overrides": {app: own for app in APPS},
        }
        path = self._file
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({"config": config, **self._salt()}), encoding="utf-8")

    def pulumi(self, *arguments: str, kubeconfig: Path | None = None) -> Ended:
        """Runs a command to its end."""
        return self.start(*arguments, kubeconfig=kubeconfig).end()

    def start(self, *arguments: str, kubeconfig: Path | None = None) -> Run:
        """Starts a command."""
        command = ["pulumi", *arguments, "--stack", self.name, "--non-interactive", "--color", "never"]
        own = {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
        return Run(command, self.project.root, {**os.environ, **self.project.cluster.environment(), **own})

    def up(self) -> Ended:
        """`pulumi up`."""
        return self.pulumi("up", "--yes", "--skip-preview")

    def killed(self, verb: str, gate: Gate, stop: Stop) -> None:
        """A run that is killed at one of its writes. Fails when it ends by itself instead."""
        run = self.start(verb, "--yes", "--skip-preview", kubeconfig=gate.kubeconfig)
        gate.set(stop, run.kill)
        self._was_killed(verb, run)

    def killed_when(self, verb: str, reached: Callable[["Stack"], bool]) -> None:
        """A run that is killed as soon as its stack is in a certain state. Fails when it ends by itself before."""
        run = self.start(verb, "--yes", "--skip-preview")
        while run.is_running and not reached(self):
            pass
        run.kill()
        self._was_killed(verb, run)

    def _was_killed(self, verb: str, run: Run) -> None:
        ended = run.end()
        assert ended.code == -9, f"{verb} was not killed but ended with {ended.code}:\n{ended.text[-2000:]}"
        assert self.locked, f"{verb} was killed outside of its work: the stack is not locked"

    @property
    def locked(self) -> bool:
        """Whether a run holds the stack, or held it when it was killed."""
        return any((self._back_end / "locks").glob(f"**/{self.name}/*.json"))

    def checkpoint(self) -> dict[str, Any]:
        """What the back end has of the stack: `resources`, `pending_operations`."""
        text = (self._back_end / f"stacks/{PROJECT}/{self.name}.json").read_text(encoding="utf-8")
        latest: dict[str, Any] = json.loads(text)["checkpoint"].get("latest") or {}
        return latest

    def objects(self) -> dict[Key, str]:
        """The Kubernetes objects in the state, and their uids."""
        outputs = [
            one["outputs"]
            for one in self.checkpoint().get("resources", [])
            if one["type"].startswith("kubernetes:") and not one.get("delete")
        ]
        return {key_of(one): one["metadata"]["uid"] for one in outputs}

    def pending(self) -> list[str]:
        """Interrupted operations that the state remembers: `creating NAME`."""
        operations = self.checkpoint().get("pending_operations") or []
        return [f"{one['type']} {one['resource']['urn'].rpartition('::')[2]}" for one in operations]

    def wanted(self) -> set[Key]:
        """The objects that the program describes."""
        loaded = load_stack(self.project.root, self._file)
        described: list[Any] = list(namespaces(loaded.spec, [app.spec for app in loaded.apps]))
        for compiled in compile_stack(loaded):
            described += compiled.manifests
        return {key_of(one) for one in described}

    @property
    def _file(self) -> Path:
        return self.project.root / f"stacks/Pulumi.{self.name}.yaml"

    @property
    def _back_end(self) -> Path:
        return self.project.cluster.state.pulumi / ".pulumi"

    def _salt(self) -> dict[str, str]:
        source = self._file if self._file.exists() else REPO / "stacks/Pulumi.local.yaml"
        return {"encryptionsalt": yaml.safe_load(source.read_text(encoding="utf-8"))["encryptionsalt"]}


def key_of(item: Mapping[str, Any]) -> Key:
    """What tells an object from all others."""
    metadata = item["metadata"]
    return str(item["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"])


def owned(api: Api, label: str) -> dict[Key, Object]:
    """Every object of the API server, of whatever kind, that carries a stack's label."""
    found: dict[Key, Object] = {}
    for group_version, kind, plural in _listable(api):
        root = "/apis" if "/" in group_version else "/api"
        for item in api.items(f"{root}/{group_version}/{plural}", labelSelector=f"{LABEL}={label}"):
            found[key_of({"kind": kind, **item})] = {"kind": kind, **item}
    return found


def _listable(api: Api) -> list[tuple[str, str, str]]:
    """Group and version, kind and plural of every kind that can be listed, in its preferred version."""
    versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in api.get("/apis")["groups"])]
    kinds = []
    for version in versions:
        listed = api.get(f"{'/apis' if '/' in version else '/api'}/{version}")["resources"]
        kinds += [(version, one["kind"], one["name"]) for one in listed if "list" in one["verbs"]]
    return [(version, kind, plural) for version, kind, plural in kinds if "/" not in plural]
