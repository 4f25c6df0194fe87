"""Telling the user what is being built, how much is left and for how long this has run."""

import shutil
import sys
import threading
import time
from typing import Protocol, TextIO

_QUIET_SECONDS = 60.0


class Progress(Protocol):
    """Hears of every build; the calls come from several threads, `tick` about once a second."""

    def begin(self, names: list[str]) -> None:
        """These modules will be built."""

    def started(self, name: str) -> None:
        """A lane began with a module."""

    def finished(self, name: str, seconds: float) -> None:
        """A module's programs are in the cache."""

    def failed(self, name: str, reason: str) -> None:
        """A module's build failed, for a reason of one line."""

    def tick(self) -> None:
        """Time passed."""

    def end(self) -> None:
        """Nothing runs any more."""


class ProgressLine:
    """One line that is rewritten on a terminal; elsewhere a line per event, and one a minute while nothing happens.

    `stream`: standard error if none is given; `began`: the monotonic time, in seconds, that elapsed time counts from.
    """

    def __init__(self, stream: TextIO | None = None, began: float | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._lock = threading.Lock()
        self._began = time.monotonic() if began is None else began
        self._said = time.monotonic()
        self._running: list[str] = []
        self._left = 0
        self._total = 0

    def begin(self, names: list[str]) -> None:
        """Says what will be built."""
        with self._lock:
            self._left = self._total = len(names)
            self._print(f"{self._total} to build: {', '.join(names)}")

    def started(self, name: str) -> None:
        """Says that a module is being built."""
        with self._lock:
            self._running.append(name)
            self._print(f"building {name}")

    def finished(self, name: str, seconds: float) -> None:
        """Says that a module is done, after how long, and how many are left."""
        with self._lock:
            self._forget(name)
            self._print(f"built {name} in {clock(seconds)}, {self._left} left")

    def failed(self, name: str, reason: str) -> None:
        """Says at once why a module failed, the others go on."""
        with self._lock:
            self._forget(name)
            self._print(f"failed: {reason}")

    def tick(self) -> None:
        """Refreshes the line."""
        with self._lock:
            if self._live:
                width = shutil.get_terminal_size().columns - 1
                self._stream.write(f"\r\033[K{self._stamped(self._state())[:width]}")
                self._stream.flush()
            elif time.monotonic() - self._said >= _QUIET_SECONDS:
                self._print(self._state())

    def end(self) -> None:
        """Removes the line."""
        with self._lock:
            if self._live:
                self._stream.write("\r\033[K")
                self._stream.flush()

    def _forget(self, name: str) -> None:
        self._running.remove(name)
        self._left -= 1

    def _state(self) -> str:
        done = self._total - self._left
        return f"building {' and '.join(self._running)}: {done} of {self._total} done, {self._left} left"

    def _print(self, text: str) -> None:
        self._said = time.monotonic()
        before = "\r\033[K" if self._live else ""
        self._stream.write(f"{before}{self._stamped(text)}\n")
        self._stream.flush()

    def _stamped(self, text: str) -> str:
        return f"[{clock(time.monotonic() - self._began)}] {text}"


def clock(seconds: float) -> str:
    """A duration as minutes and seconds, as in 7:05."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
