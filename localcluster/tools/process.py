"""Child processes that end with us, and the locks that keep two processes from doing the same work."""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_END_SECONDS = 10


class Interrupted(Exception):
    """A command was ended because the user asked to stop."""


@dataclass(frozen=True)
class Finished:
    """How a command ended: exit `code`, CPU `cpu_seconds` with its children, `peak_mb` of its largest process."""

    code: int
    cpu_seconds: float
    peak_mb: int


class Children:
    """The commands that run now, each in a process group of its own so that it ends with all of its children."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._stopping = False

    def run(self, command: Sequence[str | Path], *, cwd: Path, environment: dict[str, str], log: Path) -> Finished:
        """Run a command, its output going to the log. Raises Interrupted when `stop` was called before or meanwhile."""
        with log.open("ab") as output, self._lock:
            if self._stopping:
                raise Interrupted
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process.pid)
        try:
            # The process stays in the table, so that nobody else gets its number before it is forgotten here.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        except BaseException:
            self.stop()
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            raise
        finally:
            with self._lock:
                self._running.discard(process.pid)
                if self._stopping:
                    _signal_group(process.pid, signal.SIGKILL)
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                if self._stopping:
                    _await_empty(process.pid)
        with self._lock:
            if self._stopping:
                raise Interrupted
        return Finished(process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def stop(self) -> None:
        """End every running command and refuse new ones; the threads in `run` raise Interrupted."""
        with self._lock:
            self._stopping = True
            self._signal(signal.SIGTERM)
        hammer = threading.Timer(_END_SECONDS, self._kill)
        hammer.daemon = True
        hammer.start()

    def _kill(self) -> None:
        with self._lock:
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for pid in self._running:
            _signal_group(pid, number)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _await_empty(group: int) -> None:
    """Wait until the last process of a killed group is gone: until then it may write where we clean up."""
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)


@contextlib.contextmanager
def exclusive(lock: Path, children: Children) -> Iterator[None]:
    """Hold a lock file; waits for another process that holds it. The kernel frees it when its holder dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        waiting = threading.Event()
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if children.stopping:
                    raise Interrupted from None
                waiting.wait(0.5)
        yield
