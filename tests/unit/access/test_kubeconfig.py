"""Kubeconfigs as kubectl reads them."""

import os
from pathlib import Path

import pytest

from components.access.connection import server_of
from components.access.kubeconfig import merged, paths


def test_all_existing_files_of_the_environment_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [tmp_path / name for name in ("first", "second", "third")]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, names)))
    for path in names[1:]:
        path.touch()
    assert paths(None) == names[1:]
    assert paths("~/elsewhere") == [Path.home() / "elsewhere"]
    monkeypatch.delenv("KUBECONFIG")
    assert paths(None) == [Path.home() / ".kube" / "config"]


def test_entries_of_several_files_are_one_configuration() -> None:
    first = {"current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "c"}}]}
    second = {"current-context": "b", "clusters": [{"name": "c", "cluster": {"server": "https://c.example.com"}}]}
    assert server_of(merged([None, first, second]), None) == ("https://c.example.com", None)
