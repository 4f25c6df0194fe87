"""The Pulumi stack of a local cluster, in a file back end inside the cluster's state folder."""

import os
import subprocess
from pathlib import Path

from .shell import exports
from .state import REPO, LocalClusterError, StateDir
from .tools import ToolMissing, tool_path

STACK = "local"


def ensure(state: StateDir, project: Path = REPO) -> bool:
    """Create the stack in the back end unless it is there. False when there is no project or no pulumi to do it with.

    Raises LocalClusterError when pulumi refuses.
    """
    if any(state.pulumi.glob(f".pulumi/stacks/*/{STACK}.json")):
        return True
    try:
        pulumi = str(tool_path("pulumi"))
    except ToolMissing:
        return False
    if not (project / "Pulumi.yaml").is_file():
        return False
    made = subprocess.run(
        [pulumi, "stack", "init", STACK, "--non-interactive", "--no-select"],
        cwd=project,
        env={**os.environ, **exports(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        lines = made.stderr.strip().splitlines() or ["no reason given"]
        raise LocalClusterError(f"pulumi stack init {STACK}: {lines[-1]}")
    return True
