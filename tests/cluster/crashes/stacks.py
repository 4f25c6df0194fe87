"""Stacks of a Pulumi project that runs the repository's own program: apps alone, for controllers that are not there."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.compile import compile_stack
from components.platform.namespaces import namespaces
from components.spec.load import load_stack
from localcluster.api import Api, ApiError, Object
from localcluster.cluster import Cluster
from localcluster.state import REPO
from tests.cluster.objects import wait_for
from tests.specs import changed, example_app

from .gate import Gate, Stop
from .runs import Ended, Run

PROJECT = "coalmine"
LABEL = "coalmine.dev/stack"
APPS = ("first", "second")
Moment = Stop | Callable[["Stack"], bool]
"""When a run is killed."""

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

    def __init__(self, root: Path, cluster: Cluster, gate: Gate, program: Path | None = None) -> None:
        self.root = root
        self.cluster = cluster
        self.gate = gate
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
        pieces = dict.fromkeys(("argo_rollouts", "istio", "prometheus"), _NOT_INSTALLED)
        own = {"namespace": self.name, "workload": {"image": image}}
        config = {
            **_SETTINGS,
            "coalmine:platform": {**pieces, **platform},
            "coalmine:apps": ["apps/*.yaml"],
            "coalmine:overrides": dict.fromkeys(APPS, own),
        }
        path = self._file
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({"config": config, **self._salt()}), encoding="utf-8")

    def pulumi(self, *arguments: str) -> Ended:
        """Runs a command to its end."""
        return self._start(*arguments).end()

    def up(self) -> Ended:
        """`pulumi up`."""
        return self.pulumi("up", "--yes", "--skip-preview")

    def killed(self, verb: str, moment: Moment) -> None:
        """A run that is killed, and has seen nothing come of it: at a write, or as soon as the stack is so far.

        Fails when it ends by itself before.
        """
        run = self._start(verb, "--yes", "--skip-preview")
        if isinstance(moment, Stop):
            self.project.gate.set(moment, run.kill)
        else:
            while run.is_running and not moment(self):
                pass
            run.kill()
        ended = run.end()
        self.project.gate.set(None, run.kill)
        assert ended.code == -9, f"{verb} was not killed but ended with {ended.code}:\n{ended.text[-2000:]}"
        assert self.locked, f"{verb} was killed outside of its work: the stack is not locked"

    def _start(self, *arguments: str) -> Run:
        command = ["pulumi", *arguments, "--stack", self.name, "--non-interactive", "--color", "never"]
        inherited = {**os.environ, **self.project.cluster.environment()}
        return Run(command, self.project.root, {**inherited, "KUBECONFIG": str(self.project.gate.kubeconfig)})

    @property
    def locked(self) -> bool:
        """Whether a run holds the stack, or held it when it was killed."""
        return any((self.back_end / "locks").glob(f"**/{self.name}/*.json"))

    def checkpoint(self) -> dict[str, Any]:
        """What the back end has of the stack: `resources`, `pending_operations`."""
        text = (self.back_end / f"stacks/{PROJECT}/{self.name}.json").read_text(encoding="utf-8")
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

    def urns(self) -> list[str]:
        """Every resource in the state."""
        return [str(one["urn"]) for one in self.checkpoint().get("resources", [])]

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
    def back_end(self) -> Path:
        """Where Pulumi keeps its files."""
        return self.project.cluster.state.pulumi / ".pulumi"

    def _salt(self) -> dict[str, str]:
        source = self._file if self._file.exists() else REPO / "stacks/Pulumi.local.yaml"
        return {"encryptionsalt": yaml.safe_load(source.read_text(encoding="utf-8"))["encryptionsalt"]}


def key_of(item: Mapping[str, Any]) -> Key:
    """What tells an object from all others."""
    metadata = item["metadata"]
    return str(item["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"])


def owned(api: Api, label: str, derived: bool = False) -> dict[Key, Object]:
    """Every object of the API server, of whatever kind, that carries a stack's label.

    `derived`: with the endpoints of Services, which Kubernetes gives the Services' labels.
    """
    found: dict[Key, Object] = {}
    for group_version, kind, plural in _listable(api):
        if kind in ("Endpoints", "EndpointSlice") and not derived:
            continue
        root = "/apis" if "/" in group_version else "/api"
        for item in _listed(api, f"{root}/{group_version}/{plural}", f"{LABEL}={label}"):
            found[key_of({"kind": kind, **item})] = {"kind": kind, **item}
    return found


def wait_until_gone(api: Api, label: str) -> None:
    """Waits until nothing carries a stack's label; what Kubernetes derives goes by itself, a moment later."""
    wait_for(lambda: not owned(api, label, derived=True), f"nothing of {label} is left", 60)


def _listed(api: Api, path: str, selector: str) -> list[Object]:
    deadline = time.monotonic() + 30
    while True:
        try:
            return api.items(path, labelSelector=selector)
        except ApiError as error:
            # The kind is new: its storage is being prepared.
            if error.status != 429 or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _listable(api: Api) -> list[tuple[str, str, str]]:
    """Group and version, kind and plural of every kind that can be listed, in its preferred version."""
    versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in api.get("/apis")["groups"])]
    kinds = []
    for version in versions:
        listed = api.get(f"{'/apis' if '/' in version else '/api'}/{version}")["resources"]
        kinds += [(version, one["kind"], one["name"]) for one in listed if "list" in one["verbs"]]
    return [(version, kind, plural) for version, kind, plural in kinds if "/" not in plural]
