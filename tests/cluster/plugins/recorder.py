"""A server in front of the API server that remembers the requests it passes on."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from localcluster.plugins.kubernetes_provider.client import Client


@dataclass(frozen=True)
class Seen:
    """A request: method, path, query, content type and body."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str
    body: Any


class Recorder:
    """Serves on a free port until closed; `kubeconfig` leads to it."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.seen: list[Seen] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = recorder._pass_on(self.command, self.path, self.headers.get("Content-Type", ""), body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                self.wfile.flush()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing; the requests are in `seen`."""

        self._client = client
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.kubeconfig = folder / "recorded.kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(kubeconfig_for(f"http://127.0.0.1:{self._server.server_port}")))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _pass_on(self, method: str, target: str, content_type: str, body: bytes) -> tuple[int, bytes]:
        url = urlsplit(target)
        decoded = json.loads(body) if body else None
        self.seen.append(Seen(method, url.path, dict(parse_qsl(url.query)), content_type, decoded))
        headers = {"Content-Type": content_type} if content_type else {}
        return self._client.exchange(method, target, body or None, self._client.headers | headers)

    def about(self, text: str) -> list[Seen]:
        """The requests whose path or body has the text."""
        return [item for item in self.seen if text in item.path or text in json.dumps(item.body)]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def kubeconfig_for(server: str, namespace: str = "", name: str = "test") -> dict[str, Any]:
    """A kubeconfig without credentials for the server."""
    context = {"cluster": name, "user": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": context}],
    }
