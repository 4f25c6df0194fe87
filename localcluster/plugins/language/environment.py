"""Stand-in for pulumi-language-python: which Python runs a program, from the runtime options of Pulumi.yaml."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..wire.errors import PluginError, UnsupportedError

_KNOWN_OPTIONS = ("toolchain", "virtualenv")


class PythonEnvironmentError(PluginError):
    """The Python of a program cannot be used; the text says what to do."""


@dataclass(frozen=True)
class PythonEnvironment:
    """The Python of a program: `python` is its path, `virtualenv` the folder or None where none was asked for."""

    python: str
    virtualenv: Path | None

    def variables(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment with the virtual environment activated, as its activate script would."""
        result = dict(base)
        if self.virtualenv is not None:
            result["VIRTUAL_ENV"] = str(self.virtualenv)
            result["PATH"] = os.pathsep.join([str(self.virtualenv / "bin"), base.get("PATH", "")])
            result.pop("PYTHONHOME", None)
        return result


def resolve(root: str, options: Mapping[str, Any], default_virtualenv: str = "") -> PythonEnvironment:
    """The Python for a program below `root`; raises PluginError for an unusable or unsupported option."""
    toolchain = str(options.get("toolchain") or "pip")
    if toolchain != "pip":
        raise UnsupportedError(f"the runtime option 'toolchain: {toolchain}'")
    unknown = sorted(set(options) - set(_KNOWN_OPTIONS))
    if unknown:
        raise UnsupportedError(f"the runtime option '{unknown[0]}'")
    name = str(options.get("virtualenv") or default_virtualenv)
    if not name:
        return PythonEnvironment(_system_python(), None)
    folder = Path(os.path.normpath(Path(root) / name))
    python = folder / "bin" / "python"
    if not python.exists():
        raise PythonEnvironmentError(_broken(name, folder))
    return PythonEnvironment(str(python), folder)


def _system_python() -> str:
    command = os.environ.get("PULUMI_PYTHON_CMD") or "python3"
    found = shutil.which(command) or shutil.which("python")
    if found is None:
        raise PythonEnvironmentError(
            f"'{command}' was not found on PATH: install Python or set 'virtualenv' in Pulumi.yaml"
        )
    return found


def _broken(name: str, folder: Path) -> str:
    problem = "is not a virtual environment" if folder.is_dir() else "does not exist"
    return (
        f"the 'virtualenv' option in Pulumi.yaml is set to \"{name}\", but {folder} {problem}: "
        f"create it with 'python3 -m venv {folder}' and install the program's dependencies into it"
    )
