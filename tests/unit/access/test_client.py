"""The client of the Kubernetes API: what it sends, and what it makes of answers that are none of Kubernetes'."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from components.access.client import Api, ApiError
from components.access.connection import Connection


@dataclass
class Served:
    """Fields: `port`; `answer`: status and body of what is asked next; `asked`: method, path and bearer token."""

    port: int = 0
    answer: tuple[int, str] = (200, "{}")
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def served() -> Iterator[Served]:
    """A server that gives one answer to everything; a proxy's CONNECT gets the same."""
    made = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            made.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
            status, body = made.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_CONNECT = _answer  # noqa: N815 - the library's names

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_path_of_the_server_stands_before_every_path(served: Served) -> None:
    api = Api(Connection(f"{served.url}/k8s/clusters/c-1", token="t"))
    assert api.get("/api/v1/pods", labelSelector="a=b") == {}
    assert served.asked == [("GET", "/k8s/clusters/c-1/api/v1/pods?labelSelector=a%3Db", "Bearer t")]


def test_a_refusal_says_status_reason_and_message(served: Served) -> None:
    served.answer = (403, '{"kind": "Status", "reason": "Forbidden", "message": "rollouts is forbidden"}')
    with pytest.raises(ApiError) as raised:
        Api(Connection(served.url)).get("/x")
    assert (raised.value.status, str(raised.value)) == (403, "403 Forbidden: rollouts is forbidden")


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_that_is_not_kubernetes_is_one_short_line(served: Served, status: int) -> None:
    served.answer = (status, "<html>\n<body>\n" + "Bad Gateway " * 100)
    with pytest.raises(ApiError) as raised:
        Api(Connection(served.url)).get("/x")
    line = str(raised.value)
    assert line.startswith(f"{status}: not an answer of Kubernetes: <html> <body> Bad Gateway")
    assert "\n" not in line
    assert len(line) < 200


def test_what_does_not_exist_is_none(served: Served) -> None:
    served.answer = (404, '{"reason": "NotFound", "message": "no"}')
    assert Api(Connection(served.url)).find("/x") is None


def test_a_proxy_is_asked_to_connect_with_its_credentials(served: Served) -> None:
    served.answer = (407, "")
    proxy = served.url.replace("//", "//me:pass%20word@")
    with pytest.raises(OSError, match="407"):
        Api(Connection("https://cluster.example.com", proxy=proxy)).get("/x")
    assert [one[:2] for one in served.asked] == [("CONNECT", "cluster.example.com:443")]


def test_a_connection_that_the_server_closed_is_opened_again(served: Served) -> None:
    api = Api(Connection(served.url))
    api.get("/first")
    api._local.connection.sock.close()
    api._local.connection.sock = None
    api.get("/second")
    assert [path for _, path, _ in served.asked] == ["/first", "/second"]
