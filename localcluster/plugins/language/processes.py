"""Stand-in for pulumi-language-python: the processes that the host starts, and their end."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import IO, Literal

Stream = Literal["stdout", "stderr"]


class Processes:
    """The children of the language host; `stop` ends them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, command: list[str], cwd: str, env: dict[str, str]) -> int:
        """Run a command whose output is the host's own output; its exit status, negative for a signal."""
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL)
        with self._tracked(process):
            return process.wait()

    def stream(self, command: list[str], cwd: str, env: dict[str, str]) -> Iterator[tuple[Stream, bytes] | int]:
        """Run a command and yield its output as it comes, then its exit status."""
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with self._tracked(process):
            yield from _merged(process)
            yield process.wait()

    def stop(self) -> None:
        """End every child that still runs."""
        with self._lock:
            for process in self._running:
                process.terminate()

    def _tracked(self, process: subprocess.Popen[bytes]) -> _Tracked:
        return _Tracked(self, process)

    def add(self, process: subprocess.Popen[bytes]) -> None:
        """Remember a child."""
        with self._lock:
            self._running.add(process)

    def remove(self, process: subprocess.Popen[bytes]) -> None:
        """Forget a child, ending it where it still runs."""
        with self._lock:
            self._running.discard(process)
        if process.poll() is None:
            process.terminate()
            process.wait()


class _Tracked:
    def __init__(self, owner: Processes, process: subprocess.Popen[bytes]) -> None:
        self._owner = owner
        self._process = process

    def __enter__(self) -> None:
        self._owner.add(self._process)

    def __exit__(self, *_: object) -> None:
        self._owner.remove(self._process)


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
