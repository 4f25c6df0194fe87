"""What all verbs share: finding the project, printing problems, `--json`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..compile import StackCheck
from ..platform.checks import problems as platform_problems
from ..spec.errors import Problem, SpecError, nearest
from ..spec.load import AppCheck, LoadedApp, LoadedStack, load_stack

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Root = Annotated[
    Path | None, typer.Option("--root", help="The project's folder; the nearest one above with a Pulumi.yaml.")
]
StackName = Annotated[str, typer.Option("--stack", "-s", help="A stack: the S of stacks/Pulumi.S.yaml.")]


class UserError(Exception):
    """Something the user can mend; the text says how."""


def print_json(data: Any) -> None:
    """Data as indented JSON on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def show_problems(problems: Sequence[Problem]) -> None:
    """Every problem on its own line of standard error."""
    for problem in problems:
        print(problem, file=sys.stderr)


def as_data(problem: Problem) -> dict[str, str]:
    """A problem as JSON data."""
    return {"file": problem.file, "app": problem.app, "path": problem.path, "message": problem.message}


def evaluated(evaluations: int, rules: int, objects: int, given: int) -> str:
    """How much was judged. `given`: objects; `objects`: those of them that a rule applies to."""
    return (
        f"{evaluations} evaluations ({rules} rules x {objects} objects that they apply to) "
        f"of {given} object{'' if given == 1 else 's'}"
    )


def project_root(given: Path | None) -> Path:
    """The folder of the project. Raises UserError where there is none."""
    if given is not None:
        return given.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise UserError("no Pulumi.yaml here or above: run this inside a project, or name its folder with --root")


def stack_names(root: Path) -> list[str]:
    """The stacks of a project, in alphabetical order."""
    files = (root / "stacks").glob("Pulumi.*.yaml")
    return sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


def open_stack(name: str, root: Path, check: AppCheck | None = None, *, without_digests: bool = False) -> LoadedStack:
    """Loads one stack, whose apps can all be compiled; `check` is StackCheck() unless given.

    `without_digests`: as if it gave none, for whoever is about to find them.
    Raises UserError for an unknown name, SpecError otherwise.
    """
    known = stack_names(root)
    if name not in known:
        raise UserError(f"no stack '{name}' in {root / 'stacks'}{nearest(name, known)}")
    file = root / "stacks" / f"Pulumi.{name}.yaml"
    loaded = load_stack(root, file, check or StackCheck(), without_digests=without_digests)
    found = platform_problems(loaded)
    if found:
        raise SpecError(found)
    return loaded


def chosen_apps(stack: LoadedStack, name: str | None) -> list[LoadedApp]:
    """All apps of a stack, or the one that is named. Raises UserError for an unknown name."""
    if name is None:
        return list(stack.apps)
    found = [app for app in stack.apps if app.spec.name == name]
    if not found:
        raise UserError(f"no app '{name}' in {stack.file}{nearest(name, (app.spec.name for app in stack.apps))}")
    return found
