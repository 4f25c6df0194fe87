"""Bundles: named, tested sets of versions of all that the platform installs; one file each, found by being there.

The newest one has no file: it is the table itself (releases.py, platform/sources.py, platform/images.py), which the
local cluster and CI run. `python -m components.platform.freeze` writes the file of one that is no more the newest, with
digests of what was fetched; nobody types any.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..releases import GoModule

NEWEST = "2026.12"
"""Name of the table's versions, which a stack gets unless it chooses others."""

_FILES = Path(__file__).parent


@cache
def names() -> tuple[str, ...]:
    """Every bundle, the newest first."""
    return (NEWEST, *sorted((file.stem for file in _FILES.glob("*.yaml")), reverse=True))


@cache
def frozen(name: str) -> Mapping[str, Any]:
    """What the file of a bundle says. Raises KeyError for the newest, which has none, and for an unknown name."""
    if name == NEWEST or name not in names():
        raise KeyError(name)
    loaded: Mapping[str, Any] = yaml.load(file_of(name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


def file_of(name: str) -> Path:
    """Where a bundle's versions stand once it is not the newest."""
    return _FILES / f"{name}.yaml"


def version(name: str, module: GoModule) -> str:
    """The version of a Go module in a bundle. Raises KeyError for a bundle without it."""
    if name == NEWEST:
        return module.version
    return {str(one["module"]): str(one["version"]) for one in frozen(name)["sources"].values()}[module.path]
