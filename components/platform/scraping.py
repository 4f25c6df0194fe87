"""Which pods Prometheus asks for metrics, and where: rules of its relabelling, as its configuration file has them.

Every pod is scraped by exactly one job, whoever writes the jobs.
"""

from typing import Any

from ..spec.values import Duration

PATH_OF_APPS = "/stats/prometheus"

_LONGEST_TIMEOUT = Duration.of_seconds(10)
_POD = "__meta_kubernetes_pod"
_ANNOTATION = f"{_POD}_annotation_prometheus_io"

Rule = dict[str, Any]


def timeout(scrape_interval: Duration) -> Duration:
    """How long a pod may take to answer."""
    return min(scrape_interval, _LONGEST_TIMEOUT)


def of_apps() -> list[Rule]:
    """Pods of apps: Istio's proxies merge their own and the app's metrics on port 15020, below PATH_OF_APPS.

    Source: istio.io/latest/docs/ops/integrations/prometheus (metrics merging).
    """
    return [*_running(), *_address("15020"), *_identity()]


def of_annotated() -> list[Rule]:
    """Pods that ask for it with the annotations prometheus.io/scrape, port and path."""
    return [
        only([f"{_ANNOTATION}_scrape"], "true"),
        *_running(),
        {"source_labels": [f"{_ANNOTATION}_path"], "regex": "(.+)", "target_label": "__metrics_path__"},
        *_address(None),
        *_identity(),
    ]


def only(labels: list[str], regex: str) -> Rule:
    """Leaves out the pods whose labels do not match."""
    return {"source_labels": labels, "regex": regex, "action": "keep"}


def _running() -> list[Rule]:
    init = {"source_labels": [f"{_POD}_container_init"], "regex": "true", "action": "drop"}
    return [{"source_labels": [f"{_POD}_phase"], "regex": "Failed|Succeeded", "action": "drop"}, init]


def _address(port: str | None) -> list[Rule]:
    """The pod's address with a port, or with the annotated one; an IPv6 address stands in brackets."""
    tail, chosen = ("", port) if port else (r";(\d+)", "$2")
    return [_join(rf"([\d.]+){tail}", f"$1:{chosen}", port), _join(rf"(.*:.*){tail}", f"[$1]:{chosen}", port)]


def _join(regex: str, address: str, port: str | None) -> Rule:
    sources = [f"{_POD}_ip"] if port else [f"{_POD}_ip", f"{_ANNOTATION}_port"]
    return {"source_labels": sources, "regex": regex, "replacement": address, "target_label": "__address__"}


def _identity() -> list[Rule]:
    return [
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": [f"{_POD}_name"], "target_label": "pod"},
    ]
