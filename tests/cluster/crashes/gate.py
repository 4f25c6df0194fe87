"""A server in front of the API server, where a run is killed at one of its writes: just before, or just after it."""

import contextlib
import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from components.access.connection import connection_of
from components.access.transport import opener
from tests.cluster.plugins.recorder import kubeconfig_for

_WRITES = frozenset({"DELETE", "PATCH", "POST", "PUT"})
_NOT_PASSED_ON = frozenset({"connection", "content-length", "host", "transfer-encoding"})
_PASSED_BACK = ("Content-Type", "Retry-After")
_SECONDS = 60.0


@dataclass(frozen=True)
class Stop:
    """Where to kill: at the `number`-th write from now on, before it reaches the API server or after it is `done`."""

    number: int
    done: bool


class Gate:
    """Serves on a free port until closed; `kubeconfig` leads to it, and `credentials` are added on the way."""

    def __init__(self, cluster_kubeconfig: Path, folder: Path) -> None:
        found = connection_of(json.loads(cluster_kubeconfig.read_text(encoding="utf-8")))
        self.credentials = {"Authorization": f"Bearer {found.token}"} if found.token else {}
        self.open = opener(replace(found, name="kubernetes.default.svc", proxy=""))
        self._lock = threading.Lock()
        self._stop: Stop | None = None
        self._kill: Callable[[], None] = lambda: None
        self._writes = 0
        self._server = _Server(self)
        self.kubeconfig = folder / "gate.kubeconfig"
        address = f"http://127.0.0.1:{self._server.server_port}"
        self.kubeconfig.write_text(json.dumps(kubeconfig_for(address)), encoding="utf-8")
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def set(self, stop: Stop | None, kill: Callable[[], None]) -> None:
        """Counts writes from here and calls `kill` at the chosen one, which is then never answered."""
        with self._lock:
            self._stop, self._kill, self._writes = stop, kill, 0

    def chosen(self, method: str, target: str) -> Stop | None:
        """The stop, where this request is the one it speaks of. Every write may be asked about once."""
        if method not in _WRITES or "dryRun" in target:
            return None
        with self._lock:
            self._writes += 1
            return self._stop if self._stop and self._stop.number == self._writes else None

    def kill(self) -> None:
        """Ends the run."""
        self._kill()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, gate: Gate) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.gate = gate


class _Handler(BaseHTTPRequestHandler):
    """One connection of the run, and one of its own to the API server."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.api = self.server.gate.open(_SECONDS)

    def handle(self) -> None:
        # The run is killed, with all its connections.
        with contextlib.suppress(OSError, http.client.HTTPException):
            super().handle()

    def finish(self) -> None:
        self.api.close()
        with contextlib.suppress(OSError):
            super().finish()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        stop = self.server.gate.chosen(self.command, self.path)
        if stop and not stop.done:
            self._kill()
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        self.api.request(self.command, self.path, body or None, headers | self.server.gate.credentials)
        answer = self.api.getresponse()
        if stop:
            answer.read()
            self._kill()
        elif answer.headers.get("Content-Length") is None and "watch" in self.path:
            self._follow(answer)
        else:
            self._pass_back(answer)

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _pass_on  # noqa: N815 - the library's names

    def _kill(self) -> None:
        self.server.gate.kill()
        self.close_connection = True

    def _pass_back(self, answer: http.client.HTTPResponse) -> None:
        data = answer.read()
        self._head(answer, "Content-Length", str(len(data)))
        self.wfile.write(data)

    def _follow(self, answer: http.client.HTTPResponse) -> None:
        self._head(answer, "Connection", "close")
        self.close_connection = True
        while part := answer.read1(65536):
            self.wfile.write(part)

    def _head(self, answer: http.client.HTTPResponse, name: str, value: str) -> None:
        self.send_response(answer.status)
        for passed in _PASSED_BACK:
            if answer.headers.get(passed):
                self.send_header(passed, answer.headers[passed])
        self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
