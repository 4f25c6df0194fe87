"""Stand-in for the Go SDK's host client: messages of a plug-in in the engine's output."""

from __future__ import annotations

import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine's log, by its address; a message that cannot be delivered is dropped, as it is advice only."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._shown: dict[str, str] = {}
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def warning(self, urn: str, message: str) -> None:
        """Show a warning under the resource."""
        self._send(urn, message, engine_pb2.LogSeverity.WARNING, ephemeral=False)

    def status(self, urn: str, message: str) -> None:
        """Show what the resource waits for; the next status replaces it, the same one is not sent again."""
        with self._lock:
            if self._shown.get(urn, "") == message:
                return
            self._shown[urn] = message
        self._send(urn, message, engine_pb2.LogSeverity.INFO, ephemeral=True)

    def _send(self, urn: str, message: str, severity: engine_pb2.LogSeverity.ValueType, ephemeral: bool) -> None:
        if not self._address:
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
        try:
            self._connect().Log(request, timeout=5)
        except grpc.RpcError:
            return

    def _connect(self) -> engine_pb2_grpc.EngineStub:
        with self._lock:
            if self._stub is None:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
            return self._stub
