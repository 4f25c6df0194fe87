"""`coalmine validate`: every mistake in the stacks and their apps, offline."""

from typing import Annotated

import typer

from ..compile import warnings
from ..contracts import Router
from ..spec.errors import Problem, SpecError
from .output import AsJson, Root, UserError, as_data, open_stack, print_json, project_root, show_problems, stack_names


def verb(
    stacks: Annotated[list[str] | None, typer.Argument(help="Stacks to check; all of them unless given.")] = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Check stacks and apps: all mistakes at once, `file: path: message`; exit 1 where there is one."""
    folder = project_root(root)
    names = stacks or stack_names(folder)
    if not names:
        raise UserError(f"no stacks in {folder / 'stacks'}: a stack is a file named Pulumi.<stack>.yaml")
    problems: set[Problem] = set()
    valid: dict[str, int] = {}
    warned: dict[str, list[str]] = {}
    for name in names:
        try:
            loaded = open_stack(name, folder)
            valid[name] = len(loaded.apps)
            routers = loaded.spec.delivery.routers.values()
            warned[name] = list(warnings(one for one in routers if isinstance(one, Router)))
        except SpecError as error:
            problems.update(error.problems)
    if json:
        print_json(
            {"stacks": valid, "warnings": warned, "problems": [as_data(problem) for problem in sorted(problems)]}
        )
    else:
        show_problems(sorted(problems))
        for name, count in valid.items():
            print(f"{name}: valid, {count} app{'' if count == 1 else 's'}")
            for warning in warned[name]:
                print(f"{name}: warning: {warning}")
    raise typer.Exit(1 if problems else 0)
