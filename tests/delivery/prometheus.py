"""Asks the cluster's Prometheus."""

from typing import Any

import httpx

from localcluster.cluster import Cluster


def query(cluster: Cluster, expression: str, at: float | None = None) -> list[dict[str, Any]]:
    """The instant vector of an expression: `metric` with its labels, `value` with time and text of each. `at`: seconds
    since the epoch, now unless given.
    """
    url = f"http://127.0.0.1:{cluster.port('prometheus')}/api/v1/query"
    asked = {"query": expression, **({} if at is None else {"time": str(at)})}
    answer = httpx.get(url, params=asked, timeout=10).raise_for_status().json()
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found
