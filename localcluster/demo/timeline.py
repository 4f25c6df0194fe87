"""When which weight was in force, from what the gateway's Envoy reported."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SETTLED_SECONDS = 0.5
"""Envoy's main thread shows a new route a moment before every worker thread uses it."""


@dataclass(frozen=True)
class Stretch:
    """A time during which one weight was in force.

    Fields: `weight`: percent of the canary, 0-100; `since`, `until`: seconds since the epoch, both surely inside the
    stretch; `until` is infinite while it lasts.
    """

    weight: int
    since: float
    until: float

    def whole_seconds(self, now: float) -> tuple[int, int]:
        """The seconds [first, end) that lie wholly inside: counts are kept by the second."""
        first = math.ceil(self.since + SETTLED_SECONDS)
        return first, max(first, math.floor(min(self.until, now)))


def stretches(reports: Sequence[Mapping[str, Any]], host: str, canary: str) -> list[Stretch]:
    """The stretches of one host, oldest first; `canary` is the canary's Service, e.g. `shop-canary.shop`."""
    found: list[Stretch] = []
    for report in reports:
        clusters = report["hosts"].get(host)
        weight = None if clusters is None else _weight(clusters, canary)
        last = found[-1] if found else None
        if last is not None and math.isinf(last.until) and weight != last.weight:
            found[-1] = Stretch(last.weight, last.since, report["before"])
        if weight is not None and (last is None or weight != last.weight or not math.isinf(last.until)):
            found.append(Stretch(weight, report["time"], math.inf))
    return found


def _weight(clusters: Mapping[str, int], canary: str) -> int:
    """E.g. 25 for {"outbound|80||shop-canary.shop.svc.cluster.local": 25, ...}; an absent cluster gets nothing."""
    total = sum(clusters.values())
    part = sum(weight for name, weight in clusters.items() if _service(name) == canary)
    return round(100 * part / total) if total else 0


def _service(cluster: str) -> str:
    """The Service behind an Envoy cluster, as istiod names it or, e.g. `shop/shop-canary/80/da39a3ee5e`, Contour."""
    if "|" in cluster:
        return ".".join(cluster.rpartition("|")[2].split(".")[:2])
    return ".".join(reversed(cluster.split("/")[:2]))
