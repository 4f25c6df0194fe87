"""Runs the real `coalmine` command, as a user does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def coalmine(
    *arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command's exit code and what it wrote; a wide terminal, so that nothing is wrapped."""
    command = [Path(sys.executable).parent / "coalmine", *arguments]
    full = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=full, timeout=60, check=False)
