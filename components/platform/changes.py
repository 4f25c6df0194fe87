"""What another bundle changes: versions, the objects of a stack, and the fields of its custom resource definitions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..compile import compile_stack
from ..manifests.generated import filled
from ..manifests.meta import Manifest
from ..record import record
from ..spec.cluster import StackSpec
from ..spec.load import LoadedStack
from .bundle import Bundle, bundle
from .git_sources import git_orders, git_sources
from .namespaces import namespaces
from .piece import CLUSTER_DEFINITIONS, pieces_of

_ADDED, _CHANGED, _REMOVED = "added", "changed", "removed"
_APPS = "apps"


@record
class Version:
    """A version that differs. Fields: `name`: upstream files, or an image's repository; `old`, `new`: "" for none."""

    name: str
    old: str
    new: str


@record
class Changed:
    """An object that differs.

    Fields: `piece`: what it belongs to, `apps` for those of apps; `change`: added, changed or removed; `fields`: the
    paths that differ, each with what it says before and after.
    """

    piece: str
    kind: str
    namespace: str
    name: str
    change: str
    fields: tuple[tuple[str, str, str], ...] = ()


@record
class Definition:
    """A custom resource definition that differs.

    Fields: `versions`, `fields`: of its schema, those that are gone with a `-` before them, new ones with a `+`;
    `fields` begin with their version.
    """

    name: str
    change: str
    versions: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def versions(old: Bundle, new: Bundle) -> list[Version]:
    """The versions that differ: of upstream files by name, then of images by repository."""
    before, after = (_versions(one) for one in (old, new))
    files = sorted({*old.sources, *new.sources})
    names = [*files, *sorted({*before, *after}.difference(files))]
    return [
        Version(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _versions(of: Bundle) -> dict[str, str]:
    return {name: source.module.version for name, source in of.sources.items()} | dict(of.images)


def in_bundle(stack: StackSpec, name: str) -> StackSpec:
    """A stack as it is with another bundle."""
    platform = stack.platform.model_copy(update={"bundle": name})
    return stack.model_copy(update={"platform": platform, "delivery": stack.delivery.of_bundle(name)})


def objects_of(loaded: LoadedStack, name: str) -> dict[str, list[Manifest]]:
    """Every object of a stack with a bundle, by piece; those of its apps under `apps`.

    Pieces that the bundle does not have are left out. Raises SourceError, and SpecError for what its apps cannot do.
    """
    stack, chosen = in_bundle(loaded.spec, name), bundle(name)
    apps = [app.spec for app in loaded.apps]
    found = {"namespaces": namespaces(stack, apps)}
    for piece in pieces_of(stack):
        if piece.name in chosen.pieces:
            found[piece.name] = [_without_secrets(item) for stage in piece.all_stages(stack, apps) for item in stage]
    found["git-sources"] = [_without_secrets(item) for item in (*git_sources(stack, apps), *git_orders(stack))]
    compiled = compile_stack(LoadedStack(stack, loaded.file, loaded.apps))
    return {**found, _APPS: [item for app in compiled for item in app.manifests]}


def _without_secrets(item: Manifest) -> Manifest:
    return filled(item, lambda _secret: "[secret]")


Objects = Mapping[str, Sequence[Manifest]]


def objects(old: Objects, new: Objects) -> list[Changed]:
    """The objects that differ, but for custom resource definitions."""
    before, after = (dict(_places(one, definitions=False)) for one in (old, new))
    found = []
    for place in dict.fromkeys([*before, *after]):
        fields = tuple(_differences(before.get(place), after.get(place)))
        if fields:
            change = _change(place in before, place in after)
            found.append(Changed(*place, change, fields if change == _CHANGED else ()))
    return found


def definitions(old: Objects, new: Objects) -> list[Definition]:
    """The custom resource definitions that differ."""
    before, after = ({place[-1]: one for place, one in _places(each, definitions=True)} for each in (old, new))
    found = []
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            schemas = [_schemas(each.get(name)) for each in (before, after)]
            fields = [{f"{version} {path}" for version in one for path in _paths(one[version])} for one in schemas]
            change = _change(name in before, name in after)
            seen = change == _CHANGED
            found.append(Definition(name, change, _signed(*schemas), _signed(*fields) if seen else ()))
    return found


def _change(before: bool, after: bool) -> str:
    return _CHANGED if before and after else _ADDED if after else _REMOVED


def _places(of: Objects, *, definitions: bool) -> Iterator[tuple[tuple[str, str, str, str], Manifest]]:
    for piece, items in of.items():
        for item in items:
            if (item["kind"] == CLUSTER_DEFINITIONS) is definitions:
                meta = item["metadata"]
                yield (piece, item["kind"], meta.get("namespace", ""), meta["name"]), item


def _differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, before and after of every leaf that differs; of lists of another length the whole list."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif old != new:
        yield path, _short(old), _short(new)


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    return text if len(text) <= 60 and "\n" not in text else f"{len(text)} characters"


def _schemas(definition: Manifest | None) -> dict[str, Any]:
    """The schema of each version of a definition."""
    listed = definition["spec"]["versions"] if definition else []
    return {one["name"]: one.get("schema", {}).get("openAPIV3Schema", {}) for one in listed}


def _paths(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every field below a schema; `[]` stands for the items of a list, `*` for any key."""
    for name, inside in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from _paths(inside, here)
    for key, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(schema.get(key), Mapping):
            yield from _paths(schema[key], path + mark)


def _signed(old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    before, after = set(old), set(new)
    return (*(f"-{one}" for one in sorted(before - after)), *(f"+{one}" for one in sorted(after - before)))
