"""Shows series that no proxy would, in the format of Prometheus, from inside the cluster's network.

`python -m tests.delivery.exporter PORT` reads one JSON list from standard input, of objects with `labels`: those
that Istio's metrics carry; `requests`: requests per second that the counter claims; `durations`: whether the
histogram counts them too. It ends with its standard input.
"""

import http.server
import json
import sys
import time
from typing import Any

from tests.serving import Quiet, serve_until_closed

_BUCKETS = ("10", "50", "100", "+Inf")


def text(series: list[dict[str, Any]], elapsed: float) -> str:
    """What a scrape sees `elapsed` seconds after the start."""
    lines = ["# TYPE istio_requests_total counter"]
    lines += [f"istio_requests_total{_labels(item['labels'])} {_count(item, elapsed)}" for item in series]
    lines.append("# TYPE istio_request_duration_milliseconds histogram")
    for item in series:
        counted = _count(item, elapsed) if item["durations"] else 0
        for bucket in _BUCKETS:
            labels = _labels({**item["labels"], "le": bucket})
            lines.append(f"istio_request_duration_milliseconds_bucket{labels} {counted}")
    return "\n".join(lines) + "\n"


def _count(item: dict[str, Any], elapsed: float) -> int:
    return int(item["requests"] * elapsed)


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def main() -> None:
    """Serve until standard input is closed."""
    series: list[dict[str, Any]] = json.loads(sys.stdin.readline())
    began = time.monotonic()

    class Handler(Quiet, http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text(series, time.monotonic() - began).encode()
            self.send_response(http.HTTPStatus.OK)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    serve_until_closed(int(sys.argv[1]), Handler, "0.0.0.0")


if __name__ == "__main__":
    main()
