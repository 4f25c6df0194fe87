"""Stand-in for pulumi-language-python: the processes that the host starts, and their end."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import IO, Literal

import grpc

Stream = Literal["stdout", "stderr"]


class Processes:
    """The children of the language host; each ends with the call that started it, all of them with the host."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, context: grpc.ServicerContext, command: list[str], cwd: str, env: dict[str, str]) -> int:
        """Run a command whose output is the host's own output; its exit status, negative for a signal."""
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL)
        with self._tracked(context, process):
            return process.wait()

    def stream(
        self, context: grpc.ServicerContext, command: list[str], cwd: str, env: dict[str, str]
    ) -> Iterator[tuple[Stream, bytes] | int]:
        """Run a command and yield its output as it comes, then its exit status."""
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with self._tracked(context, process):
            yield from _merged(process)
            yield process.wait()

    def stop(self) -> None:
        """End every child that still runs."""
        with self._lock:
            for process in self._running:
                process.kill()

    @contextmanager
    def _tracked(self, context: grpc.ServicerContext, process: subprocess.Popen[bytes]) -> Iterator[None]:
        with self._lock:
            self._running.add(process)
        # The engine hangs up when it has failed: a program that still waits for it would hold the engine's output.
        if not context.add_callback(process.kill):
            process.kill()
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process)
            process.kill()
            process.wait()


def _merged(process: subprocess.Popen[bytes]) -> Iterator[tuple[Stream, bytes]]:
    queue: SimpleQueue[tuple[Stream, bytes]] = SimpleQueue()

    def pump(name: Stream, pipe: IO[bytes]) -> None:
        while chunk := pipe.read1(65536):  # type: ignore[attr-defined]
            queue.put((name, chunk))
        queue.put((name, b""))

    assert process.stdout is not None
    assert process.stderr is not None
    pumps: list[tuple[Stream, IO[bytes]]] = [("stdout", process.stdout), ("stderr", process.stderr)]
    for name, pipe in pumps:
        threading.Thread(target=pump, args=(name, pipe), daemon=True).start()
    open_pipes = len(pumps)
    while open_pipes:
        name, chunk = queue.get()
        if chunk:
            yield name, chunk
        else:
            open_pipes -= 1
