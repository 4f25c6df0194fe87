"""Takes messages as Slack and any webhook would, from inside the cluster's network, and keeps them.

`python -m tests.delivery.receiver PORT FILE` appends a line of JSON to the file for every message: its `path`, the
`authorization` that came with it, and its `body`, a form being told as one. It ends with its standard input.
"""

import http.server
import json
import sys
import threading
import urllib.parse
from pathlib import Path
from typing import Any

from tests.serving import Quiet, serve_until_closed


def told(content_type: str, body: str) -> Any:
    """What a message's body says: JSON, or the fields of a form."""
    if "form" in content_type:
        return {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
    return json.loads(body)


def main() -> None:
    """Serve until standard input is closed."""
    file, writing = Path(sys.argv[2]), threading.Lock()

    class Handler(Quiet, http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            message = {
                "path": self.path,
                "authorization": self.headers.get("Authorization", ""),
                "body": told(self.headers.get("Content-Type", ""), body),
            }
            with writing, file.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps(message) + "\n")
            answer = json.dumps({"ok": True, "channel": "releases", "ts": "1.0"}).encode()
            self.send_response(http.HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    serve_until_closed(int(sys.argv[1]), Handler)


if __name__ == "__main__":
    main()
