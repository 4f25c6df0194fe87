"""Runs inside the cluster's network: single requests, as a user sends them, and what pods and Envoy say of them.

Reads one JSON order from standard input, writes one JSON answer. Standard library only.
"""

import http.client
import json
import sys
import time
import urllib.request
from typing import Any

_SLOWEST_SECONDS = 60


def requests(order: dict[str, Any]) -> list[dict[str, Any]]:
    """`count` GETs of `path` at `gateway`, with `headers`: status, version that answered, seconds."""
    answers = []
    for _ in range(order["count"]):
        connection = http.client.HTTPConnection(order["gateway"], timeout=_SLOWEST_SECONDS)
        begun = time.monotonic()
        connection.request("GET", order["path"], headers=order["headers"])
        response = connection.getresponse()
        response.read()
        took = time.monotonic() - begun
        answers.append({"status": response.status, "version": response.getheader("x-version", ""), "seconds": took})
        connection.close()
    return answers


def attempts(order: dict[str, Any]) -> list[int]:
    """How many requests each of the `pods` (addresses) has answered, whatever the answer."""
    return [_counted(f"http://{address}:15020/stats/prometheus") for address in order["pods"]]


def _counted(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(line.rpartition(" ")[2]) for line in lines if line.startswith("istio_requests_total{"))


def routes(_order: dict[str, Any]) -> list[str]:
    """The route configurations that the gateway's Envoy has in force."""
    with urllib.request.urlopen("http://127.0.0.1:15000/config_dump?resource=dynamic_route_configs") as answer:
        return [answer.read().decode()]


def main() -> None:
    """Obey the order."""
    order = json.load(sys.stdin)
    json.dump({"requests": requests, "attempts": attempts, "routes": routes}[order["what"]](order), sys.stdout)


if __name__ == "__main__":
    main()
