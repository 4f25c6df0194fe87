"""The digests of the images that a stack's platform runs, found in its registries and kept in a file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ..spec.errors import Problem, SpecError
from ..spec.load import LoadedStack
from ..spec.origin import NAMESPACE
from .bundle import bundle_of
from .cache import write_whole
from .piece import pieces_of
from .registry import RegistryError, digest_of
from .sources import SourceError

_HEAD = """# Digests of the platform's images, as their registries gave them.
# Written by `coalmine bundle resolve --stack {stack}`, to be run again whenever the bundle or the mirror changes.
"""
_RUNS_PODS = frozenset({"DaemonSet", "Deployment", "Job", "StatefulSet"})


def resolved(loaded: LoadedStack) -> dict[str, str]:
    """The digest of every image of a stack's platform, by its public name; each is asked where the stack has it.

    Raises SpecError with every image whose digest is not to be had.
    """
    problems: list[Problem] = []
    digests: dict[str, str] = {}
    chosen = bundle_of(loaded.spec)
    try:
        images = sorted(set(_images(loaded)))
    except SourceError as error:
        raise SpecError([Problem(loaded.file, f"{NAMESPACE}:{error.path or 'platform'}", str(error))]) from None
    for image in images:
        try:
            digests[chosen.public(image)] = digest_of(image)
        except RegistryError as error:
            problems.append(Problem(loaded.file, f"{NAMESPACE}:platform", str(error)))
    if problems:
        raise SpecError(problems)
    return digests


def _images(loaded: LoadedStack) -> Iterator[str]:
    for piece in pieces_of(loaded.spec):
        for stage in piece.stages(loaded.spec):
            for item in stage:
                if item["kind"] in _RUNS_PODS:
                    yield from _of_pod(item["spec"]["template"]["spec"])


def _of_pod(pod: Mapping[str, Any]) -> Iterator[str]:
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        yield container["image"]


def written(file: Path, digests: Mapping[str, str], stack: str) -> None:
    """Writes digests whole. Raises OSError."""
    text = yaml.safe_dump(dict(digests), width=10**9)
    write_whole(file, (_HEAD.format(stack=stack) + text).encode())
