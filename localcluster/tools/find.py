"""Finding a pinned program without building anything."""

import re
import shutil
from pathlib import Path

from components.releases import GoModule, Tool, Wheel
from components.releases import tool as row_of

from .asked import version_answer
from .identity import built_path
from .layout import SET_UP, site_packages


class ToolMissing(Exception):
    """A pinned program is neither on PATH nor in the cache; the text is one line with the remedy."""


def tool_path(name: str) -> Path:
    """Where a tool is: on PATH if the pinned version is there, else in the cache (Envoy: in the environment first).

    Raises ToolMissing when it has to be built first, KeyError for a name that is not in the table.
    """
    found = find(row_of(name))
    if found is None:
        raise ToolMissing(f"{name} in its pinned version is neither on PATH nor in the cache: run `{SET_UP}`")
    return found


def find(tool: Tool) -> Path | None:
    """The same as `tool_path` for a row of the table, None when the tool is missing."""
    if isinstance(tool.source, Wheel) and (inside := _in_wheel(tool.source)):
        # Before PATH: there an active environment has a script of Python's, which no pod's view of the files can run.
        return inside
    on_path = shutil.which(tool.executable)
    if on_path and is_pinned(tool, version_answer(Path(on_path), tool.version_arguments)):
        return Path(on_path)
    if isinstance(tool.source, GoModule):
        built = built_path(tool.source, tool)
        return built if built.is_file() else None
    return None


def is_pinned(tool: Tool, answer: str) -> bool:
    """Whether a program's answer names the pinned version, as a whole number: 1.40.0 is not in 11.40.0 or 1.40.01."""
    return re.search(rf"(?<![\d.]){re.escape(tool.version_text)}(?![\d]|\.\d)", answer) is not None


def _in_wheel(wheel: Wheel) -> Path | None:
    packages = site_packages()
    if packages is None:
        return None
    installed = packages / f"{wheel.distribution.replace('-', '_')}-{wheel.version}.dist-info"
    program = packages / wheel.program
    return program if installed.is_dir() and program.is_file() else None
