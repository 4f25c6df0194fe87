"""The progress of a start on the terminal: what is ready, what is awaited, for how long."""

import time
from types import TracebackType

from rich.console import Console
from rich.status import Status

from .control import Answer


class Progress:
    """A line that changes on a terminal; one line per step anywhere else. Used as a context manager."""

    def __init__(self, name: str) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._name = name
        self._begun = time.monotonic()
        self._phase = ""

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._status = self._console.status(f"starting local cluster '{self._name}'")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, answer: Answer) -> None:
        """Show how far the start is."""
        seconds = time.monotonic() - self._begun
        awaited = [piece.name for piece in answer.pieces if piece.state != "ready"]
        done = len(answer.pieces) - len(awaited)
        what = ", ".join(awaited) or answer.phase
        if self._status is not None:
            self._status.update(
                f"starting local cluster '{self._name}': {done} ready, waiting for {what}, {seconds:.0f} s"
            )
        elif answer.phase != self._phase:
            self._console.print(f"[{seconds:5.1f} s] {answer.phase}", markup=False)
        self._phase = answer.phase
