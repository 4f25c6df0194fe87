"""The Pulumi home of a local cluster."""

from pathlib import Path

import pytest

from localcluster.pulumi_home import make_home


def test_pulumi_cannot_make_its_folder_of_logs(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", official_plugins=False)
    with pytest.raises(FileExistsError):
        (home / "logs").mkdir(parents=True)


def test_official_plugins_come_from_and_go_to_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "own"))
    home = make_home(tmp_path / "home", official_plugins=True)
    (home / "plugins" / "resource-random").mkdir()
    assert (tmp_path / "own" / "plugins" / "resource-random").is_dir()


def test_a_home_that_is_there_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "own"))
    home = make_home(tmp_path / "home", official_plugins=True)
    # As in a shell that has evaluated `coalmine local env`.
    monkeypatch.setenv("PULUMI_HOME", str(home))
    assert make_home(tmp_path / "home", official_plugins=True) == home
    assert (home / "plugins").resolve() == (tmp_path / "own" / "plugins").resolve()


def test_without_official_plugins_there_are_none(tmp_path: Path) -> None:
    assert sorted(path.name for path in make_home(tmp_path / "home", official_plugins=False).iterdir()) == ["logs"]
