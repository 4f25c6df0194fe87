"""The wheel holds the library and the policies under their public names, and nothing of the checkout."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.wheel import PUBLIC, ROOT


def _packages_on_disk() -> list[str]:
    found = set()
    for folder, name in PUBLIC.items():
        for file in (ROOT / folder).rglob("*.py"):
            inner = file.parent.relative_to(ROOT / folder).parts
            found.add(".".join((name, *inner)))
    return sorted(found)


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert listed == _packages_on_disk(), "add the folder to [tool.setuptools] packages in pyproject.toml"


@pytest.fixture(scope="module")
def wheel_names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_module(wheel_names: list[str]) -> None:
    expected = set()
    for folder, name in PUBLIC.items():
        for file in (ROOT / folder).rglob("*.py"):
            expected.add("/".join((name, *file.relative_to(ROOT / folder).parts)))
    assert expected <= set(wheel_names), f"not in the wheel: {sorted(expected - set(wheel_names))}"


def test_the_wheel_holds_the_data_files(wheel_names: list[str]) -> None:
    expected = set()
    for folder, name in PUBLIC.items():
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and file.suffix not in (".py", ".pyc"):
                expected.add("/".join((name, *file.relative_to(ROOT / folder).parts)))
    assert expected <= set(wheel_names), f"add to package-data: {sorted(expected - set(wheel_names))}"


def test_the_wheel_holds_nothing_else(wheel_names: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PUBLIC.values())


def test_the_checkout_is_importable_from_anywhere(tmp_path: Path) -> None:
    code = "import coalmine, coalmine_policies, localcluster; print(coalmine.__file__); print(localcluster.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run `make venv`: {done.stderr}"
    assert done.stdout.split() == [str(ROOT / "components/__init__.py"), str(ROOT / "localcluster/__init__.py")]


def test_the_command_is_installed(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("coalmine")
    done = subprocess.run([command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: coalmine" in done.stdout
