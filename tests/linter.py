"""Runs Argo Rollouts' own linter, which validates as its controller does."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from components.manifests.meta import Manifest
from components.render import to_yaml
from localcluster.tools import tool_path


def lint(path: Path, manifests: Iterable[Manifest]) -> subprocess.CompletedProcess[str]:
    """What it says of an app's objects, written to one file, so that it follows the references between them."""
    path.write_text("---\n".join(to_yaml(manifest) for manifest in manifests), encoding="utf-8")
    command = [str(tool_path("kubectl-argo-rollouts")), "lint", "--filename", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
