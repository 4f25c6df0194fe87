"""Serves a folder's Git repositories by HTTP as a Git server does, from inside the cluster's network.

`python -m tests.git_server PORT FOLDER` ends with its standard input. Source: git-scm.com/docs/git-http-backend (CGI).
"""

import http.server
import os
import subprocess
import sys
from pathlib import Path

from tests.serving import Quiet, serve_until_closed


def main() -> None:
    """Serve until standard input is closed."""
    folder = Path(sys.argv[2]).resolve()

    class Handler(Quiet, http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            variables = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            }
            # Inside the namespace the files may seem to be somebody else's.
            command = ["git", "-c", "safe.directory=*", "http-backend"]
            ran = subprocess.run(command, input=body, env={**os.environ, **variables}, capture_output=True, check=False)
            head, _, content = ran.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if line)
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    serve_until_closed(int(sys.argv[1]), Handler)


if __name__ == "__main__":
    main()
