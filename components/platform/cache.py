"""Where pinned upstream files and rendered charts are kept between runs."""

import os
import tempfile
from pathlib import Path


def cache_dir() -> Path:
    """The project's cache: $COALMINE_CACHE, else `coalmine` in the user's cache folder."""
    chosen = os.environ.get("COALMINE_CACHE")
    if chosen:
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "coalmine"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that no reader, and no interrupted run, ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
