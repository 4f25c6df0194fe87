"""What programs on PATH answer when asked for their version, remembered while the file stays the same."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from .layout import cache_dir

_ASK_SECONDS = 10


def version_answer(program: Path, arguments: tuple[str, ...]) -> str:
    """What a program prints when asked for its version; empty when it cannot be run or does not answer in 10 s."""
    real = program.resolve()
    stat = real.stat()
    key = "\0".join((str(real), str(stat.st_size), str(stat.st_mtime_ns), *arguments))
    known = _remembered()
    if key not in known:
        answer = _ask(program, arguments)
        if not answer:
            return ""
        known[key] = answer
        _remember(known)
    return known[key]


def _ask(program: Path, arguments: tuple[str, ...]) -> str:
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASK_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout + answer.stderr


def _file() -> Path:
    return cache_dir() / "path-versions.json"


def _remembered() -> dict[str, str]:
    try:
        known = json.loads(_file().read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(known: dict[str, str]) -> None:
    # Another process may write at the same time: a rename never leaves half a file.
    _file().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=_file().parent, delete=False) as new:
        json.dump(known, new)
    Path(new.name).replace(_file())
