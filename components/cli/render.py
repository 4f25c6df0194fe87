"""`coalmine render`: the objects of a stack's apps as a tree of YAML files for Git."""

from pathlib import Path
from typing import Annotated

import typer

from ..compile import Compiled, compile_stack
from ..render import to_yaml, write_tree
from .output import AsJson, Root, StackName, UserError, open_stack, print_json, project_root


def verb(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; made where it is missing.")],
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Write every object of the stack's apps as YAML; the same input gives the same bytes."""
    compiled = compile_stack(open_stack(stack, project_root(root)))
    files = {path: text for app in compiled for path, text in _files(app).items()}
    try:
        written, removed = write_tree(out, files)
    except OSError as error:
        raise UserError(f"cannot write {error.filename or out}: {(error.strerror or str(error)).lower()}") from None
    if json:
        print_json({"out": str(out), "files": sorted(files), "written": written, "removed": removed})
    else:
        print(f"{out}: {len(files)} files, {len(written)} changed, {len(removed)} removed")


def _files(app: Compiled) -> dict[str, str]:
    folder = f"{app.plan.namespace}/{app.plan.name}"
    return {f"{folder}/{m['kind'].lower()}-{m['metadata']['name']}.yaml": to_yaml(m) for m in app.manifests}
