"""`coalmine render`: the objects of a stack's apps as a tree of YAML files for Git."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ..compile import Compiled, compile_app
from ..render import to_yaml, write_tree
from .output import AsJson, Root, StackName, UserError, open_stack, print_json, project_root


def verb(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; made where it is missing.")],
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Write every object of the stack's apps as YAML; the same input gives the same bytes."""
    loaded = open_stack(stack, project_root(root))
    # Nothing has been written while anything was wrong; now one app's objects are in memory at a time.
    apps = (compile_app(app, loaded.spec.delivery) for app in loaded.apps)
    try:
        tree = write_tree(out, (file for app in apps for file in _files(app)))
    except OSError as error:
        raise UserError(f"cannot write {error.filename or out}: {(error.strerror or str(error)).lower()}") from None
    if json:
        print_json({"out": str(out), "files": tree.files, "written": tree.written, "removed": tree.removed})
    else:
        print(f"{out}: {len(tree.files)} files, {len(tree.written)} changed, {len(tree.removed)} removed")


def _files(app: Compiled) -> Iterator[tuple[str, str]]:
    """Path below the tree, and text, of every object."""
    folder = f"{app.plan.namespace}/{app.plan.name}"
    for one in app.manifests:
        yield f"{folder}/{one['kind'].lower()}-{one['metadata']['name']}.yaml", to_yaml(one)
