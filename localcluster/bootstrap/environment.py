"""The checkout's virtual environment: made, filled from the lock file, and filled again only when that changed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from localcluster.tools.layout import CHECKOUT, VENV, lock_path, log_path
from localcluster.tools.process import Children, exclusive

PYTHON = VENV / "bin" / "python"

_LOCK = CHECKOUT / "requirements.lock"
_STAMP = VENV / "coalmine-set-up"
_HOME = VENV / "coalmine-checkout"


class EnvironmentFailed(Exception):
    """The virtual environment could not be made; the text is one line with the remedy."""


def is_current() -> bool:
    """Whether the virtual environment runs and holds what the lock file and pyproject.toml say."""
    return PYTHON.exists() and _STAMP.is_file() and _STAMP.read_text() == _wanted()


def holds_dependencies() -> bool:
    """Whether only coalmine itself has to be installed again, which fetches nothing."""
    return PYTHON.exists() and _STAMP.is_file() and _STAMP.read_text().splitlines()[:1] == [_lock_digest()]


def create(children: Children) -> None:
    """Make the virtual environment with nothing but pip in it, unless it is there. Raises EnvironmentFailed."""
    with exclusive(_lock(), children):
        if not _is_usable():
            _run(children, [sys.executable, "-m", "venv", "--clear", VENV], f"{VENV.name} could not be made")
            _HOME.write_text(str(CHECKOUT))


def fill(children: Children) -> None:
    """Install the dependencies and coalmine itself. Raises EnvironmentFailed; what pip has installed stays."""
    with exclusive(_lock(), children):
        if is_current():
            return
        held = holds_dependencies()
        _STAMP.unlink(missing_ok=True)
        pip: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install"]
        reach = "pip could not install the dependencies, check that the package index is reachable"
        if not held:
            _run(children, [*pip, "--require-hashes", "--no-deps", "-r", _LOCK], reach)
        # setuptools is in the lock file, so that building the editable install fetches nothing that is not pinned.
        editable: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", CHECKOUT]
        _run(children, [*pip, *editable], "pip could not install coalmine itself")
        _link_checkout()
        _STAMP.write_text(_wanted())


def first_requirement() -> str:
    """The lock file's first entry with its digests: something small to ask the package index for."""
    lines: list[str] = []
    for line in _LOCK.read_text().splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            lines.append(line)
            if not line.endswith("\\"):
                break
    return "\n".join(lines) + "\n"


def _is_usable() -> bool:
    # Its programs name the folder that they were installed in: a moved checkout needs a new one.
    if not PYTHON.exists() or (_HOME.exists() and _HOME.read_text() != str(CHECKOUT)):
        return False
    asked: list[str | Path] = [PYTHON, "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _lock() -> Path:
    return lock_path(f"venv-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:16]}")


def _run(children: Children, command: list[str | Path], failure: str) -> None:
    log = log_path("venv")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    # Settings for one interpreter would leak into the other one's packages.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if children.run(command, cwd=CHECKOUT, environment=environment, log=log).code != 0:
        raise EnvironmentFailed(f"{failure}, then run the same command again (log: {log}): {_last_error(log)}")


def _link_checkout() -> None:
    """Let the environment's Python import localcluster, which is no part of the published package."""
    packages = next(VENV.glob("lib/python3.*/site-packages"))
    (packages / "coalmine_checkout.pth").write_text(f"{CHECKOUT}\n")


def _last_error(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["no output"])[-1][:200]


def _wanted() -> str:
    own = hashlib.sha256((CHECKOUT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{_lock_digest()}\n{own}\n"


def _lock_digest() -> str:
    return hashlib.sha256(str(CHECKOUT).encode() + _LOCK.read_bytes()).hexdigest()
