"""Ports that lead to other ones: of 127.0.0.1 outside the namespace to servers inside it, of pods to their programs.

Those of 127.0.0.1 are made outside, before the supervisor enters the namespace, and stay bound there; connections
onward are made by the supervisor, inside.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

_CHUNK = 65536

Target = Callable[[], tuple[str, int] | None]
"""Where connections go now, None when nothing listens there."""


def listener_at(address: str, port: int) -> socket.socket:
    """A listening socket of one address, beside those of others on the same port."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((address, port))
    made.listen(256)
    return made


def listener(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; a free port when `port` is 0 or taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except OSError:
        made.bind(("127.0.0.1", 0))
    made.listen(256)
    return made


async def serve(listening: socket.socket, target: Target) -> asyncio.Server:
    """Relay every connection of a listening socket until the server is closed."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = target()
        with contextlib.suppress(OSError):
            if place is not None:
                far_reader, far_writer = await asyncio.open_connection(*place)
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        writer.close()

    return await asyncio.start_server(relay, sock=listening)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:
        # One side went away: closing the other tells it.
        writer.transport.abort()
        return
    with contextlib.suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()
