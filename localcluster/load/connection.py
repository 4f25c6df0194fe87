"""One kept-alive HTTP/1.1 connection of the load generator, one request at a time."""

import asyncio
from collections.abc import Callable

from .record import CLOSED, FAILED, LATE

_HEAD_END = b"\r\n\r\n"

Done = Callable[["Connection", str, int], None]
"""Called with the connection, the answer's x-version and its status; FAILED and why when there was no answer."""


class Connection(asyncio.Protocol):
    """Fields: `done`: called once per request; `usable`: whether another request may be sent."""

    def __init__(self, done: Done) -> None:
        self.usable = True
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiting = False
        self._why = CLOSED

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._waiting = True
        if self._transport is None or self._transport.is_closing():
            self._finish(CLOSED, FAILED)
        else:
            self._transport.write(request)

    def abort(self) -> None:
        """Give up: the answer is too late."""
        self.usable = False
        self._why = LATE
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.usable = False
        self._transport = None
        if self._waiting:
            self._finish(self._why, FAILED)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        head = self._buffer[: end + 2]
        if not _complete(head, self._buffer, end + len(_HEAD_END)):
            return
        self._buffer = b""
        if b"\r\nconnection: close" in head.lower():
            self.usable = False
        self._finish(_header(head, b"\r\nx-version:"), int(head[9:12]))

    def _finish(self, version: str, status: int) -> None:
        if not self._waiting:
            return
        self._waiting = False
        if status == FAILED:
            self.usable = False
        self._done(self, version, status)


def request(host: str, path: str = "/") -> bytes:
    """A GET."""
    return f"GET {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: coalmine-load\r\n\r\n".encode()


def _complete(head: bytes, buffer: bytes, start: int) -> bool:
    length = _header(head, b"\r\ncontent-length:")
    if length:
        return len(buffer) >= start + int(length)
    if _header(head, b"\r\ntransfer-encoding:") == "chunked":
        return buffer.endswith(b"0\r\n\r\n")
    return True


def _header(head: bytes, name: bytes) -> str:
    lowered = head.lower()
    start = lowered.find(name)
    if start < 0:
        return ""
    end = head.find(b"\r\n", start + 2)
    return head[start + len(name) : end].strip().decode("latin-1")
