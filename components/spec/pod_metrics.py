"""The metrics that an app's own pods report, for routers that count no requests by version."""

from typing import Annotated, Literal

from .base import Strict
from .names import NameRule

MetricName = Annotated[
    str, NameRule(r"[a-zA-Z_:][a-zA-Z0-9_:]*", 200, "a metric's name: use letters, digits, '_' and ':'")
]
MetricLabel = Annotated[
    str, NameRule(r"[a-zA-Z_][a-zA-Z0-9_]*", 100, "a metric's label: use letters, digits and '_', like 'version'")
]


class PodMetrics(Strict):
    """Request metrics that every pod of an app reports itself, with the labels that they have once scraped."""

    requests: MetricName = "http_requests_total"
    """Counter of requests."""
    status: MetricLabel = "code"
    """Its label with the HTTP status, e.g. `503`."""
    durations: MetricName = "http_request_duration_seconds_bucket"
    """Histogram of request durations, by `le`."""
    unit: Literal["s", "ms"] = "s"
    """Unit of that histogram."""
    namespace: MetricLabel = "namespace"
    """Label of both with the pod's namespace."""
    app: MetricLabel = "app_kubernetes_io_name"
    """Label of both with the pod's own label `app.kubernetes.io/name`."""
    version: MetricLabel = "version"
    """Label of both with the pod's own label `version`, by which the versions are told apart."""
    pod: MetricLabel = "pod"
    """Label of both with the pod's name, by which those of an `existing` workload are told apart."""
