"""A server that answers like an API server with a few objects, and remembers what was patched."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from components.access.client import Api, Object
from components.access.connection import connection_of
from components.access.kubeconfig import load
from components.spec.kubeconfig import Kubeconfig

ROLLOUTS = "/apis/argoproj.io/v1alpha1"
RUNS = f"{ROLLOUTS}/namespaces/shop/analysisruns"
EVENTS = "/api/v1/namespaces/shop/events"


class FakeApi:
    """An API server's double.

    Fields: `lists`: path of a collection -> its objects; `objects`: path of an object -> it; `forbidden`: paths that
    may not be read; `patched`: path and body of every PATCH; `on_patch`: called after one; `created`: the same of every
    POST, which a path of `forbidden` refuses too; `kubeconfig`.
    """

    def __init__(self, folder: Path) -> None:
        self.lists: dict[str, list[Object]] = {}
        self.objects: dict[str, Object] = {}
        self.forbidden: set[str] = set()
        self.on_patch: Callable[[], None] = lambda: None
        self.patched: list[tuple[str, Object]] = []
        self.created: list[tuple[str, Object]] = []
        self.kubeconfig = folder / "kubeconfig"

    def rollouts(self, *objects: Object) -> None:
        """Has these Rollouts."""
        self.lists[f"{ROLLOUTS}/rollouts"] = list(objects)

    def answer(self, target: str) -> tuple[int, Object]:
        """Status and body of a GET."""
        url = urlsplit(target)
        if url.path in self.forbidden:
            return 403, {"reason": "Forbidden", "message": f"{url.path} is forbidden"}
        if url.path in self.objects:
            return 200, self.objects[url.path]
        if url.path in self.lists:
            selector = parse_qs(url.query).get("labelSelector", [""])[0]
            return 200, {"items": [item for item in self.lists[url.path] if _selected(item, selector)]}
        for item in self.lists.get(f"{ROLLOUTS}/rollouts", []):
            metadata = item["metadata"]
            if url.path == f"{ROLLOUTS}/namespaces/{metadata['namespace']}/rollouts/{metadata['name']}":
                return 200, item
        empty = url.path in (RUNS, EVENTS)
        return (200, {"items": []}) if empty else (404, {"reason": "NotFound", "message": f"{url.path} not found"})


def _selected(item: Object, selector: str) -> bool:
    name, _, value = selector.partition(",")[0].partition("=")
    labels = item.get("metadata", {}).get("labels", {})
    return not name or (name in labels and value in ("", labels[name]))


@contextmanager
def serving(folder: Path) -> Iterator[FakeApi]:
    """The server, and a kubeconfig that leads to it."""
    fake = FakeApi(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(*fake.answer(self.path))

        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.patched.append((self.path, body))
            fake.on_patch()
            self._say(200, body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path in fake.forbidden:
                self._say(403, {"reason": "Forbidden", "message": f"{self.path} is forbidden"})
                return
            fake.created.append((self.path, body))
            self._say(201, body)

        def _say(self, status: int, body: Object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": address}}],
    }
    fake.kubeconfig.write_text(json.dumps(config))
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def api_of(fake: FakeApi) -> Api:
    """A client of the server."""
    return Api(connection_of(load(Kubeconfig(str(fake.kubeconfig)))))
