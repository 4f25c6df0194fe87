"""Istio's standard metrics of one pod, in the text that its sidecar's /stats/prometheus answers with.

Names, labels and their order: the standard metrics page of Istio's documentation and the istio_stats filter. Histogram
bounds: Envoy's default buckets (config.metrics.v3.HistogramBucketSettings), which Istio leaves as they are.
Nothing is encrypted here, so principals are unknown and the connection's security policy is "none".
"""

from bisect import bisect_left
from dataclasses import dataclass, field

from .identity import NOBODY, UNKNOWN, Identity

BUCKETS = (
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000,
    30000, 60000, 300000, 600000, 1800000, 3600000,
)  # fmt: skip
"""Upper bounds in milliseconds."""

REQUESTS = "istio_requests_total"
DURATION = "istio_request_duration_milliseconds"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Destination:
    """Where requests arrive. Fields: `identity` of the pod; `service`: the Service's name, empty for none."""

    identity: Identity
    service: str


@dataclass
class Series:
    """Requests of one kind. Fields: `counts`: per bucket, the last is beyond all bounds; `milliseconds`: their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    milliseconds: int = 0


Key = tuple[bool, str, int]
"""Whether the gateway sent the request, the host it asked for, the status of the answer."""


class PodMetrics:
    """Counts the requests of one pod."""

    def __init__(self) -> None:
        self._series: dict[Key, Series] = {}

    def count(self, through_gateway: bool, host: str, status: int, milliseconds: int) -> None:
        """Count one answered request; a sidecar, too, measures whole milliseconds."""
        key = (through_gateway, host, status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series()
        series.counts[bisect_left(BUCKETS, milliseconds)] += 1
        series.milliseconds += milliseconds

    def text(self, destination: Destination, gateway: Identity) -> str:
        """Everything counted so far. A pod without requests has no series, as behind a real sidecar."""
        merged: dict[str, Series] = {}
        for (through_gateway, host, status), series in sorted(self._series.items()):
            labels = _labels(gateway if through_gateway else NOBODY, destination, host, status)
            # Hosts matter only where no Service is known: several of them may end in the same labels.
            total = merged.setdefault(labels, Series())
            total.counts = [old + new for old, new in zip(total.counts, series.counts, strict=True)]
            total.milliseconds += series.milliseconds
        if not merged:
            return ""
        lines = [f"# TYPE {REQUESTS} counter"]
        lines += [f"{REQUESTS}{{{labels}}} {sum(series.counts)}" for labels, series in merged.items()]
        lines.append(f"# TYPE {DURATION} histogram")
        for labels, series in merged.items():
            lines += _histogram(labels, series)
        return "\n".join(lines) + "\n"


def _histogram(labels: str, series: Series) -> list[str]:
    lines, total = [], 0
    for bound, count in zip((*BUCKETS, "+Inf"), series.counts, strict=True):
        total += count
        lines.append(f'{DURATION}_bucket{{{labels},le="{bound}"}} {total}')
    return [*lines, f"{DURATION}_sum{{{labels}}} {series.milliseconds}", f"{DURATION}_count{{{labels}}} {total}"]


def _labels(source: Identity, destination: Destination, host: str, status: int) -> str:
    here, service = destination.identity, destination.service
    labels = {
        "reporter": "destination",
        "source_workload": source.workload,
        "source_canonical_service": source.canonical_service,
        "source_canonical_revision": source.canonical_revision,
        "source_workload_namespace": source.namespace,
        "source_principal": UNKNOWN,
        "source_app": source.app,
        "source_version": source.version,
        "source_cluster": source.cluster,
        "destination_workload": here.workload,
        "destination_workload_namespace": here.namespace,
        "destination_principal": UNKNOWN,
        "destination_app": here.app,
        "destination_version": here.version,
        # The host of the Service, or, for a pod that no Service selects, the one that the request asked for.
        "destination_service": f"{service}.{here.namespace}.svc.cluster.local" if service else host,
        "destination_canonical_service": here.canonical_service,
        "destination_canonical_revision": here.canonical_revision,
        "destination_service_name": service or "InboundPassthroughCluster",
        "destination_service_namespace": here.namespace,
        "destination_cluster": here.cluster,
        "request_protocol": "http",
        "response_code": str(status),
        "grpc_response_status": "",
        "response_flags": "-",
        "connection_security_policy": "none",
    }
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
