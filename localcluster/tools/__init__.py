"""Where the pinned programs are: on PATH, in the project's cache, or built from their Go modules.

Standard library only: the set-up runs this under the system's Python. The folders beside this file hold one go.mod and
go.sum per Go module.
"""

from .ensure import BuildsFailed, ensure, missing
from .find import ToolMissing, tool_path
from .layout import cache_dir
from .modules import module_dir
from .toolchain import ToolchainFailed

__all__ = [
    "BuildsFailed",
    "ToolMissing",
    "ToolchainFailed",
    "cache_dir",
    "ensure",
    "missing",
    "module_dir",
    "tool_path",
]
