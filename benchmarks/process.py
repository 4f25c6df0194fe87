"""Runs a command and measures all of it: its own process and those it starts."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.02


class BenchmarkFailed(Exception):
    """A measured command failed; one line."""


@dataclass(frozen=True)
class Usage:
    """What a command took: seconds until it ended, seconds of all processors, memory of all its processes at most."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def measured(command: Sequence[str | Path], folder: Path, output: Path, environment: dict[str, str]) -> Usage:
    """Runs a command, its standard output into a file. Raises BenchmarkFailed."""
    errors = output.with_suffix(".errors")
    peaks: dict[int, int] = {}
    began = time.monotonic()
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=out, stderr=err)
        ended = 0
        while not ended:
            time.sleep(_SAMPLE_SECONDS)
            _sample(process.pid, peaks)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = (errors.read_text(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise BenchmarkFailed(f"`{' '.join(map(str, command))}` exited with {process.returncode}: {said}")
    peaks[process.pid] = max(peaks.get(process.pid, 0), used.ru_maxrss)
    return Usage(round(seconds, 3), round(used.ru_utime + used.ru_stime, 3), round(sum(peaks.values()) / 1024, 1))


def _sample(pid: int, peaks: dict[int, int]) -> None:
    """Notes the highest memory so far, in kB, of a process and all below it; one that has just ended is left out."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _words(task / "children")]
    except (FileNotFoundError, ProcessLookupError):
        return
    high = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    peaks[pid] = max(high, default=peaks.get(pid, 0))
    for child in children:
        _sample(child, peaks)


def _words(file: Path) -> list[str]:
    return file.read_text().split()
