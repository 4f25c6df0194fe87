"""What the gateways' Envoys counted of an app's requests that went wrong: says on which side of them one was lost."""

import subprocess
import sys

from localcluster.cluster import Cluster

from .planes import ADMIN_PORTS

_ASKED = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())"
_TELLING = (
    "upstream_cx_connect_fail",
    "upstream_cx_connect_timeout",
    "upstream_rq_maintenance_mode",
    "upstream_rq_pending_active",
    "upstream_rq_pending_failure_eject",
    "upstream_rq_pending_overflow",
    "upstream_rq_retry",
    "upstream_rq_rx_reset",
    "upstream_rq_timeout",
    "upstream_rq_tx_reset",
    "upstream_rq_active",
)
"""Counters of a cluster of Envoy. Source: envoyproxy.io, upstream cluster statistics."""


def told(cluster: Cluster, app: str) -> list[str]:
    """A line for each counter of the app's clusters that is not 0, or that Envoy does not answer."""
    return [line for port in ADMIN_PORTS for line in _told(cluster, port, app)]


def _told(cluster: Cluster, port: int, app: str) -> list[str]:
    url = f"http://127.0.0.1:{port}/stats?usedonly&filter={app}"
    asked = subprocess.run(
        cluster.inside([sys.executable, "-c", _ASKED, url]),
        env=cluster.inner_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        return [f"  Envoy {port}: {asked.stderr.strip().splitlines()[-1]}"]
    pairs = [line.rpartition(": ") for line in asked.stdout.splitlines()]
    return [f"  Envoy {port}: {name} {n}" for name, _, n in pairs if name.endswith(_TELLING) and n != "0"]
