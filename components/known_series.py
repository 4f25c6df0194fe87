"""Request metrics that several routers report alike, narrowed to the version that is measured."""

from .contracts import LabelMatch, Measured, RequestSeries
from .plan import Plan
from .spec.labels import REVISION_LABEL
from .spec.pod_metrics import PodMetrics

_POD = "pod"
"""The label that scraping a pod adds, as the platform's Prometheus and the usual PodMonitors do."""


def istio(plan: Plan, measured: Measured) -> RequestSeries:
    """Istio's standard metrics. Source: istio.io/latest/docs/reference/config/metrics."""
    if measured.workload:
        version = LabelMatch("destination_workload", "=", measured.workload)
    elif measured.pods:
        version = LabelMatch(_POD, "=~", measured.pods)
    else:
        version = LabelMatch(f"destination_{REVISION_LABEL}", "=", measured.revision)
    # Pods are called what their labels say: those of others whatever they like, and Flagger's primary by its own name.
    # Who runs them is enough.
    by_name = not plan.existing and not measured.workload
    named = (LabelMatch("destination_canonical_service", "=", plan.name),) if by_name else ()
    return istio_requests(
        # The receiving side's report: one count per request, whoever sent it.
        LabelMatch("reporter", "=", "destination"),
        LabelMatch("destination_workload_namespace", "=", plan.namespace),
        *named,
        version,
    )


def istio_requests(*only: LabelMatch) -> RequestSeries:
    """The same metrics, narrowed in any way."""
    return RequestSeries(
        requests="istio_requests_total",
        errors=LabelMatch("response_code", "=~", "5.."),
        duration_buckets="istio_request_duration_milliseconds_bucket",
        duration_unit_ms=1,
        only=only,
    )


def contour(plan: Plan) -> RequestSeries:
    """What Contour's Envoy counts by Service and port. Source: projectcontour.io/docs, guides/prometheus."""
    service = f"{plan.namespace}_{plan.measured_service}_{plan.traffic.port}"
    return envoy(service)


def envoy(cluster: str) -> RequestSeries:
    """What an Envoy counts of the requests that it sends to a cluster. Source: envoyproxy.io/docs, Cluster manager."""
    return envoy_requests(LabelMatch("envoy_cluster_name", "=", cluster))


def envoy_requests(*only: LabelMatch) -> RequestSeries:
    """The same metrics, narrowed in any way."""
    return RequestSeries(
        requests="envoy_cluster_upstream_rq",
        errors=LabelMatch("envoy_response_code", "=~", "5.."),
        duration_buckets="envoy_cluster_upstream_rq_time_bucket",
        duration_unit_ms=1,
        only=only,
    )


def of_pods(plan: Plan, measured: Measured, metrics: PodMetrics) -> RequestSeries:
    """What the app's own pods count; those of Flagger's stable version are called `<app>-primary`."""
    only = (
        (LabelMatch(metrics.pod, "=~", measured.pods),) if measured.pods else _of_labelled_pods(plan, measured, metrics)
    )
    return RequestSeries(
        requests=metrics.requests,
        errors=LabelMatch(metrics.status, "=~", "5.."),
        duration_buckets=metrics.durations,
        duration_unit_ms=1000 if metrics.unit == "s" else 1,
        only=(LabelMatch(metrics.namespace, "=", plan.namespace), *only),
    )


def _of_labelled_pods(plan: Plan, measured: Measured, metrics: PodMetrics) -> tuple[LabelMatch, ...]:
    if measured.workload:
        return (LabelMatch(metrics.app, "=", measured.workload),)
    return LabelMatch(metrics.app, "=", plan.name), LabelMatch(metrics.version, "=", measured.revision)
