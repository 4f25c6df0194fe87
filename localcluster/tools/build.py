"""Building the programs of one Go module into the cache."""

import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from components.releases import GO, GoModule, tools_of

from .identity import build_arguments, built_dir, built_path, go_mod_dir
from .layout import binaries_dir, build_records_path, lock_path, log_path
from .process import Children, Finished, exclusive
from .toolchain import go_environment


class BuildFailed(Exception):
    """A module's build failed; the text is one line that names the log and what to do."""


@dataclass(frozen=True)
class BuildRecord:
    """A finished build, one line in builds.jsonl.

    Fields: `run`: the set-up it belongs to; `cold`: whether that began with an empty Go cache; `seconds` on the clock
    and `cpu_seconds` of all processes; `peak_mb`: the largest process; `cores` of the machine; `ended`: Unix time.
    """

    run: str
    cold: bool
    module: str
    version: str
    go: str
    cores: int
    seconds: float
    cpu_seconds: float
    peak_mb: int
    ended: float


@dataclass(frozen=True)
class Session:
    """One set-up.

    Fields: the `go` command; the `children` that end with it; `run`: its name; `cold`: its Go cache was empty.
    """

    go: Path
    children: Children
    run: str
    cold: bool


def build(module: GoModule, session: Session) -> None:
    """Build every program of a module, unless another process has done so meanwhile. Raises BuildFailed, Interrupted.

    What Go has compiled stays in its cache, so a build that was interrupted goes on where it was.
    """
    with exclusive(lock_path(module.name), session.children):
        if is_built(module):
            return
        binaries_dir().mkdir(parents=True, exist_ok=True)
        _clear_leftovers(module)
        with tempfile.TemporaryDirectory(prefix=f".building-{module.name}-", dir=binaries_dir()) as scratch:
            started = time.monotonic()
            finished = _compile(module, Path(scratch), session)
            _append(_record(module, session, finished, time.monotonic() - started))
            shutil.rmtree(built_dir(module), ignore_errors=True)
            (Path(scratch) / "done").rename(built_dir(module))


def is_built(module: GoModule) -> bool:
    """Whether the cache holds every program of a module."""
    return all(built_path(module, tool).is_file() for tool in tools_of(module))


def _clear_leftovers(module: GoModule) -> None:
    # Only a killed process leaves these, and the lock says that none works on this module now.
    for leftover in binaries_dir().glob(f".building-{module.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _compile(module: GoModule, scratch: Path, session: Session) -> Finished:
    log = log_path(module.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    done = scratch / "done"
    done.mkdir()
    tools = tools_of(module)
    # Several programs are linked side by side by one command, but then Go names them after their packages' folders.
    output = done / tools[0].executable if len(tools) == 1 else f"{done}/"
    finished = session.children.run(
        [session.go, "build", *build_arguments(module), "-o", output, *(tool.package for tool in tools)],
        cwd=go_mod_dir(module),
        environment=go_environment() | {"GOTMPDIR": str(scratch)},
        log=log,
    )
    if finished.code != 0:
        raise BuildFailed(f"building {module.name} {module.version} failed: {_reason(log)}")
    return finished


def _record(module: GoModule, session: Session, finished: Finished, seconds: float) -> BuildRecord:
    return BuildRecord(
        run=session.run,
        cold=session.cold,
        module=module.name,
        version=module.version,
        go=GO.version,
        cores=os.cpu_count() or 1,
        seconds=round(seconds, 1),
        cpu_seconds=round(finished.cpu_seconds, 1),
        peak_mb=finished.peak_mb,
        ended=round(time.time(), 1),
    )


def _append(record: BuildRecord) -> None:
    # A line this short is written in one piece: two lanes cannot mix theirs.
    with build_records_path().open("a") as records:
        records.write(json.dumps(asdict(record)) + "\n")


_REMEDIES = (
    ("no space left on device", "the disk is full: free some space, then run the same command again"),
    (
        "signal: killed",
        "the compiler was killed, mostly for lack of memory: free some, then run the same command again",
    ),
    (
        "dial tcp",
        "the Go module proxy was not reachable: check the network and GOPROXY, then run the same command again",
    ),
    (
        "i/o timeout",
        "the Go module proxy did not answer: check the network and GOPROXY, then run the same command again",
    ),
    ("403 forbidden", "the Go module proxy refused a module: check GOPROXY, then run the same command again"),
    ("checksum mismatch", "a module differs from its go.sum: the proxy serves something else, check GOPROXY"),
)


def _reason(log: Path) -> str:
    text = log.read_text(errors="replace")
    for sign, remedy in _REMEDIES:
        if sign in text.lower():
            return f"{remedy} (log: {log})"
    lines = [line for line in text.splitlines() if line.strip()]
    last = lines[-1].strip()[:200] if lines else "Go said nothing"
    return f"{last} (log: {log}); run the same command again to resume"
