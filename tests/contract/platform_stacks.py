"""The manifests of everything that this repository's stacks install, made with the pinned helm.

Beside the stacks in stacks/ there are those of the examples whose clusters have both engines, Argo CD, Flux, and
channels.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from components.compile import Compiled, check_app, compile_stack
from components.discovery import discover
from components.git_tree import ByGit
from components.manifests.generated import filled
from components.platform.git_sources import git_orders, git_sources
from components.platform.namespaces import namespaces
from components.platform.piece import pieces_of
from components.spec.load import LoadedStack, load_stack
from tests.specs import put_on_path

ROOT = Path(__file__).parents[2]
BOTH_ENGINES = "both-engines"
_FILES = {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in (ROOT / "stacks").glob("Pulumi.*")}
_FILES[BOTH_ENGINES] = ROOT / "examples" / BOTH_ENGINES / "stacks" / "Pulumi.example.yaml"
_FILES["gitops"] = ROOT / "examples" / "gitops" / "stacks" / "Pulumi.example.yaml"
_FILES["gitops-large"] = ROOT / "examples" / "gitops" / "stacks" / "Pulumi.production.yaml"
_FILES["flux"] = ROOT / "examples" / "flux" / "stacks" / "Pulumi.example.yaml"
_FILES["contour"] = ROOT / "examples" / "contour" / "stacks" / "Pulumi.example.yaml"
_FILES["admission"] = ROOT / "examples" / "admission" / "stacks" / "Pulumi.example.yaml"
_FILES["notifications"] = ROOT / "examples" / "notifications" / "stacks" / "Pulumi.example.yaml"
STACKS = sorted(_FILES)

Manifest = dict[str, Any]


@cache
def stack(name: str) -> LoadedStack:
    """One of this repository's stacks."""
    discover()
    file = _FILES[name]
    return load_stack(file.parents[1], file, check_app)


def with_helm() -> None:
    """Puts the pinned helm on PATH."""
    put_on_path("helm")


def installed(loaded: LoadedStack) -> dict[str, list[Manifest]]:
    """What a stack's platform consists of, by piece."""
    with_helm()
    apps = [app.spec for app in loaded.apps]
    made = {"namespaces": namespaces(loaded.spec, apps)}
    for piece in pieces_of(loaded.spec):
        made[piece.name] = [_with_a_password(item) for stage in piece.all_stages(loaded.spec, apps) for item in stage]
    made["git-sources"] = [*git_sources(loaded.spec, apps), *git_orders(loaded.spec)]
    return made


def _with_a_password(item: Manifest) -> Manifest:
    """The object as a cluster gets it: Pulumi fills in what is generated."""
    return filled(item, lambda password: f"generated-{password.name}")


@cache
def everything(name: str) -> tuple[Manifest, ...]:
    """Every object of a stack: the platform's and the apps', in creation order."""
    loaded = stack(name)
    platform = [item for items in installed(loaded).values() for item in items]
    apps = [item for compiled in compile_stack(loaded) for item in (*_brought(loaded, compiled), *compiled.manifests)]
    return (*platform, *apps)


def _brought(loaded: LoadedStack, compiled: Compiled) -> Iterator[Manifest]:
    """What has the stack's GitOps engine bring an app."""
    by_git = ByGit.of(loaded.spec)
    if by_git is not None:
        app = by_git.delivered(compiled, loaded.spec.delivery)
        yield from (*by_git.engine.accounts(app), by_git.engine.delivery(app, "delivering"))


def images(item: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and value of every image that an object names, wherever it stands."""
    if isinstance(item, dict) and item.get("kind") == "ImageRepository":
        return  # Its tags are looked at; nothing runs it.
    if isinstance(item, dict):
        for key, value in item.items():
            if key == "image" and isinstance(value, str):
                yield f"{path}.{key}", value
            yield from images(value, f"{path}.{key}")
    elif isinstance(item, list):
        for index, value in enumerate(item):
            yield from images(value, f"{path}[{index}]")
