"""Whether the registries answer, asked through the clients that will fetch from them."""

import os
import subprocess
import tempfile
from pathlib import Path

from components.releases import GoModule
from localcluster.tools.process import Children
from localcluster.tools.toolchain import ToolchainFailed, ensure_go, go_environment

from .environment import PYTHON, first_requirement

_ANSWER_SECONDS = 60


def package_index_lack() -> str | None:
    """One line when pip cannot fetch the first dependency; None when it can."""
    with tempfile.TemporaryDirectory() as scratch:
        requirement = Path(scratch) / "requirement.txt"
        requirement.write_text(first_requirement())
        download = ["download", "--no-deps", "--require-hashes", "--no-cache-dir", "--retries", "1"]
        said = _failure(
            [PYTHON, "-m", "pip", "--disable-pip-version-check", *download, "-d", scratch, "-r", requirement],
            Path(scratch),
            dict(os.environ),
        )
    return said and f"pip cannot fetch from the package index: check the network and pip's settings ({said})"


def module_proxy_lack(module: GoModule, children: Children) -> str | None:
    """One line when Go, or a first module through it, cannot be fetched; None when both can."""
    try:
        go = ensure_go(children)
    except ToolchainFailed as failure:
        return str(failure)
    with tempfile.TemporaryDirectory() as scratch:
        # An empty module cache makes Go ask the network; only the few bytes of the module's description are fetched.
        said = _failure(
            [go, "list", "-m", "-json", f"{module.path}@{module.version}"],
            Path(scratch),
            go_environment() | {"GOMODCACHE": str(Path(scratch) / "mod")},
        )
    return said and f"the Go module proxy does not serve {module.path}: check the network and GOPROXY ({said})"


def _failure(command: list[str | Path], folder: Path, environment: dict[str, str]) -> str | None:
    try:
        answer = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_ANSWER_SECONDS} s"
    if answer.returncode == 0:
        return None
    return (answer.stderr.strip().splitlines() or ["no message"])[-1][:200]
