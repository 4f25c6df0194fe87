"""The package as a user installs it: a wheel, and a virtual environment with it that knows nothing of the checkout."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = {"components": "coalmine", "policies": "coalmine_policies"}
"""Folder -> what it is called in the wheel."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once from a copy of what it is made of."""
    source = tmp_path_factory.mktemp("source")
    for folder in PUBLIC:
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", source)
    (source / "README.md").write_text("Coalmine\n")
    target = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "-w", target, source)
    (built,) = target.glob("coalmine-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An otherwise empty virtual environment with the wheel in it.

    The dependencies are those of the checkout's environment, named in a .pth file: nothing is fetched, and the .pth
    files there, which lead to the checkout, are not read.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    pip(folder / "bin/python", "install", "--no-deps", "--no-index", wheel)
    (packages,) = folder.glob("lib/python3.*/site-packages")
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder


def pip(python: str | Path, *arguments: str | Path) -> None:
    """Runs the checkout's pip for another Python."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
