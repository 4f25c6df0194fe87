"""Processes of a cluster: started so that they die with their parent, found by their mark, ended for good."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

MARK = "COALMINE_LOCAL_ID"
"""Every process of a cluster carries this environment variable with the cluster's identity."""

_POLL_SECONDS = 0.02


def dying_with_parent(argv: Iterable[str]) -> list[str]:
    """The command line that ends, by SIGKILL, as soon as the process that starts it ends (setpriv of util-linux)."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *argv]


def make_gentle(leader: int, niceness: int) -> None:
    """Have a whole session, known by its leader, give way to others.

    Where Linux groups tasks by session, a process's own niceness counts only within its session, and each session gets
    as much as any other. Source: sched(7), the autogroup feature.
    """
    group = Path(f"/proc/{leader}/autogroup")
    # The leader may have ended already, and not every kernel has the feature.
    with contextlib.suppress(OSError):
        group.write_text(str(niceness))


def start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when there is no such process or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The name in parentheses may contain spaces: the fields that follow it are counted from its end.
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])


def is_running(pid: int, started: int = 0) -> bool:
    """Whether a process is there, and is the one that started at that time when a time is given."""
    ticks = start_ticks(pid) if pid else 0
    return ticks != 0 and started in (0, ticks)


def marked(identity: str) -> list[int]:
    """The processes of a cluster, this one left out, in the order of their ids."""
    wanted = f"{MARK}={identity}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            # It ended meanwhile or belongs to somebody else: not ours in either case.
            continue
        if wanted in environment.split(b"\0") and start_ticks(int(entry.name)):
            found.append(int(entry.name))
    return sorted(found)


def end(pids: Iterable[int], first: signal.Signals = signal.SIGTERM, grace: float = 3.0) -> list[int]:
    """End processes: politely, after `grace` seconds by force. Returns those that are still there 5 s later."""
    left = [pid for pid in pids if _signal(pid, first)]
    left = _wait(left, grace)
    for pid in left:
        _signal(pid, signal.SIGKILL)
    return _wait(left, 5.0)


def _wait(pids: list[int], seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    while pids and time.monotonic() < deadline:
        pids = [pid for pid in pids if is_running(pid)]
        time.sleep(_POLL_SECONDS if pids else 0)
    return pids


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
