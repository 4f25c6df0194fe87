"""The unpacked sources of a tool's Go module: release manifests and charts are read from there."""

import json
import subprocess
from pathlib import Path

from components.releases import go_module

from .identity import go_mod_dir
from .process import Children
from .toolchain import ToolchainFailed, ensure_go, go_environment

_DOWNLOAD_SECONDS = 600


def module_dir(name: str) -> Path:
    """The folder of a module's sources in the module cache, downloaded and checked against go.sum if needed.

    Raises KeyError for a name that is not in the table, ToolchainFailed with one line when it cannot be downloaded.
    """
    module = go_module(name)
    go = ensure_go(Children())
    try:
        answer = subprocess.run(
            [go, "mod", "download", "-json", module.path],
            cwd=go_mod_dir(module),
            env=go_environment(),
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolchainFailed(f"{module.path} {module.version} was not downloaded in {_DOWNLOAD_SECONDS} s") from None
    facts = json.loads(answer.stdout) if answer.stdout.strip() else {}
    if answer.returncode != 0 or "Dir" not in facts:
        reason = str(facts.get("Error") or answer.stderr).strip().replace("\n", "; ")
        raise ToolchainFailed(f"{module.path} {module.version} cannot be downloaded, check GOPROXY: {reason}")
    return Path(facts["Dir"])
