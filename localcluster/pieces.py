"""A piece: one program of the cluster that a supervisor starts, watches and ends."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .process import dying_with_parent

Check = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Piece:
    """What to run.

    Fields: `name`: unique in the cluster; `argv`; `environment`: added to the supervisor's own; `port`: the main port
    inside the namespace, 0 for none; `ready`: answers whether it does its work.
    """

    name: str
    argv: tuple[str, ...]
    ready: Check
    port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Status:
    """How a piece is. Fields: `state`: starting, ready or ended; `since`: epoch seconds; `detail`: how it ended."""

    name: str
    state: str
    pid: int
    since: float
    port: int
    log: str
    detail: str = ""


class Running:
    """A piece that was started once. It is never restarted by itself: `start` does that when asked."""

    def __init__(self, piece: Piece, log: Path) -> None:
        self.piece = piece
        self.log = log
        self.exited = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._since = time.time()
        self._ready = False
        self._detail = ""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def ready(self) -> bool:
        """Whether the process is there and has passed its check."""
        return self.alive and self._ready

    async def start(self) -> None:
        """Start the process, unless it is there, and watch it."""
        if self.alive:
            return
        self.exited.clear()
        self._ready, self._detail, self._since = False, "", time.time()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *dying_with_parent(self.piece.argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.piece.environment},
                start_new_session=True,
            )
        for work in (self._wait(self._process), self._check(self._process)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self, grace: float = 3.0) -> None:
        """End the process: politely, after `grace` seconds by force."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(self.exited.wait(), grace)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await self.exited.wait()

    def status(self) -> Status:
        """How the piece is now."""
        state = "ready" if self.ready else "starting" if self.alive else "ended"
        pid = self._process.pid if self._process is not None and self.alive else 0
        return Status(self.piece.name, state, pid, self._since, self.piece.port, str(self.log), self._detail)

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._since = time.time()
        self._detail = f"exit code {code}" if code >= 0 else f"ended by signal {-code}"
        self.exited.set()

    async def _check(self, process: asyncio.subprocess.Process) -> None:
        interval = 0.05
        while process.returncode is None:
            now = await self.piece.ready()
            if now != self._ready:
                self._ready, self._since = now, time.time()
            # Being ready is looked for often, losing it seldom: checks cost time on a busy machine.
            interval = 2.0 if now else min(interval * 1.2, 0.25)
            await asyncio.sleep(interval)
