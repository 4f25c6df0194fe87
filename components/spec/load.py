"""From files to specs: reads, merges overrides, validates; every mistake of every file is reported at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .app import AppSpec
from .cluster import StackSpec
from .errors import PathPart, Problem, SpecError, explain, format_path, nearest
from .yaml_files import read_documents

NAMESPACE = "coalmine"
"""Prefix of the stack's configuration keys."""


@dataclass(frozen=True)
class Origin:
    """Where an app's values stand: its file, and the stack file for what the stack overrides."""

    file: str
    stack_file: str = ""
    app: str = ""
    overrides: Mapping[str, Any] | None = None

    def problem(self, path: Sequence[PathPart], message: str) -> Problem:
        """A Problem at the place where the user wrote the value."""
        if self.overrides and _is_overridden(path, self.overrides):
            return Problem(self.stack_file, format_path((f"{NAMESPACE}:overrides", self.app, *path)), message)
        return Problem(self.file, format_path(path), message)


@dataclass(frozen=True)
class LoadedApp:
    """A valid app and where it was written."""

    spec: AppSpec
    origin: Origin


@dataclass(frozen=True)
class LoadedStack:
    """A valid stack with its apps, in alphabetical order."""

    spec: StackSpec
    file: str
    apps: tuple[LoadedApp, ...]


def load_stack(root: Path, stack_file: Path) -> LoadedStack:
    """Reads `stacks/Pulumi.<stack>.yaml` and the apps it names, relative to `root`. Raises SpecError."""
    shown = _shown(stack_file, root)
    documents = read_documents(stack_file, shown)
    config = documents[0].get("config") if isinstance(documents[0], dict) else None
    if not isinstance(config, dict):
        raise SpecError([Problem(shown, "config", "is required: a mapping of configuration keys")])
    prefix = f"{NAMESPACE}:"
    return parse_stack(
        {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}, shown, root
    )


def parse_stack(raw: Mapping[str, Any], file: str, root: Path) -> LoadedStack:
    """Validates a stack's `coalmine:` keys and loads its apps. Raises SpecError with everything that is wrong."""
    problems: list[Problem] = []
    stack = None
    try:
        stack = StackSpec.model_validate(dict(raw))
    except ValidationError as error:
        for place, message in explain(error, StackSpec, dict(raw)):
            problems.append(Problem(file, f"{NAMESPACE}:{format_path(place)}", message))
    names = [name for name in _list_of(raw.get("apps")) if isinstance(name, str)]
    overrides = {k: v for k, v in _mapping_of(raw.get("overrides")).items() if isinstance(v, Mapping)}
    apps = list(_load_apps(names, overrides, file, root, problems))
    problems += _clashes(apps)
    known = [app.spec.name for app in apps]
    for name in overrides:
        if not problems and name not in known:
            path = format_path((f"{NAMESPACE}:overrides", name))
            problems.append(Problem(file, path, "no app of this name on this stack" + nearest(name, known)))
    if problems or stack is None:
        raise SpecError(problems)
    return LoadedStack(stack, file, tuple(sorted(apps, key=lambda app: app.spec.name)))


def load_app(path: Path, root: Path) -> list[LoadedApp]:
    """The apps in one file, without a stack. Raises SpecError."""
    problems: list[Problem] = []
    apps = list(_load_file(path, {}, "", root, problems))
    if problems:
        raise SpecError(problems)
    return apps


def merge(base: Any, change: Any) -> Any:
    """`change` merged into `base` key by key; null removes a key, lists are replaced whole."""
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    merged = dict(base)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged[key], value) if key in merged else value
    return merged


def _load_apps(
    names: Iterable[str], overrides: Mapping[str, Any], file: str, root: Path, problems: list[Problem]
) -> Iterator[LoadedApp]:
    for index, name in enumerate(names):
        paths = sorted(root.glob(name)) if _is_relative(name) else []
        if not paths:
            close = nearest(name, (_shown(path, root) for path in root.glob("apps/*.yaml")))
            problems.append(Problem(file, f"{NAMESPACE}:apps[{index}]", f"no such file '{name}'{close}"))
        for path in paths:
            yield from _load_file(path, overrides, file, root, problems)


def _load_file(
    path: Path, overrides: Mapping[str, Any], stack_file: str, root: Path, problems: list[Problem]
) -> Iterator[LoadedApp]:
    shown = _shown(path, root)
    try:
        documents = read_documents(path, shown)
    except SpecError as error:
        problems += error.problems
        return
    for raw in documents:
        name = raw.get("name") if isinstance(raw, dict) else None
        change = overrides.get(name) if isinstance(name, str) else None
        data = merge(raw, change) if change else raw
        origin = Origin(shown, stack_file, str(name), change)
        try:
            yield LoadedApp(AppSpec.model_validate(data), origin)
        except ValidationError as error:
            problems += [origin.problem(place, message) for place, message in explain(error, AppSpec, data)]


def _clashes(apps: Sequence[LoadedApp]) -> Iterator[Problem]:
    names: dict[str, LoadedApp] = {}
    hosts: dict[str, LoadedApp] = {}
    for app in apps:
        first = names.setdefault(app.spec.name, app)
        if first is not app:
            where = first.origin.file
            yield app.origin.problem(("name",), f"two apps are named '{app.spec.name}' (the other is in {where})")
            continue
        for index, host in enumerate(app.spec.traffic.hosts):
            if hosts.setdefault(host, app) is not app:
                other = hosts[host].spec.name
                yield app.origin.problem(("traffic", "hosts", index), f"'{host}' belongs to app '{other}' already")


def _is_overridden(path: Sequence[PathPart], overrides: Mapping[str, Any]) -> bool:
    here: Any = overrides
    for part in path:
        if not isinstance(here, Mapping):
            return True
        if part not in here:
            return False
        here = here[str(part)]
    return not isinstance(here, Mapping)


def _is_relative(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _list_of(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _mapping_of(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}
