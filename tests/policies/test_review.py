"""`coalmine review` on the real engine: a pull request that is good, one that is not, and one that nothing judges."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .project import ROOT

_PARTS = ("__main__.py", "Pulumi.yaml", "apps", "components", "policies", "stacks")
_ENTRY = "from components.cli import main; main()"


def _git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This project as a repository with one commit."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for part in _PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / ".gitignore").write_text(".venv\n")
    (folder / ".venv").symlink_to(sys.prefix)
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def _review(folder: Path) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and comment. The kubeconfig names a cluster that must not be asked."""
    environment = {**os.environ, "KUBECONFIG": str(folder / "nobody-reads-this.yaml"), "PYTHONPATH": str(ROOT)}
    out = folder.parent / "comment.md"
    command = [sys.executable, "-c", _ENTRY, "review", "--root", str(folder), "--base", "main", "--out", str(out)]
    ran = subprocess.run(
        [*command, "--json"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.stdout, ran.stderr
    return ran.returncode, json.loads(ran.stdout), out.read_text(encoding="utf-8")


def _change_search(folder: Path, **delivery: Any) -> None:
    """Changes the delivery of an app on staging only, so that one preview is enough."""
    file = folder / "stacks" / "Pulumi.staging.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config["config"]["coalmine:overrides"]["search"]["delivery"].update(delivery)
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def test_a_good_change_passes_with_its_release_in_words_and_leaves_the_checkout_alone(clone: Path) -> None:
    steps = [{"weight": 2, "hold": "10m"}, {"weight": 25, "hold": "10m"}, {"weight": 50, "hold": "10m"}]
    _change_search(clone, steps=steps)
    changed = _git(clone, "diff")
    code, review, comment = _review(clone)
    assert (code, review["verdict"]) == (0, "staging: may go on"), comment
    [staging] = review["stacks"]
    assert [plan["app"] for plan in staging["plans"]] == ["search"]
    # Three apps, each with a Rollout (five rules about it, two with the stack's help) and an AnalysisTemplate.
    assert staging["judged"] == {"rules": 8, "objects": 6, "evaluations": 3 * 5 + 3 + 2}, comment
    assert "| 1 | 2% | 10m | 5 times, every 2m | 2 checks fail |" in comment
    assert (_git(clone, "diff"), _git(clone, "status", "--short")) == (changed, " M stacks/Pulumi.staging.yaml\n")


def test_a_bad_change_fails_with_the_right_policy(clone: Path) -> None:
    _change_search(clone, steps=[{"weight": 20, "hold": "10m"}, {"weight": 50, "hold": "10m"}])
    code, review, comment = _review(clone)
    assert (code, review["verdict"]) == (1, "staging: refused by first-step-weight"), comment
    assert "- **refused** `first-step-weight`: Rollout search/search: the first weight is 20 %" in comment


def test_a_preview_that_evaluated_no_rule_on_no_object_fails(clone: Path) -> None:
    file = clone / "stacks" / "Pulumi.local.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config["config"] |= {"coalmine:apps": [], "coalmine:overrides": {}}
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    code, review, comment = _review(clone)
    assert (code, review["stacks"][0]["judged"]["evaluations"]) == (1, 0), comment
    assert "local: no rule was evaluated on any object" in comment
