"""A server in front of the API server, where a run is stopped at one of its writes: just before, or just after it."""

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from components.access.connection import connection_of
from components.access.transport import opener
from tests.cluster.plugins.recorder import kubeconfig_for

_WRITES = frozenset({"DELETE", "PATCH", "POST", "PUT"})
_SECONDS = 60.0
_HOP = frozenset({"connection", "content-length", "host", "transfer-encoding"})


@dataclass(frozen=True)
class Stop:
    """Where to stop: at the `number`-th write from now on, before it reaches the API server or after it is done."""

    number: int
    done: bool


class Gate:
    """Serves on a free port until closed; `kubeconfig` leads to it."""

    def __init__(self, cluster_kubeconfig: Path, folder: Path) -> None:
        self._open = opener(_local(cluster_kubeconfig))
        self._lock = threading.Lock()
        self._stop: Stop | None = None
        self._kill: Callable[[], None] = lambda: None
        self._writes = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.kubeconfig = folder / "gate.kubeconfig"
        self.kubeconfig.write_text(json.dumps(kubeconfig_for(f"http://127.0.0.1:{self._server.server_port}")))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def writes(self) -> int:
        """How many writes came since the gate was set."""
        return self._writes

    def set(self, stop: Stop | None, kill: Callable[[], None]) -> None:
        """Counts from here, and calls `kill` at the chosen write; None only counts."""
        with self._lock:
            self._stop, self._kill, self._writes = stop, kill, 0

    def upstream(self) -> http.client.HTTPConnection:
        """A new connection to the API server."""
        return self._open(_SECONDS)

    def admit(self, method: str, target: str) -> tuple[bool, bool]:
        """Whether this request is stopped before, and whether after it is done; counts writes."""
        if method not in _WRITES or "dryRun" in target:
            return False, False
        with self._lock:
            self._writes += 1
            here = self._stop is not None and self._stop.number == self._writes
            return here and not self._stop.done, here and self._stop.done  # type: ignore[union-attr]

    def kill(self) -> None:
        """Ends the run, whose request is then never answered."""
        self._kill()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _local(kubeconfig: Path) -> Any:
    from dataclasses import replace

    return replace(connection_of(json.loads(kubeconfig.read_text())), name="kubernetes.default.svc", proxy="")


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.api = gate.upstream()

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            before, after = gate.admit(self.command, self.path)
            if before:
                self._end()
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            self.api.request(self.command, self.path, body or None, headers)
            answer = self.api.getresponse()
            if after:
                answer.read()
                self._end()
                return
            self._pass_back(answer)

        def _end(self) -> None:
            gate.kill()
            self.close_connection = True

        def _pass_back(self, answer: http.client.HTTPResponse) -> None:
            self.send_response(answer.status)
            for name in ("Content-Type", "Retry-After"):
                if answer.headers.get(name):
                    self.send_header(name, answer.headers[name])
            if answer.headers.get("Content-Length") is None:
                # A watch: it goes on for as long as both sides like.
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                while part := answer.read1(65536):
                    self.wfile.write(part)
                    self.wfile.flush()
                return
            data = answer.read()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, http.client.HTTPException):
                # The run was killed, with all its connections.
                self.close_connection = True

        def finish(self) -> None:
            self.api.close()
            try:
                super().finish()
            except OSError:
                pass

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
