"""`coalmine render`: the objects of a stack's apps as a tree of YAML files for Git."""

from pathlib import Path
from typing import Annotated

import typer

from ..render import differences, write_tree
from .output import AsJson, Root, StackName, UserError, print_json, project_root
from .trees import Tree, tree_of


def verb(
    stack: StackName,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder to write; that of the cluster in Git unless given."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 where a file is stale, missing or superfluous.")
    ] = False,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Write every object of the stack's apps as YAML; the same input gives the same bytes.

    Where a stack delivers apps from Git, only these.
    """
    folder = project_root(root)
    tree = tree_of(stack, folder)
    target = out or _in_git(tree, folder)
    try:
        if check:
            _check(tree, target, json)
            return
        made = write_tree(target, tree.files)
    except OSError as error:
        done = "read" if check else "write"
        raise UserError(f"cannot {done} {error.filename or target}: {(error.strerror or str(error)).lower()}") from None
    if json:
        print_json({"out": str(target), "files": made.files, "written": made.written, "removed": made.removed})
    else:
        print(f"{target}: {len(made.files)} files, {len(made.written)} changed, {len(made.removed)} removed")


def _in_git(tree: Tree, root: Path) -> Path:
    if not tree.folder:
        raise UserError(f"stack '{tree.stack}' delivers no app from Git: say with --out where to write")
    return root / tree.folder


def _check(tree: Tree, target: Path, json: bool) -> None:
    found = differences(target, tree.files)
    if json:
        print_json({"out": str(target), "differences": found})
    else:
        for line in found:
            print(f"{target}/{line}")
        print(f"{target}: {len(found)} of {len(tree.files)} files differ" + (f" ({tree.command})" if found else ""))
    raise typer.Exit(1 if found else 0)
