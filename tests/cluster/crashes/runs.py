"""A run of `pulumi` as a process tree that can be killed as a whole, as by a machine that loses its power."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.005
_LIMIT_SECONDS = 300.0


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit code (negative: the signal) and all that it said."""

    code: int
    text: str


class Run:
    """One command in a session of its own, which its plug-ins and its program belong to."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        handle, name = tempfile.mkstemp(suffix=".log")
        self._said = Path(name)
        with os.fdopen(handle, "wb") as said:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        """Whether its first process has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL for every process of the session, until none is left."""
        deadline = time.monotonic() + _LIMIT_SECONDS
        while members := _members(self._process.pid):
            for pid in members:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            assert time.monotonic() < deadline, f"processes {members} do not end"
            self._process.poll()

    def end(self) -> Ended:
        """Waits for the end of it; nothing of it is left running."""
        try:
            code = self._process.wait(_LIMIT_SECONDS)
        finally:
            self.kill()
        text = self._said.read_text(encoding="utf-8", errors="replace")
        self._said.unlink()
        return Ended(code, text)


def _members(session: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX" and int(fields[3]) == session:
                found.append(int(entry.name))
    return found
