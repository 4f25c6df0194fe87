"""Where things lie: the checkout, its virtual environment and the cache of everything that is fetched or built."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
GO_MODULES = Path(__file__).resolve().parent

SET_UP = "make up"


def cache_dir() -> Path:
    """The project's cache: $COALMINE_CACHE, else coalmine in $XDG_CACHE_HOME, else ~/.cache/coalmine."""
    own = os.environ.get("COALMINE_CACHE")
    if own:
        return Path(own).absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache").absolute() / "coalmine"


def binaries_dir() -> Path:
    """The built programs, one folder per Go module and build identity."""
    return cache_dir() / "bin"


def log_path(name: str) -> Path:
    """The log of the last build or fetch of that name."""
    return cache_dir() / "logs" / f"{name}.log"


def lock_path(name: str) -> Path:
    """The lock that one process holds while it builds or fetches that name."""
    return cache_dir() / "locks" / f"{name}.lock"


def build_records_path() -> Path:
    """One JSON line per finished build."""
    return cache_dir() / "builds.jsonl"


def site_packages() -> Path | None:
    """The package folder of the checkout's virtual environment, if there is one."""
    found = sorted(VENV.glob("lib/python3.*/site-packages"))
    return found[0] if found else None
