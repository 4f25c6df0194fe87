"""Running Pulumi's command: what is passed on, and what is said when it fails. A script stands in for it here."""

import json
import os
from pathlib import Path

import pytest

from localcluster.demo.pulumi_cli import Pulumi, PulumiFailed

_SCRIPT = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$1" in
  up) echo "Updating (local):"; echo "error: update failed"; echo "  error: stacks/Pulumi.local.yaml: no"; exit 255;;
  preview) exec sleep 30;;
esac
"""


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    script = tmp_path / "bin" / "pulumi"
    script.parent.mkdir()
    script.write_text(_SCRIPT)
    script.chmod(0o755)
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "CALLS": str(tmp_path / "calls"), "PULUMI_BACKEND_URL": f"file://{tmp_path}/backend"}
    return Pulumi(tmp_path, environment, tmp_path / "logs")


def calls(folder: Path) -> list[str]:
    return [line.split(" --non-interactive")[0] for line in (folder / "calls").read_text().splitlines()]


def test_a_failure_is_said_in_pulumis_own_words(pulumi: Pulumi, tmp_path: Path) -> None:
    with pytest.raises(PulumiFailed) as failed:
        pulumi.up(tmp_path / "config.yaml").wait(10)
    assert str(failed.value).startswith("pulumi up failed: stacks/Pulumi.local.yaml: no (all of it: ")
    assert calls(tmp_path) == [f"up --yes --skip-preview --config-file {tmp_path}/config.yaml --stack local"]


def test_a_run_that_takes_too_long_is_stopped(pulumi: Pulumi, tmp_path: Path) -> None:
    with pytest.raises(PulumiFailed, match=r"pulumi preview was stopped after 0 s"):
        pulumi.preview(tmp_path / "config.yaml").wait(0.2)


def test_selecting_makes_the_stack(pulumi: Pulumi, tmp_path: Path) -> None:
    pulumi.select()
    assert calls(tmp_path) == ["stack select --create --stack local"]


@pytest.mark.parametrize(("owner", "cancelled"), [(os.getpid(), False), (2**22 + 1, True)], ids=["running", "dead"])
def test_only_the_lock_of_a_dead_run_is_removed(pulumi: Pulumi, tmp_path: Path, owner: int, cancelled: bool) -> None:
    lock = tmp_path / "backend" / ".pulumi" / "locks" / "organization" / "coalmine" / "local" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": owner}))
    pulumi.select()
    assert ("cancel --yes --stack local" in calls(tmp_path)) == cancelled
