"""HTTP of the kubernetes provider: kept connections, servers that put off, refuse, hang or are not there."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from localcluster.plugins.kubernetes_provider.client import ApiError, Client, UnreachableError
from localcluster.plugins.kubernetes_provider.kubeconfig import Connection


class _Server(ThreadingHTTPServer):
    """Answers with the scripted (status, headers, body) in turn, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[tuple[int, dict[str, str], object]] = []
        self.requests: list[tuple[str, str]] = []
        self.connections = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.headers.get("Authorization", "")))
        script = self.server.script
        status, headers, body = script.pop(0) if len(script) > 1 else script[0]
        answer = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[_Server]:
    made = _Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def _client(server: _Server) -> Client:
    return Client(Connection(f"http://127.0.0.1:{server.server_port}", token="t"))


def test_connections_are_kept_and_the_token_is_sent(server: _Server) -> None:
    server.script = [(200, {}, {"a": 1})]
    client = _client(server)
    assert [client.request("GET", "/x") for _ in range(3)] == [{"a": 1}] * 3
    assert server.requests == [("GET", "Bearer t")] * 3
    assert server.connections == 1


def test_a_closed_idle_connection_is_replaced(server: _Server) -> None:
    server.script = [(200, {}, {})]
    client = _client(server)
    client.request("GET", "/x")
    kept = client._idle[0].sock
    assert kept is not None
    kept.shutdown(socket.SHUT_RDWR)
    assert client.request("POST", "/x", body={}) == {}
    assert server.connections == 2


def test_a_request_that_the_server_puts_off_is_sent_again(server: _Server) -> None:
    busy = (429, {"Retry-After": "0"}, {"message": "storage is (re)initializing"})
    server.script = [busy, busy, (200, {}, {"a": 1})]
    assert _client(server).request("GET", "/x") == {"a": 1}
    assert len(server.requests) == 3


def test_a_server_that_stays_busy_is_an_error_in_the_end(server: _Server) -> None:
    server.script = [(429, {"Retry-After": "0"}, {"message": "too many requests"})]
    with pytest.raises(ApiError, match="too many requests"):
        _client(server).request("GET", "/x")


@pytest.mark.parametrize(
    ("body", "message"),
    [({"message": "no", "reason": "Forbidden"}, "no"), ("plain text", "plain text"), ({}, "answered with status 403")],
)
def test_a_refusal_has_the_server_s_message(server: _Server, body: object, message: str) -> None:
    server.script = [(403, {}, body)]
    with pytest.raises(ApiError, match=message) as caught:
        _client(server).request("GET", "/x")
    assert caught.value.code == 403


def test_nobody_listens() -> None:
    with pytest.raises(UnreachableError, match=r'^Get "http://127.0.0.1:1/x": connection refused$'):
        Client(Connection("http://127.0.0.1:1")).request("GET", "/x")


@pytest.mark.conformance("preview-unreachable")
def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(Connection(f"https://127.0.0.1:{silent.getsockname()[1]}", insecure=True))
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="no answer in time"):
            client.request("GET", "/version", seconds=0.3)
        assert time.monotonic() - start < 3


@pytest.mark.parametrize("server_url", ["ftp://x", "127.0.0.1:6443", ""])
def test_a_server_that_is_no_url_is_named(server_url: str) -> None:
    with pytest.raises(UnreachableError, match="is not a URL"):
        Client(Connection(server_url))
