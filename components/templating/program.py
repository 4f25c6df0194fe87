"""Finds the pinned release of a program on PATH, and runs it apart from what its user has set up for it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ..releases import GoModule

_SECONDS = 60


class TemplatingError(Exception):
    """What was to be rendered cannot be; one line with the reason or the remedy."""


def series(module: GoModule) -> str:
    """The minor release: patch releases render alike, and a program built from its module may name no patch release."""
    return module.version.rsplit(".", 1)[0]


def pinned(module: GoModule, renders: str, *version: str) -> str:
    """The program named like its module, of the pinned minor release. Raises TemplatingError.

    `renders`: what it is needed for; `version`: the arguments by which it says its version.
    """
    wanted = series(module)
    remedy = f'{module.name} {wanted} renders {renders}: put it on PATH (`eval "$(coalmine local env)"` does)'
    found = shutil.which(module.name)
    if found is None:
        raise TemplatingError(f"{remedy}; there is none")
    said = _version(found, version, Path(found).stat().st_mtime_ns)
    if said != wanted and not said.startswith(f"{wanted}."):
        raise TemplatingError(f"{remedy}; the one there is {said}")
    return found


@lru_cache(maxsize=8)
def _version(program: str, arguments: Sequence[str], _changed: int) -> str:
    return run([program, *arguments], Path.cwd(), {}).strip()


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """What a program writes, run in a folder with these variables beside its own. Raises TemplatingError."""
    name = f"{Path(command[0]).name} {command[1]}"
    try:
        ran = subprocess.run(
            command,
            env={**os.environ, **environment},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise TemplatingError(f"{name} did not end within {_SECONDS} s") from None
    except OSError as error:
        raise TemplatingError(f"{Path(command[0]).name} cannot be run: {error}") from None
    if ran.returncode != 0:
        said = [line for line in ran.stderr.splitlines() if line.strip() and not line.startswith("Use --debug")]
        raise TemplatingError(f"{name} failed: {said[-1] if said else 'no message'}")
    return ran.stdout
