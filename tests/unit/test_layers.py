"""The layers of the library: who may import whom. That every module has its place is a rule of the linter itself."""

import subprocess
import sys
from pathlib import Path

from tests.specs import ROOT


def test_the_layers_hold() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
