"""The one process that holds a cluster: its namespaces, its pieces, the agent, the relays and the control socket.

Started by `coalmine local up`, inside fresh namespaces. Every child dies with it.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from . import control, controlplane, credentials, network, nodes, relay
from .agent.agent import Agent
from .api import Api, ApiError
from .hosts import Hosts
from .ingress import http_port
from .pieces import Piece, Running
from .state import StateDir

PROMETHEUS_PORT = 9090
_POLL_SECONDS = 0.05

Group = Sequence[Callable[[StateDir], Piece]]


class Supervisor:
    """Fields: `state`: the cluster's folder; `listeners`: the relays' sockets, made outside the namespace."""

    def __init__(self, state: StateDir, listeners: dict[str, socket.socket]) -> None:
        self._state = state
        self._listeners = listeners
        self._pieces: dict[str, Running] = {}
        self._phase = "starting"
        self._problem = ""
        self._hosts = Hosts(state.hosts)
        self._agent: Agent | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        server = await asyncio.start_unix_server(self._answer, sock=control.listening(self._state))
        starting = asyncio.create_task(self._start_and_tell())
        await self._stopping.wait()
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        server.close()
        await self._stop()

    async def _start_and_tell(self) -> None:
        try:
            await self._start()
        except Exception as error:
            # Whatever it is, the user of `up` must read it in one line; the log has the rest.
            self._problem = f"{type(error).__name__}: {error}"
            raise

    async def _start(self) -> None:
        network.set_up(self._state.hosts)
        await self._group("etcd", controlplane.DATABASE)
        await self._group("kube-apiserver", controlplane.SERVER)
        api = credentials.inner_api(self._state)
        self._phase = "controllers"
        await asyncio.gather(*(self._begin(make) for make in controlplane.CONTROLLERS))
        self._hosts.follow(api)
        self._agent = Agent(self._state, api)
        self._agent.start()
        targets = {"api": lambda: ("127.0.0.1", credentials.INNER_PORT), "gateway": self._gateway}
        targets["prometheus"] = lambda: ("127.0.0.1", PROMETHEUS_PORT)
        for name, listening in self._listeners.items():
            await relay.serve(listening, targets[name])
        await self._until_ready(self._pieces)
        self._phase = control.NODES
        await _eventually(lambda: _made_nodes(api))
        await _eventually(lambda: nodes.ready(api))
        self._phase = control.READY

    async def _group(self, phase: str, group: Group) -> None:
        self._phase = phase
        for make in group:
            await self._begin(make)
        await self._until_ready(self._pieces)

    async def _begin(self, make: Callable[[StateDir], Piece]) -> None:
        piece = make(self._state)
        started = Running(piece, self._state.logs / f"{piece.name}.log")
        self._pieces[piece.name] = started
        await started.start()

    async def _until_ready(self, pieces: dict[str, Running]) -> None:
        while not all(piece.ready for piece in pieces.values()):
            for name, piece in pieces.items():
                if not piece.alive:
                    raise RuntimeError(f"{name} ended ({piece.status().detail}): see {piece.log}")
            await asyncio.sleep(_POLL_SECONDS)

    async def _stop(self) -> None:
        # The state is going to be removed: nothing needs a long goodbye.
        if self._agent is not None:
            await self._agent.stop()
        await asyncio.gather(*(piece.stop(grace=1.0) for piece in self._pieces.values()))

    async def _ensure(self) -> None:
        if self._phase not in control.BEGUN:
            # The start itself begins every piece, and a piece that ends meanwhile ends the start.
            return
        for piece in self._pieces.values():
            await piece.start()
        if self._agent is not None:
            await self._agent.ensure()

    def _gateway(self) -> tuple[str, int] | None:
        slot = self._agent.slot_of("gateway") if self._agent is not None else None
        if slot is None:
            return None
        port = http_port(slot.pod, self._hosts.services)
        return (slot.address, port) if port else None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readline()).decode().strip()
        if request == control.ENSURE:
            await self._ensure()
        agent = self._agent
        pieces = [piece.status() for piece in self._pieces.values()] + (agent.statuses() if agent else [])
        gateway = self._gateway()
        place = f"{gateway[0]}:{gateway[1]}" if gateway else ""
        answer = control.Answer(self._phase, self._problem, pieces, place)
        writer.write(json.dumps(dataclasses.asdict(answer)).encode() + b"\n")
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()
        if request == control.STOP:
            self._stopping.set()


def _made_nodes(api: Api) -> bool:
    nodes.create(api)
    return True


async def _eventually(check: Callable[[], bool]) -> None:
    """Wait until a check of the API server holds; right after its start it may still refuse things."""
    while True:
        with contextlib.suppress(ApiError, OSError):
            if await asyncio.to_thread(check):
                return
        await asyncio.sleep(_POLL_SECONDS)


def main() -> None:
    """Entry point of `python -m localcluster.supervisor NAME ROOT [RELAY=DESCRIPTOR...]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("root", type=Path)
    parser.add_argument("relays", nargs="*")
    given = parser.parse_args()
    listeners = {}
    for entry in given.relays:
        name, _, descriptor = entry.partition("=")
        listeners[name] = socket.socket(fileno=int(descriptor))
        # Not for the children: a relay must not outlive the supervisor.
        os.set_inheritable(int(descriptor), False)
    asyncio.run(Supervisor(StateDir(given.name, given.root), listeners).run())


if __name__ == "__main__":
    main()
