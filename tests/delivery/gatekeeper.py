"""Answers the gates of releases from inside the cluster's network, and keeps what it was asked.

`python -m tests.delivery.gatekeeper PORT FILE` reads the answers off the address: `/APP/GATE/503,200` says no once and
yes ever after. It appends a line of JSON to the file for every question: `time`, seconds since the epoch; `app`;
`gate`; `status`: the answer; `body`: what was told. It ends with its standard input.
"""

import http.server
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tests.serving import Quiet, serve_until_closed


def main() -> None:
    """Serve until standard input is closed."""
    file, asking, asked = Path(sys.argv[2]), threading.Lock(), Counter[str]()

    class Handler(Quiet, http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            _, app, gate, answers = self.path.split("/")
            statuses = [int(status) for status in answers.split(",")]
            with asking, file.open("a", encoding="utf-8") as kept:
                status = statuses[min(asked[self.path], len(statuses) - 1)]
                asked[self.path] += 1
                line = {"time": time.time(), "app": app, "gate": gate, "status": status, "body": body}
                kept.write(json.dumps(line) + "\n")
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    serve_until_closed(int(sys.argv[1]), Handler)


if __name__ == "__main__":
    main()
