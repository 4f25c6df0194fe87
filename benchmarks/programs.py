"""The Pulumi programs that are measured: this repository's own with as many apps as wanted, and the bare one."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.process import BenchmarkFailed, Usage, measured
from benchmarks.registrations import Resource
from components.compile import compile_stack
from components.discovery import discover
from components.spec.load import load_stack
from localcluster.demo.pulumi_cli import reason
from localcluster.state import REPO

STACK = "bench"
NAMESPACE = "bench"
"""Of all apps: it is the one object that does not belong to an app."""

_EXAMPLE = REPO / "examples" / "canary"
_BARE = REPO / "benchmarks" / "bare"
_SHARED = ("Pulumi.yaml", "__main__.py", "components", ".venv")
_NOTHING_INSTALLED = {
    "argo_rollouts": {"install": False},
    "istio": {"install": False},
    "prometheus": {"install": False},
}
_QUIET = ("--non-interactive", "--color", "never")


@dataclass(frozen=True)
class Program:
    """A Pulumi project with one stack.

    Fields: `name`; `folder`: of its Pulumi.yaml; `environment`: what `coalmine local env` gives; the state is kept
    beside the project, whatever that says.
    """

    name: str
    folder: Path
    environment: Mapping[str, str]

    def renew(self) -> None:
        """Throws the state away and makes an empty stack."""
        shutil.rmtree(self._state, ignore_errors=True)
        self._state.mkdir()
        self._run("stack", "init")

    def run(self, verb: str, *options: str) -> Usage:
        """One command, measured. Raises BenchmarkFailed."""
        return self._run(verb, *(("--yes", "--skip-preview") if verb == "up" else ()), *options)

    def resources(self) -> list[Resource]:
        """All that the state holds."""
        self._run("stack", "export", "--show-secrets")
        found: list[Resource] = json.loads(self._output.read_text())["deployment"].get("resources", [])
        return found

    @property
    def _state(self) -> Path:
        return self.folder / "state"

    @property
    def _output(self) -> Path:
        return self.folder / "output"

    def _run(self, verb: str, *arguments: str) -> Usage:
        environment = {**self.environment, "PULUMI_BACKEND_URL": self._state.as_uri()}
        try:
            command = ["pulumi", verb, *arguments, "--stack", STACK, *_QUIET]
            return measured(command, self.folder, self._output, environment)
        except BenchmarkFailed:
            said = reason(self._output.read_text() + self._output.with_suffix(".errors").read_text())
            raise BenchmarkFailed(f"pulumi {verb} of {self.name} failed: {said}") from None


def own(folder: Path, objects: int, environment: Mapping[str, str]) -> Program:
    """This repository's program, whose apps have about so many objects together."""
    (folder / "apps").mkdir(parents=True)
    (folder / "stacks").mkdir()
    for name in _SHARED:
        (folder / name).symlink_to(REPO / name)
    app = yaml.safe_load(next((_EXAMPLE / "apps").iterdir()).read_text())
    for number in range(apps_for(objects)[0]):
        changed = renamed(app, f"app-{number:03}")
        (folder / "apps" / f"{changed['name']}.yaml").write_text(yaml.safe_dump(changed, sort_keys=False))
    stack = stack_file((REPO / "stacks" / "Pulumi.local.yaml").read_text())
    (folder / "stacks" / f"Pulumi.{STACK}.yaml").write_text(stack)
    return Program("coalmine", folder, environment)


def bare(
    folder: Path, registrations: Sequence[Resource], environment: Mapping[str, str], *, hooks: bool = True
) -> Program:
    """The bare program, which registers these, with their hooks or without."""
    folder.mkdir(parents=True)
    for file in sorted(_BARE.iterdir()):
        if file.is_file():
            shutil.copy(file, folder)
    (folder / ".venv").symlink_to(REPO / ".venv")
    entries = [{**one, "hooked": hooks and one["hooked"]} for one in registrations]
    (folder / "registrations.json").write_text(json.dumps(entries))
    return Program("the bare program", folder, environment)


def apps_for(objects: int) -> tuple[int, int]:
    """How many apps, at least one, have about so many objects together, and how many these are exactly."""
    discover()
    (app,) = compile_stack(load_stack(_EXAMPLE, _EXAMPLE / "stacks" / "Pulumi.example.yaml"))
    each = len(app.manifests)
    apps = max(1, round((objects - 1) / each))
    return apps, apps * each + 1


def renamed(app: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The app under another name, in the namespace of all."""
    traffic = {**app["traffic"], "hosts": [f"{name}.example.com"]}
    return {**app, "name": name, "namespace": NAMESPACE, "traffic": traffic}


def stack_file(local: str) -> str:
    """The local stack's file with every app of the project, and without the platform."""
    content = yaml.safe_load(local)
    delivery = content["config"]["coalmine:delivery"]
    metrics = {**delivery["metrics"], "address": "http://prometheus.example.com:9090"}
    content["config"] |= {
        "coalmine:apps": ["apps/*.yaml"],
        "coalmine:overrides": {},
        "coalmine:platform": _NOTHING_INSTALLED,
        "coalmine:delivery": {**delivery, "metrics": metrics},
    }
    return str(yaml.safe_dump(content, sort_keys=False))
