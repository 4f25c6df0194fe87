"""An address that is asked about releases: answers a request for `/name` with the status in the file `name`.

`python gatekeeper.py PORT FOLDER`, run where the cluster's controllers are.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[2])


class Gatekeeper(BaseHTTPRequestHandler):
    """Answers without a body, as most gates do."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(int((FOLDER / self.path.strip("/")).read_text()))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The controller's own log says what it asked."""


HTTPServer(("127.0.0.1", int(sys.argv[1])), Gatekeeper).serve_forever()
