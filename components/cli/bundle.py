"""`coalmine bundle`: the tested sets of versions of the platform, and what going from one to another changes."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import bundles
from ..spec.errors import nearest
from .output import AsJson, Root, StackName, UserError, open_stack, print_json, project_root

if TYPE_CHECKING:
    from ..platform.bundle import Bundle
    from ..platform.changes import Changed, Definition

GROUP = typer.Typer(
    help="Look at the tested sets of versions of the platform: list, show, diff, resolve.", no_args_is_help=True
)
_NAME = typer.Argument(help="A bundle, as `coalmine bundle list` names it.")


@GROUP.command("list")
def show_all(json: AsJson = False) -> None:
    """List the bundles, the newest first."""
    found = [_known(name) for name in bundles.names()]
    if json:
        print_json([{"name": one.name, "newest": one.name == bundles.NEWEST, **_versions(one)} for one in found])
        return
    names = list(dict.fromkeys(repository for one in found for repository in one.images))
    rows = [[name, *(one.images.get(name, "-") for one in found)] for name in names]
    _print_table("", ("image", *(one.name for one in found)), rows)


@GROUP.command("show")
def show_one(name: Annotated[str, _NAME], json: AsJson = False) -> None:
    """Show the versions of one bundle, where they come from and their digests."""
    found = _known(name)
    if json:
        from ..platform.bundle import as_data

        print_json({"name": found.name, "newest": name == bundles.NEWEST, **as_data(found)})
        return
    print(f"{found.name}: tested up to Kubernetes {found.kubernetes}; pieces: {', '.join(found.pieces)}")
    files = [[key, one.module.version, one.url, one.sha256[:16]] for key, one in found.sources.items()]
    _print_table("upstream files", ("name", "version", "from", "sha256"), files)
    _print_table("images", ("repository", "tag"), [list(one) for one in found.images.items()])


@GROUP.command("diff")
def diff(
    old: Annotated[str, _NAME],
    new: Annotated[str, _NAME],
    stack: Annotated[str | None, typer.Option("--stack", "-s", help="A stack whose objects are compared.")] = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Say what an upgrade changes: versions and, for a stack, objects, definitions and whether any app is touched."""
    from ..platform import changes

    before, after = _known(old), _known(new)
    versions = changes.versions(before, after)
    objects, definitions = _compared(stack, root, old, new) if stack else ([], [])
    if json:
        compared = {"objects": list(map(asdict, objects)), "definitions": list(map(asdict, definitions))}
        print_json({"versions": list(map(asdict, versions)), **(compared if stack else {})})
        return
    rows = [[one.name, one.old or "-", one.new or "-"] for one in versions]
    _print_table("", ("version of", old, new), rows)
    if stack:
        _show_objects(objects, definitions)


@GROUP.command("resolve")
def resolve(
    stack: StackName,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File; stacks/digests.STACK.yaml unless given.")
    ] = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Ask the registry of each image of the stack's platform for its digest, and write a file of them."""
    from ..platform.digests import resolved, written

    folder = project_root(root)
    loaded = open_stack(stack, folder, without_digests=True)
    digests = resolved(loaded)
    file = out or folder / "stacks" / f"digests.{stack}.yaml"
    try:
        written(file, digests, stack)
    except OSError as error:
        raise UserError(f"cannot write {error.filename or file}: {(error.strerror or str(error)).lower()}") from None
    if json:
        print_json({"file": str(file), "digests": digests})
        return
    print(f"{file}: {len(digests)} digests")
    print(f"have them used in {loaded.file}: coalmine:platform: {{image_digests: stacks/digests.{stack}.yaml}}")


def _compared(stack: str, root: Any, old: str, new: str) -> "tuple[list[Changed], list[Definition]]":
    from ..platform import changes
    from ..platform.sources import SourceError

    loaded = open_stack(stack, project_root(root))
    try:
        before, after = (changes.objects_of(loaded, name) for name in (old, new))
    except SourceError as error:
        raise UserError(str(error)) from None
    return changes.objects(before, after), changes.definitions(before, after)


def _show_objects(objects: "list[Changed]", definitions: "list[Definition]") -> None:
    rows = []
    for one in objects:
        place = f"{one.kind} {one.namespace + '/' if one.namespace else ''}{one.name}"
        said = "\n".join(f"{path}: {before or 'nothing'} -> {after or 'nothing'}" for path, before, after in one.fields)
        rows.append([one.piece, one.change, place, said])
    _print_table("objects", ("piece", "change", "object", "fields"), rows)
    signed = [[one.change, one.name, ", ".join(one.versions), "\n".join(one.fields)] for one in definitions]
    _print_table("custom resource definitions", ("change", "name", "versions", "fields"), signed)
    apps = [one for one in objects if one.piece == "apps"]
    print(f"Of the apps {len(apps)} objects differ." if apps else "No object of any app differs: no release starts.")


def _known(name: str) -> "Bundle":
    if name not in bundles.names():
        raise UserError(f"no bundle '{name}'{nearest(name, bundles.names())}")
    from ..platform.bundle import bundle

    return bundle(name)


def _versions(of: "Bundle") -> dict[str, Any]:
    return {
        "kubernetes": of.kubernetes,
        "pieces": list(of.pieces),
        "sources": {name: source.module.version for name, source in of.sources.items()},
        "images": dict(of.images),
    }


def _print_table(title: str, heads: Iterable[str], rows: Iterable[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    if not table.row_count:
        print(f"{title or 'versions'}: no difference")
        return
    Console().print(table)
