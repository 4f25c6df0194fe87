"""Asking a cluster's supervisor: one JSON line each way over a unix socket in the state folder."""

import json
import os
import socket
from dataclasses import dataclass, field
from typing import Any

from .pieces import Status
from .state import StateDir

ENSURE = "ensure"
STATUS = "status"
STOP = "stop"

NODES, READY = "nodes", "ready"
BEGUN = (NODES, READY)
"""The phases in which every piece was begun: one that ended since may be started again."""


@dataclass(frozen=True)
class Answer:
    """What the supervisor says.

    Fields: `phase`: the step of the start that runs now, "ready" after the last; `problem`: why the start cannot go
    on, empty if it can; `pieces`: every piece; `gateway`: where the gateway takes HTTP inside,
    "address:port", empty if none runs.
    """

    phase: str
    problem: str = ""
    pieces: list[Status] = field(default_factory=list)
    gateway: str = ""

    @property
    def ready(self) -> bool:
        """Whether the cluster is up and every piece does its work."""
        return self.phase == READY and not self.problem and all(piece.state == "ready" for piece in self.pieces)


def ask(state: StateDir, request: str, timeout: float = 10.0) -> Answer | None:
    """Send a request; None when no supervisor answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(_short_path(state))
            connection.sendall(f"{request}\n".encode())
            line = connection.makefile().readline()
        except OSError:
            return None
    return _answer(json.loads(line)) if line else None


def listening(state: StateDir) -> socket.socket:
    """The supervisor's end."""
    state.socket.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(_short_path(state))
    made.listen(16)
    return made


def _short_path(state: StateDir) -> str:
    # A socket's path may have 107 bytes only; the one through the folder's descriptor is always short. The descriptor
    # stays open for the life of the process, which is a command or a supervisor.
    folder = _descriptors.get(str(state.root))
    if folder is None:
        folder = _descriptors[str(state.root)] = os.open(state.root, os.O_PATH | os.O_DIRECTORY)
    return f"/proc/self/fd/{folder}/{state.socket.name}"


_descriptors: dict[str, int] = {}


def _answer(data: dict[str, Any]) -> Answer:
    return Answer(data["phase"], data["problem"], [Status(**piece) for piece in data["pieces"]], data["gateway"])
