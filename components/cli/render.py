"""`coalmine render`: the objects of a stack's apps as a tree of YAML files for Git."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..compile import StackCheck
from ..manifests.meta import Manifest
from ..plan import Plan
from ..render import to_yaml, write_tree
from .output import AsJson, Root, StackName, UserError, open_stack, print_json, project_root


def verb(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; made where it is missing.")],
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Write every object of the stack's apps as YAML; the same input gives the same bytes."""
    files: list[tuple[str, str]] = []
    # Nothing is written while anything is wrong: the texts are kept, which is far less than the objects.
    open_stack(stack, project_root(root), StackCheck(lambda plan, objects: files.extend(_files(plan, objects))))
    try:
        tree = write_tree(out, files)
    except OSError as error:
        raise UserError(f"cannot write {error.filename or out}: {(error.strerror or str(error)).lower()}") from None
    if json:
        print_json({"out": str(out), "files": tree.files, "written": tree.written, "removed": tree.removed})
    else:
        print(f"{out}: {len(tree.files)} files, {len(tree.written)} changed, {len(tree.removed)} removed")


def _files(plan: Plan, objects: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    """Path below the tree, and text, of every object."""
    folder = f"{plan.namespace}/{plan.name}"
    for one in objects:
        yield f"{folder}/{one['kind'].lower()}-{one['metadata']['name']}.yaml", to_yaml(one)
