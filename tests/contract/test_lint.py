"""The engine's own linter, which validates as its controller does, has nothing to say of any Rollout that is made."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.compile import Compiled
from tests.linter import lint

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


def _finding(file: Path, made: Compiled) -> str:
    done = lint(file, made.manifests)
    return done.stdout + done.stderr or (f"exit code {done.returncode}" if done.returncode else "")


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_the_linter_finds_nothing_in_any_rollout_that_is_made(combination: Combination, tmp_path: Path) -> None:
    made = {tmp_path / f"{at}.yaml": one for at, one in enumerate(_made(combination))}
    assert made, "no app of tests/contract/drawn.py fits"
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        said = zip(made, pool.map(_finding, made.keys(), made.values()), strict=True)
        found = {file.name: finding for file, finding in said if finding}
    assert not found
