"""From files to specs: reads, merges overrides, validates; every mistake of every file is reported at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..record import record
from .app import AppSpec
from .cluster import StackSpec
from .errors import Problem, SpecError, closest, explain, format_path, nearest
from .merging import merge
from .origin import NAMESPACE, Origin
from .yaml_files import read_documents

DIGESTS_KEY = "platform.image_digests"


@record
class LoadedApp:
    """A valid app and where it was written. Fields: `notes`: what to know of how it was read, a sentence each."""

    spec: AppSpec
    origin: Origin
    notes: tuple[str, ...] = ()


@record
class LoadedStack:
    """A valid stack with its apps, in alphabetical order."""

    spec: StackSpec
    file: str
    apps: tuple[LoadedApp, ...]


AppCheck = Callable[[LoadedApp, StackSpec], Iterable[Problem]]
"""What else is wrong with a valid app on a stack, e.g. `components.compile.StackCheck()`; by name."""


def load_stack(
    root: Path, stack_file: Path, check: AppCheck | None = None, *, without_digests: bool = False
) -> LoadedStack:
    """Reads `stacks/Pulumi.<stack>.yaml` and the apps it names, relative to `root`. Raises SpecError.

    `without_digests`: as if it gave no digests of images, whose file may be missing or old.
    """
    shown = _shown(stack_file, root)
    documents = read_documents(stack_file, shown)
    if len(documents) > 1:
        raise SpecError([Problem(shown, "", f"holds {len(documents)} documents: a stack is one, without '---'")])
    config = documents[0].get("config") if isinstance(documents[0], dict) else None
    if not isinstance(config, dict):
        raise SpecError([Problem(shown, "config", "is required: a mapping of configuration keys")])
    prefix = f"{NAMESPACE}:"
    raw = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    if without_digests and isinstance(raw.get("platform"), dict):
        raw["platform"] = {key: value for key, value in raw["platform"].items() if key != "image_digests"}
    return parse_stack(raw, shown, root, check)


def parse_stack(raw: Mapping[str, Any], file: str, root: Path, check: AppCheck | None = None) -> LoadedStack:
    """Validates a stack's `coalmine:` keys and loads its apps.

    Raises SpecError with everything that is wrong, what `check` finds included.
    """
    problems: list[Problem] = []
    raw = _with_digests(raw, file, root, problems)
    stack = None
    try:
        stack = StackSpec.model_validate(dict(raw))
    except ValidationError as error:
        for place, message in explain(error, StackSpec, dict(raw)):
            problems.append(Problem(file, f"{NAMESPACE}:{format_path(place)}", message))
    origins: list[Origin] = []
    apps: list[LoadedApp] = []
    for written in _read_apps(raw, file, root, problems):
        # What was written is let go at once: of many apps it would be most of the memory.
        origins.append(written.origin)
        apps += _valid(written, root, stack.cluster.kubernetes if stack else "", problems)
    problems += _clashes(origins, apps)
    apps.sort(key=lambda app: app.spec.name)
    if stack and check:
        problems += [problem for app in apps for problem in check(app, stack)]
    if problems or stack is None:
        raise SpecError(problems)
    return LoadedStack(stack, file, tuple(apps))


def _with_digests(raw: Mapping[str, Any], file: str, root: Path, problems: list[Problem]) -> Mapping[str, Any]:
    """The keys with what stands in the file that `platform.image_digests` names."""
    platform = raw.get("platform")
    name = platform.get("image_digests") if isinstance(platform, Mapping) else None
    if not isinstance(name, str):
        return raw
    digests: Any = {}
    if not _is_inside(name) or not (root / name).is_file():
        mend = "`coalmine bundle resolve` writes it, below the project's folder"
        problems.append(Problem(file, f"{NAMESPACE}:{DIGESTS_KEY}", f"no such file '{name}': {mend}"))
    else:
        try:
            [digests] = read_documents(root / name, name)
        except SpecError as error:
            problems += error.problems
        except ValueError:
            problems.append(Problem(name, "", "holds several documents: it is one mapping of images to digests"))
    return {**raw, "platform": {**(platform or {}), "image_digests": digests}}


def load_app(path: Path, root: Path) -> list[LoadedApp]:
    """The apps in one file, without a stack. Raises SpecError."""
    problems: list[Problem] = []
    apps = [app for one in _read_file(path, {}, "", root) for app in _valid(one, root, "", problems)]
    if problems:
        raise SpecError(problems)
    return apps


@record
class _Written:
    """An app as it was written, with the stack's overrides, not validated yet."""

    origin: Origin
    data: Any

    @property
    def name(self) -> str:
        return self.origin.app


