"""Runs a command and measures all of it: its own process and those it starts."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")


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
    # Set in containers often, never by people: programs are measured with their bytecode kept.
    own = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment}
    seen: dict[int, _Seen] = {}
    began = time.monotonic()
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, cwd=folder, env=own, stdout=out, stderr=err)
        ended = 0
        while not ended:
            time.sleep(_SAMPLE_SECONDS)
            _sample(process.pid, seen)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = (errors.read_text(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise BenchmarkFailed(f"`{' '.join(map(str, command))}` exited with {process.returncode}: {said}")
    peak = used.ru_maxrss + sum(one.peak_kb for pid, one in seen.items() if pid != process.pid)
    # The system counts what was waited for. Pulumi kills its plug-ins instead: as far as they were seen, they count.
    cpu = max(used.ru_utime + used.ru_stime, sum(one.cpu_seconds for one in seen.values()))
    return Usage(round(seconds, 3), round(cpu, 3), round(peak / 1024, 1))


@dataclass(frozen=True)
class _Seen:
    """What one process, without those it started, had used when it was last seen."""

    peak_kb: int
    cpu_seconds: float


def _sample(pid: int, seen: dict[int, _Seen]) -> None:
    """Notes what a process and all below it have used so far; one that has just ended is left as it was."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        # After the name, which may hold blanks; the 14th and 15th field of the line are user and system time.
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _words(task / "children")]
    except (FileNotFoundError, ProcessLookupError):
        return
    high = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    if high:
        seen[pid] = _Seen(high[0], sum(map(int, ticks)) / _TICKS)
    for child in children:
        _sample(child, seen)


def _words(file: Path) -> list[str]:
    return file.read_text().split()
