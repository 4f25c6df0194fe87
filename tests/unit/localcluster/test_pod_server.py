"""The pods' server takes requests apart whatever pieces they arrive in."""

import asyncio

import pytest

from localcluster.pods.behaviour import Behaviour
from localcluster.pods.server import App, AppConnection, Connection, StatsConnection

GET = b"GET / HTTP/1.1\r\nHost: shop.example.com\r\nx-envoy-attempt-count: 1\r\n\r\n"


class Recording(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class Listing(Connection):
    """Notes the requests and answers each with one byte when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[bytes] = []

    def handle(self, head: bytes) -> None:
        self.heads.append(head)


def listing() -> Listing:
    """A connected one."""
    connection = Listing()
    connection.connection_made(Recording())
    return connection


def test_a_request_may_arrive_byte_by_byte() -> None:
    connection = listing()
    for value in GET:
        connection.data_received(bytes([value]))
    assert connection.heads == [GET[:-2]]


def test_a_second_request_waits_for_the_first_answer() -> None:
    connection = listing()
    connection.data_received(GET + GET)
    assert len(connection.heads) == 1
    connection.done(b".")
    assert len(connection.heads) == 2


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"DELETE / HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
)
def test_bodies_are_skipped(request_bytes: bytes) -> None:
    connection = listing()
    for value in request_bytes[:-1]:
        connection.data_received(bytes([value]))
    assert connection.heads == [], "answered before the request was complete"
    connection.data_received(request_bytes[-1:] + GET)
    connection.done(b".")
    assert [head.split(b" ")[0] for head in connection.heads] == [request_bytes.split(b" ")[0], b"GET"]


def test_an_endless_head_is_cut_off() -> None:
    connection = listing()
    transport = connection.transport
    assert isinstance(transport, Recording)
    connection.data_received(b"GET / HTTP/1.1\r\nx: " + b"a" * 70000)
    assert transport.closed


def answered(app: App, request: bytes) -> Recording:
    """What a pod answers."""

    async def run() -> Recording:
        transport = Recording()
        connection = AppConnection(app, asyncio.get_running_loop())
        connection.connection_made(transport)
        connection.data_received(request)
        async with asyncio.timeout(5):
            while not transport.written:
                await asyncio.sleep(0.001)
        return transport

    return asyncio.run(run())


def test_an_answer_names_the_pod_and_its_version() -> None:
    transport = answered(App("shop-1", "2.0.0", Behaviour(seconds=0)), GET)
    head, _, body = transport.written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nx-pod: shop-1" in head
    assert b"\r\nx-version: 2.0.0" in head
    assert body == b'{"pod": "shop-1", "version": "2.0.0", "status": 200}'
    assert not transport.closed


def test_a_pod_that_is_being_deleted_closes_its_connections() -> None:
    transport = answered(App("shop-1", "2", Behaviour(seconds=0), leaving=True), GET)
    assert b"\r\nconnection: close\r\n" in transport.written
    assert transport.closed


def test_a_wrong_annotation_is_told_in_the_answer() -> None:
    transport = answered(App("shop-1", "2", Behaviour(1.0, 0, "latency: soon")), GET)
    assert transport.written.startswith(b"HTTP/1.1 500 ")
    assert b'"problem": "latency: soon"' in transport.written


def test_only_metrics_are_behind_the_sidecars_port() -> None:
    for path, status in ((b"/stats/prometheus", b"200"), (b"/", b"404")):
        transport = Recording()
        connection = StatsConnection(lambda: "x 1\n", "text/plain")
        connection.connection_made(transport)
        connection.data_received(b"GET " + path + b" HTTP/1.1\r\n\r\n")
        assert transport.written.split(b" ")[1] == status
