"""What a machine lacks is told before anything starts, all of it, with the remedy."""

from pathlib import Path

import pytest

from localcluster import machine


def test_a_machine_that_has_everything_lacks_nothing_of_the_system() -> None:
    assert [line for line in machine.lacks() if "make up" not in line] == []


def test_every_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lines = machine.lacks()
    assert "ip is missing: install the package iproute2" in lines
    assert "setpriv is missing: install the package util-linux" in lines


def test_refused_namespaces_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("nsenter", "setpriv", "ip"):
        (tmp_path / name).write_text("#!/bin/sh\n")
    (tmp_path / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2; exit 1\n")
    for file in tmp_path.iterdir():
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    [line] = [line for line in machine.lacks() if "namespaces" in line]
    assert line.startswith("user and network namespaces are not permitted (unshare failed: Operation not permitted): ")


def test_another_system_is_told_to_use_a_cluster_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    [line] = machine.lacks()
    assert "set KUBECONFIG" in line