def _read_apps(raw: Mapping[str, Any], file: str, root: Path, problems: list[Problem]) -> Iterator[_Written]:
    overrides = {k: v for k, v in _mapping_of(raw.get("overrides")).items() if isinstance(v, Mapping)}
    known: set[str] = set()
    unread = len(problems)
    apps = _mapping_of(raw.get("apps"))
    listed = _list_of(apps.get("files") if apps else raw.get("apps"))
    place = f"{NAMESPACE}:apps{'.files' if apps else ''}"
    paths = _app_files(listed, file, place, root, problems)
    complete = len(problems) == unread
    for path in paths:
        try:
            for written in _read_file(path, overrides, file, root):
                known.add(written.name)
                yield written
        except SpecError as error:
            problems += error.problems
            complete = False
    if complete:
        for key, named in (("overrides", overrides), ("apps.via", _mapping_of(apps.get("via")))):
            for name in named.keys() - known:
                place = format_path((f"{NAMESPACE}:{key}", name))
                problems.append(Problem(file, place, "no app of this name on this stack" + nearest(str(name), known)))


def _app_files(names: Iterable[Any], file: str, place: str, root: Path, problems: list[Problem]) -> list[Path]:
    """The files that the stack names at a place, each once, in the order they are named."""
    found: dict[Path, None] = {}
    for index, name in enumerate(names):
        if not isinstance(name, str) or not name:
            continue  # the model says so
        paths = _matching(name, root) if _is_inside(name) else []
        files = [path for path in paths if path.is_file()]
        found |= dict.fromkeys(files)
        if not files:
            problems.append(Problem(file, f"{place}[{index}]", _not_a_file(name, paths, root)))
    return list(found)


def _matching(name: str, root: Path) -> list[Path]:
    # Path.glob raises for patterns that a user may write, like '**.yaml'.
    return [root / path for path in sorted(glob(name, root_dir=root, recursive=True))]  # noqa: PTH207


def _not_a_file(name: str, paths: Sequence[Path], root: Path) -> str:
    if not _is_inside(name):
        return f"'{name}' must be a path below the project's folder, like 'apps/shop.yaml'"
    if paths:
        return f"'{name}' is a folder: write '{name.rstrip('/')}/*.yaml' for the files in it"
    there = {path.stem: _shown(path, root) for path in sorted(root.glob("apps/*.yaml"))}
    # By the stem alone: folder and suffix would make all names alike.
    close = closest(Path(name).stem, there)
    hint = f" (did you mean '{there[close]}'?)" if close else f" (known: {', '.join(there.values()) or 'none'})"
    return f"no such file '{name}'{hint}"


def _read_file(path: Path, overrides: Mapping[str, Any], stack_file: str, root: Path) -> Iterator[_Written]:
    shown = _shown(path, root)
    documents = read_documents(path, shown)
    names = [_name_in(raw) for raw in documents]
    for number, (name, raw) in enumerate(zip(names, documents, strict=True), start=1):
        change = overrides.get(name)
        unique = name and names.count(name) == 1
        label = (name if unique else f"document {number}") if len(documents) > 1 else ""
        origin = Origin(shown, stack_file, name, change, label)
        yield _Written(origin, merge(raw, change) if change else raw)


def _name_in(raw: Any) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return name if isinstance(name, str) else ""


def _valid(app: _Written, root: Path, kubernetes: str, problems: list[Problem]) -> list[LoadedApp]:
    """The app as a list of one; empty where it is not valid, and `problems` say why."""
    try:
        spec = AppSpec.model_validate(app.data)
        if spec.workload.packaged is None:
            return [LoadedApp(spec, app.origin)]
        # Only here: whoever has no charts need not load what renders them.
        from .unpacking import unpacked

        return [LoadedApp(*unpacked(spec, app.data, app.origin, root, kubernetes))]
    except ValidationError as error:
        problems += [app.origin.problem(place, message) for place, message in explain(error, AppSpec, app.data)]
    except SpecError as error:
        problems += error.problems
    return []


def _clashes(origins: Iterable[Origin], apps: Iterable[LoadedApp]) -> Iterator[Problem]:
    names: dict[str, Origin] = {}
    for one in origins:
        first = names.setdefault(one.app, one)
        if first is not one and one.app:
            yield one.problem(("name",), f"two apps are named '{one.app}' (the other is in {first.file})")
    hosts: dict[str, str] = {}
    for app in apps:
        for index, host in enumerate(app.spec.traffic.hosts):
            other = hosts.setdefault(host, app.spec.name)
            if other != app.spec.name:
                yield app.origin.problem(("traffic", "hosts", index), f"'{host}' belongs to app '{other}' already")


def _is_inside(name: str) -> bool:
    return bool(name) and "\0" not in name and not Path(name).is_absolute() and ".." not in Path(name).parts


def _shown(path: Path, root: Path) -> str:
    return path.as_posix().removeprefix(f"{root.as_posix()}/")


def _list_of(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _mapping_of(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}
