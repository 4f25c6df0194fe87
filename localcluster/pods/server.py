"""HTTP/1.1 as far as a gateway speaks it to a pod. Written for speed: one process answers for every pod."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from .behaviour import FAILED, OK, Behaviour
from .metrics import PodMetrics

_HEAD_END = b"\r\n\r\n"
_REASONS = {OK: "OK", FAILED: "Internal Server Error"}
# Only the gateway's Envoy adds headers of this kind, such as the number of the attempt.
_FROM_GATEWAY = b"\r\nx-envoy-"
_LONGEST_HEAD = 65536


@dataclass
class App:
    """What a pod's server needs to know, changed in place when the pod changes.

    Fields: `pod` and `version`: told in every answer; `behaviour`; `leaving`: the pod is being deleted, so that
    connections are closed after the next answer; `metrics`; `answers`: ready-made answers by status; `connections`.
    """

    pod: str
    version: str
    behaviour: Behaviour
    leaving: bool = False
    metrics: PodMetrics = field(default_factory=PodMetrics)
    answers: dict[int, bytes] = field(default_factory=dict)
    connections: "set[Connection]" = field(default_factory=set)

    def answer(self, status: int) -> bytes:
        """The whole answer."""
        known = self.answers.get(status)
        if known is None:
            known = self.answers[status] = self._build(status)
        return known

    def _build(self, status: int) -> bytes:
        content: dict[str, object] = {"pod": self.pod, "version": self.version, "status": status}
        if self.behaviour.problem:
            content["problem"] = self.behaviour.problem
        headers = {"x-pod": self.pod, "x-version": self.version}
        if self.behaviour.setting:
            headers["x-setting"] = self.behaviour.setting
        if self.leaving:
            headers["connection"] = "close"
        return response(status, _REASONS[status], "application/json", json.dumps(content).encode(), headers)


def response(status: int, reason: str, kind: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """An HTTP response."""
    lines = [f"HTTP/1.1 {status} {reason}", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1", "replace") + _HEAD_END + body


class Connection(asyncio.Protocol):
    """Splits what arrives into requests, one at a time. Subclasses answer them."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._buffer = self._buffer + data if self._buffer else data
        if not self._busy:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.transport = None

    def handle(self, head: bytes) -> None:
        """Answer a request, now or later, and call `done`."""
        raise NotImplementedError

    def done(self, answer: bytes, *, close: bool = False) -> None:
        """Send the answer; go on with the next request."""
        if self.transport is None:
            return
        self.transport.write(answer)
        self._busy = False
        if close:
            self.transport.close()
        elif self._buffer:
            self._next()

    def close_when_idle(self) -> None:
        """Close the connection, unless an answer is still to be sent."""
        if self.transport is not None and not self._busy:
            self.transport.close()

    def _next(self) -> None:
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            if len(self._buffer) > _LONGEST_HEAD and self.transport is not None:
                self.transport.abort()
            return
        head = self._buffer[: end + 2]
        after = _end_of_body(head, self._buffer, end + len(_HEAD_END))
        if after < 0:
            return
        self._buffer = self._buffer[after:]
        self._busy = True
        self.handle(head)


class AppConnection(Connection):
    """A connection to a pod's own port."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._app = app
        self._loop = loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        super().connection_made(transport)
        self._app.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        super().connection_lost(exc)
        self._app.connections.discard(self)

    def handle(self, head: bytes) -> None:
        """Answer as the pod's behaviour says, after the time that it says."""
        behaviour = self._app.behaviour
        self._loop.call_later(behaviour.delay(), self._answer, head, behaviour.status(), self._loop.time())

    def _answer(self, head: bytes, status: int, begun: float) -> None:
        app = self._app
        lowered = head.lower()
        app.metrics.count(
            _FROM_GATEWAY in lowered, _host(head, lowered), status, int((self._loop.time() - begun) * 1000)
        )
        self.done(app.answer(status), close=app.leaving or b"\r\nconnection: close" in lowered)


class StatsConnection(Connection):
    """A connection to the port where a sidecar shows its metrics."""

    def __init__(self, text: Callable[[], str], content_type: str) -> None:
        super().__init__()
        self._text = text
        self._content_type = content_type

    def handle(self, head: bytes) -> None:
        """Answer /stats/prometheus, and nothing else."""
        if head.startswith((b"GET /stats/prometheus ", b"GET /stats/prometheus?")):
            # A kept one would go on showing this pod's numbers when another pod has its address.
            headers = {"connection": "close"}
            self.done(response(200, "OK", self._content_type, self._text().encode(), headers), close=True)
        else:
            self.done(response(404, "Not Found", "text/plain", b"only /stats/prometheus is here\n"))


def _host(head: bytes, lowered: bytes) -> str:
    start = lowered.find(b"\r\nhost:")
    if start < 0:
        return ""
    end = head.find(b"\r\n", start + 2)
    return head[start + 7 : end].strip().decode("latin-1")


def _end_of_body(head: bytes, buffer: bytes, start: int) -> int:
    """Where the request's body ends in the buffer, -1 when it is not all there yet."""
    if head.startswith((b"GET ", b"HEAD ")):
        return start
    lowered = head.lower()
    if b"\r\ntransfer-encoding: chunked" in lowered:
        if buffer.startswith(b"0\r\n\r\n", start):
            return start + 5
        end = buffer.find(b"\r\n0\r\n\r\n", start)
        return end + 7 if end >= 0 else -1
    position = lowered.find(b"\r\ncontent-length:")
    if position < 0:
        return start
    length = int(lowered[position + 17 : lowered.find(b"\r\n", position + 2)])
    return start + length if len(buffer) >= start + length else -1
