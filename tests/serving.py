"""A server of one's own inside the cluster's network, which ends with its standard input."""

import http.server
import sys
import threading


class Quiet:
    """Before a handler of requests: writes no line about them. Whoever serves keeps what matters itself."""

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def serve_until_closed(
    port: int, handler: type[http.server.BaseHTTPRequestHandler], address: str = "127.0.0.1"
) -> None:
    """Answers, each request in a thread of its own, until standard input is closed."""
    server = http.server.ThreadingHTTPServer((address, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
