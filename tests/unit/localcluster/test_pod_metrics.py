"""A pod's metrics are what Istio documents: names, labels, buckets, and nothing more."""

import re

from localcluster.pods.identity import NOBODY, identity_of
from localcluster.pods.metrics import Destination, PodMetrics

from .pods import rollout_pod

# https://istio.io/latest/docs/reference/config/metrics/
DOCUMENTED_LABELS = {
    "reporter", "source_workload", "source_workload_namespace", "source_principal", "source_app", "source_version",
    "source_cluster", "source_canonical_service", "source_canonical_revision", "destination_workload",
    "destination_workload_namespace", "destination_principal", "destination_app", "destination_version",
    "destination_service", "destination_service_name", "destination_service_namespace", "destination_cluster",
    "destination_canonical_service", "destination_canonical_revision", "request_protocol", "response_code",
    "response_flags", "connection_security_policy", "grpc_response_status",
}  # fmt: skip

# Envoy's defaults, config.metrics.v3.HistogramBucketSettings.
ENVOY_BOUNDS = [
    "0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000",
    "30000", "60000", "300000", "600000", "1800000", "3600000", "+Inf",
]  # fmt: skip

_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Sample = tuple[str, dict[str, str], float]


def samples(text: str) -> list[Sample]:
    """The samples of a Prometheus text; every line must be a sample or a TYPE line."""
    found = []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            continue
        match = _SAMPLE.fullmatch(line)
        assert match is not None, f"not a sample: {line}"
        found.append((match[1], dict(_LABEL.findall(match[2])), float(match[3])))
    return found


def shown(metrics: PodMetrics, service: str = "shop-canary", **labels: str) -> list[Sample]:
    """What a pod of the Rollout `shop` shows."""
    destination = Destination(identity_of(rollout_pod(**labels)), service)
    return samples(metrics.text(destination, NOBODY))


def test_labels_are_exactly_the_documented_ones() -> None:
    metrics = PodMetrics()
    metrics.count(True, "shop.example.com", 200, 3)
    for name, labels, _ in shown(metrics):
        assert labels.keys() - {"le"} == DOCUMENTED_LABELS, name
        assert ("le" in labels) == name.endswith("_bucket"), name


def test_names_are_the_documented_ones() -> None:
    metrics = PodMetrics()
    metrics.count(True, "shop.example.com", 200, 3)
    assert {name for name, _, _ in shown(metrics)} == {
        "istio_requests_total",
        "istio_request_duration_milliseconds_bucket",
        "istio_request_duration_milliseconds_sum",
        "istio_request_duration_milliseconds_count",
    }


def test_buckets_are_envoys_and_cumulative() -> None:
    metrics = PodMetrics()
    for milliseconds in (0, 1, 7, 25, 26, 10**7):
        metrics.count(False, "", 200, milliseconds)
    buckets = [(labels["le"], value) for name, labels, value in shown(metrics) if name.endswith("_bucket")]
    assert [bound for bound, _ in buckets] == ENVOY_BOUNDS
    counted = dict(buckets)
    # A bound belongs to its own bucket: 1 ms is counted under le="1", 25 ms under le="25".
    assert [counted[bound] for bound in ("0.5", "1", "5", "10", "25", "50", "3600000", "+Inf")] == [
        1,
        2,
        2,
        3,
        4,
        5,
        5,
        6,
    ]


def test_counts_and_sums_agree_for_every_status() -> None:
    metrics = PodMetrics()
    for status, milliseconds in ((200, 4), (200, 6), (500, 10)):
        metrics.count(True, "shop.example.com", status, milliseconds)
    values = {(name, labels["response_code"]): value for name, labels, value in shown(metrics) if "le" not in labels}
    assert values == {
        ("istio_requests_total", "200"): 2,
        ("istio_requests_total", "500"): 1,
        ("istio_request_duration_milliseconds_sum", "200"): 10,
        ("istio_request_duration_milliseconds_sum", "500"): 10,
        ("istio_request_duration_milliseconds_count", "200"): 2,
        ("istio_request_duration_milliseconds_count", "500"): 1,
    }


def test_labels_name_the_workload_the_service_and_the_revision() -> None:
    metrics = PodMetrics()
    metrics.count(True, "shop.example.com", 200, 1)
    _, labels, _ = shown(metrics, **{"app.kubernetes.io/name": "shop", "app.kubernetes.io/version": "2.0.0"})[0]
    assert labels["reporter"] == "destination"
    assert labels["destination_workload"] == "shop"
    assert labels["destination_workload_namespace"] == "store"
    assert labels["destination_service"] == "shop-canary.store.svc.cluster.local"
    assert labels["destination_service_name"] == "shop-canary"
    assert labels["destination_canonical_revision"] == "2.0.0"
    assert labels["connection_security_policy"] == "none"


def test_the_requested_host_is_the_service_of_a_pod_that_none_selects() -> None:
    metrics = PodMetrics()
    metrics.count(False, "shop.example.com", 200, 1)
    _, labels, _ = shown(metrics, service="")[0]
    assert labels["destination_service"] == "shop.example.com"
    assert labels["destination_service_name"] == "InboundPassthroughCluster"


def test_a_pod_without_requests_shows_nothing() -> None:
    assert shown(PodMetrics()) == []


def test_series_are_not_repeated_when_only_unknown_hosts_differ() -> None:
    metrics = PodMetrics()
    for host in ("a.example.com", "b.example.com"):
        metrics.count(False, host, 200, 1)
    totals = [value for name, _, value in shown(metrics) if name == "istio_requests_total"]
    assert totals == [2]


def test_values_are_escaped() -> None:
    metrics = PodMetrics()
    metrics.count(False, 'a"b\\c', 200, 1)
    text = metrics.text(Destination(NOBODY, ""), NOBODY)
    assert 'destination_service="a\\"b\\\\c"' in text
