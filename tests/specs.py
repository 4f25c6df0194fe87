"""What the tests of the core share: the examples' specs as data, and small projects made of them."""

import copy
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.compile import Compiled, check_app, compile_stack
from components.discovery import discover
from components.spec.errors import Problem, SpecError
from components.spec.load import LoadedStack, load_stack
from localcluster.tools import tool_path

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SCENARIOS = sorted(path.parents[1].name for path in EXAMPLES.glob("*/stacks/Pulumi.example.yaml"))
REMOVED = object()
"""In `changed`: the key is left out."""

discover()


def put_on_path(*names: str) -> None:
    """Has the pinned tools found before any others."""
    for name in names:
        folder = str(tool_path(name).parent)
        if folder not in os.environ["PATH"].split(os.pathsep):
            os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]


put_on_path("helm", "kustomize")


def example_app(scenario: str = "canary") -> dict[str, Any]:
    """The first app of an example, as it was written."""
    return copy.deepcopy(_example_app(scenario))


@cache
def _example_app(scenario: str) -> dict[str, Any]:
    first = sorted((EXAMPLES / scenario / "apps").glob("*.yaml"))[0]
    loaded: dict[str, Any] = next(iter(yaml.safe_load_all(first.read_text(encoding="utf-8"))))
    return loaded


def stack_keys() -> dict[str, Any]:
    """The smallest valid stack, without the prefix of its keys."""
    return {
        "cluster": {"name": "test", "kubernetes": "1.36"},
        "delivery": {"engine": "argo-rollouts", "router": "istio", "metrics": "prometheus"},
        "apps": ["apps/*.yaml"],
    }


def changed(data: Mapping[str, Any], *path: str | int, to: Any) -> dict[str, Any]:
    """A copy in which one place has another value, or is missing (`to=REMOVED`)."""
    made: Any = copy.deepcopy(dict(data))
    place = made
    for part in path[:-1]:
        place = place[part]
    if to is REMOVED:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return dict(made)


class Project:
    """A project in a temporary folder, with one stack named `test`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("Pulumi.yaml", "name: coalmine\nruntime: python\n")
        self.stack(stack_keys())

    def write(self, path: str, text: str) -> None:
        """Writes a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def stack(self, keys: Mapping[str, Any]) -> None:
        """Writes the stack's `coalmine:` keys."""
        config = {f"coalmine:{key}": value for key, value in keys.items()}
        self.write("stacks/Pulumi.test.yaml", _yaml({"config": config}))

    def apps(self, *apps: Any) -> None:
        """Writes apps/app.yaml, one document for each app."""
        self.write("apps/app.yaml", _yaml(*apps))

    def load(self) -> LoadedStack:
        """The stack with its apps. Raises SpecError."""
        return load_stack(self.root, self.root / "stacks/Pulumi.test.yaml", check_app)

    def compile(self) -> list[Compiled]:
        """The stack's apps, compiled. Raises SpecError."""
        return compile_stack(self.load())

    def problems(self) -> list[Problem]:
        """Everything that is wrong with the project; empty where nothing is."""
        try:
            self.compile()
        except SpecError as error:
            return error.problems
        return []

    def messages(self) -> list[str]:
        """The problems as the user reads them."""
        return [str(problem) for problem in self.problems()]


def _yaml(*documents: Any) -> str:
    return str(yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))


def app_messages(root: Path, app: Any) -> list[str]:
    """What is wrong with one app, each as `path: message`."""
    project = Project(root)
    project.apps(app)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def compiled_app(root: Path, app: Mapping[str, Any], stack: Mapping[str, Any] | None = None) -> Compiled:
    """One valid app, compiled."""
    project = Project(root)
    project.stack(stack or stack_keys())
    project.apps(dict(app))
    return project.compile()[0]


def only(manifests: Sequence[Mapping[str, Any]], kind: str, name: str | None = None) -> dict[str, Any]:
    """The one object of a kind (and name)."""
    found = [one for one in manifests if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} named {name}, not one"
    return dict(found[0])
