"""The engine's own linter, which validates as its controller does, has nothing to say of any Rollout that is made."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from components.compile import Compiled
from components.render import to_yaml
from localcluster.tools import tool_path

from .drawn import bases, outcome
from .variants import Combination, supported

_AT_ONCE = 2
COMBINATIONS = [one for one in supported() if one.engine.kind == "argo-rollouts"]


def _made(combination: Combination) -> Iterator[Compiled]:
    """Every app there is that this combination takes.

    Not of pods that others made, which the linter does not read: tests/cluster/test_examples.py has these.
    """
    for app in bases():
        made = outcome(app, combination.delivery)
        if isinstance(made, Compiled) and not made.plan.existing:
            yield made


def _lint(path: Path) -> str:
    command = [str(tool_path("kubectl-argo-rollouts")), "lint", "--filename", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    return said or (f"exit code {done.returncode}" if done.returncode else "")


def _written(path: Path, objects: Any) -> Path:
    path.write_text("---\n".join(to_yaml(one) for one in objects), encoding="utf-8")
    return path


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_the_linter_finds_nothing_in_any_rollout_that_is_made(combination: Combination, tmp_path: Path) -> None:
    files = [_written(tmp_path / f"{at}.yaml", made.manifests) for at, made in enumerate(_made(combination))]
    assert files, "no app of tests/contract/drawn.py fits"
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = {file.name: said for file, said in zip(files, pool.map(_lint, files), strict=True) if said}
    assert not found
