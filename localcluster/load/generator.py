"""Sends requests at a fixed rate, whatever the answers do, and writes down what came back."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable

from .connection import Connection, request
from .record import FAILED, UNCONNECTED, UNSENT, Second, Tally

_TICK_SECONDS = 0.005
_LATE_SECONDS = 12.0
"""Longer than a route of the delivery tests waits: then Envoy says so itself, and only its own silence is late."""
_MOST_CONNECTIONS = 200
"""Of one host. More would be what a machine that stood still for a moment spends the next ones on."""

Write = Callable[[Second], None]


class Host:
    """The requests to one host. Fields: `rate`: requests per second, 0 for none, changed at will."""

    def __init__(self, name: str, gateway: tuple[str, int], rate: float, write: Write) -> None:
        self.rate = rate
        self._name = name
        self._gateway = gateway
        self._write = write
        self._request = request(name)
        self._idle: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._open = 0
        self._due = 0.0
        self._flying: dict[Connection, tuple[float, float]] = {}
        self._tallies: dict[int, Tally] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        # Both clocks at one moment: intervals by the steady one, seconds by the one on the wall.
        self._offset = time.time() - self._loop.time()
        self._last = self._loop.time()

    def tick(self) -> None:
        """Send what has become due since the last tick."""
        now = self._loop.time()
        # After a long stall the backlog is not sent at once: that would be a burst that nobody asked for.
        self._due += min(now - self._last, 1.0) * self.rate
        self._last = now
        while self._due >= 1:
            self._due -= 1
            self._tally(now).sent += 1
            self._waiting.append(now)
        self._send()
        self._give_up(now)
        self._flush(now)

    def finish(self) -> None:
        """Write down what is known of the last seconds."""
        for second in sorted(self._tallies):
            self._write(self._tallies.pop(second).second(second, self._name))

    def _send(self) -> None:
        """Send what waits, the oldest first, as far as there are connections."""
        while self._waiting:
            connection = self._take()
            if connection is not None:
                self._fly(connection, self._waiting.popleft())
            elif self._open < _MOST_CONNECTIONS:
                self._open += 1
                task = asyncio.ensure_future(self._connect(self._waiting.popleft()))
                self._connecting.add(task)
                task.add_done_callback(self._connecting.discard)
            else:
                return

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            self._open -= 1
        return None

    async def _connect(self, due: float) -> None:
        try:
            async with asyncio.timeout(_LATE_SECONDS):
                _, connection = await self._loop.create_connection(lambda: Connection(self._done), *self._gateway)
        except (OSError, TimeoutError) as error:
            self._open -= 1
            why = os.strerror(error.errno) if error.errno else UNCONNECTED
            self._tally(due).add(why, FAILED, (self._loop.time() - due) * 1000)
            return
        self._fly(connection, due)

    def _fly(self, connection: Connection, due: float) -> None:
        self._flying[connection] = due, self._loop.time()
        connection.send(self._request)

    def _done(self, connection: Connection, version: str, status: int) -> None:
        due, _ = self._flying.pop(connection)
        self._tally(due).add(version, status, (self._loop.time() - due) * 1000)
        if connection.usable:
            self._idle.append(connection)
            self._send()
        else:
            connection.abort()
            self._open -= 1

    def _give_up(self, now: float) -> None:
        while self._waiting and now - self._waiting[0] > _LATE_SECONDS:
            due = self._waiting.popleft()
            self._tally(due).add(UNSENT, FAILED, (now - due) * 1000)
        for connection, (_, sent) in self._flying.items():
            # In the order of sending: the first that is in time ends the search. What waited for a connection has its
            # time from then on, or else a backlog would never be worked off.
            if now - sent <= _LATE_SECONDS:
                return
            connection.abort()

    def _tally(self, due: float) -> Tally:
        return self._tallies.setdefault(int(due + self._offset), Tally())

    def _flush(self, now: float) -> None:
        this_second = int(now + self._offset)
        for second in sorted(self._tallies):
            tally = self._tallies[second]
            if second < this_second and tally.answered >= tally.sent:
                self._write(self._tallies.pop(second).second(second, self._name))


async def run(hosts: list[Host], stop: asyncio.Event) -> None:
    """Send until told to stop."""
    while not stop.is_set():
        for host in hosts:
            host.tick()
        await asyncio.sleep(_TICK_SECONDS)
    for host in hosts:
        host.finish()
