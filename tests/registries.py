"""A small registry: a real HTTP server that speaks as much of the distribution API as is asked of one.

It stands in for a user's registry: none can be reached where the tests run.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.oci.image.index.v1+json"
_TOKEN = "for-anybody"


@dataclass
class Registry:
    """A registry that runs. `asked`: the paths that were asked; `answers`: path -> status, headers, content."""

    name: str
    challenge: str = ""
    asked: list[str] = field(default_factory=list)
    answers: dict[str, tuple[int, Mapping[str, str], bytes]] = field(default_factory=dict)

    def push(self, image: str, **said: str) -> str:
        """Makes a manifest for a tagged image, below this registry's name; returns its digest."""
        repository, _, tag = image.rpartition(":")
        content = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "manifests": [], "of": image}).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        headers = {"Content-Type": MANIFEST, "Docker-Content-Digest": said.get("digest", digest)}
        self.answers[f"/v2/{repository}/manifests/{tag}"] = (200, headers, content)
        return digest

    def wants_a_token(self) -> None:
        """From now on everybody needs a token, which everybody gets."""
        self.challenge = f'Bearer realm="http://{self.name}/token",service="{self.name}",scope="repository:x:pull"'


@contextmanager
def registry() -> Iterator[Registry]:
    """A registry on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            address = urlsplit(self.path)
            if address.path == "/token":
                query = parse_qs(address.query)
                known = query.get("service") == [made.name] and query.get("scope") == ["repository:x:pull"]
                self._answer(200 if known else 400, {}, json.dumps({"token": _TOKEN}).encode())
            elif made.challenge and self.headers.get("Authorization") != f"Bearer {_TOKEN}":
                self._answer(401, {"WWW-Authenticate": made.challenge}, b"")
            elif MANIFEST not in self.headers.get("Accept", "") and address.path.startswith("/v2/"):
                self._answer(406, {}, b"")
            else:
                self._answer(*made.answers.get(address.path, (404, {}, b'{"errors": []}')))

        def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Registry(f"127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
