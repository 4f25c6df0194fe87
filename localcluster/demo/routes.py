"""Runs inside the cluster's network namespace: says what weights the gateways' Envoys have in force.

`python -m localcluster.demo.routes PORT...`, with the ports of Envoys' admin interfaces on 127.0.0.1, writes one JSON
line for every change and ends when its standard input is closed.
Fields of a line: `time`: seconds since the epoch when the new weights were seen; `before`: when the old ones were last
seen; `hosts`: {host name: {cluster name: weight in percent}}. Source: Envoy's admin interface, /config_dump.
"""

import http.client
import json
import select
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

_POLL_SECONDS = 0.2

Weights = dict[str, dict[str, int]]


def weights_of(dump: Mapping[str, Any]) -> Weights:
    """The weights by host and cluster in a dump of Envoy's dynamic route configurations."""
    found: Weights = {}
    for config in dump.get("configs", []):
        for host in config.get("route_config", {}).get("virtual_hosts", []):
            clusters = _clusters([route.get("route", {}) for route in host.get("routes", [])])
            for domain in host.get("domains", []):
                if clusters:
                    found[domain] = clusters
    return found


def _clusters(actions: list[dict[str, Any]]) -> dict[str, int]:
    """Those of everybody, whose route is the last one: the routes of some users stand before it."""
    for action in reversed(actions):
        if "weighted_clusters" in action:
            return {part["name"]: int(part.get("weight", 0)) for part in action["weighted_clusters"]["clusters"]}
        if "cluster" in action:
            return {action["cluster"]: 100}
    return {}


def _read_all(ports: Sequence[int]) -> Weights | None:
    """The weights in force; None while one of the Envoys does not answer."""
    found: Weights = {}
    for port in ports:
        weights = _read(port)
        if weights is None:
            return None
        found |= weights
    return found


def _read(port: int) -> Weights | None:
    """Those of one Envoy; None while it does not answer, for it may be starting."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/config_dump?resource=dynamic_route_configs")
        response = connection.getresponse()
        body = response.read()
        return weights_of(json.loads(body)) if response.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def main() -> None:
    """Report every change until standard input is closed."""
    ports = [int(port) for port in sys.argv[1:]]
    held: Weights | None = None
    before = time.time()
    while not select.select([sys.stdin], [], [], _POLL_SECONDS)[0]:
        asked = time.time()
        seen = _read_all(ports)
        if seen is None:
            continue
        if seen != held:
            print(json.dumps({"time": time.time(), "before": before, "hosts": seen}), flush=True)
            held = seen
        before = asked


if __name__ == "__main__":
    main()
