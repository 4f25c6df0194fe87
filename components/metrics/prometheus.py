"""Prometheus: request error rate and latency quantiles as PromQL, guarded against silence.

A query answers nothing unless the version that is measured got enough requests in the window, and the conditions
treat nothing and NaN as failed. Source: argo-rollouts docs, Analysis (Prometheus results are vectors).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

from ..contracts import LabelMatch, MetricProvider, RequestSeries
from ..contracts_of.argo_rollouts import RolloutsMetrics
from ..contracts_of.flagger import FlaggerMetrics, Look
from ..manifests.meta import Manifest
from ..plan import Plan
from ..spec.base import Finding
from ..spec.delivery import ErrorRate, Latency
from ..spec.values import Duration, PositiveDuration, Url

_SAMPLES = 4
"""Scrapes a window must hold, so that a rate survives a missed scrape (Prometheus' own advice for rate())."""


class PrometheusProvider(MetricProvider, RolloutsMetrics, FlaggerMetrics):
    """Asks a Prometheus server inside the cluster."""

    kind: Literal["prometheus"] = "prometheus"
    address: Url = "http://prometheus.monitoring.svc.cluster.local:9090"
    """URL of the server, as the engine's controller sees it."""
    scrape_interval: PositiveDuration = Duration.of_seconds(5)
    """How often pods are scraped."""
    timeout: PositiveDuration = Duration.of_seconds(10)
    """How long one query of Argo Rollouts may take; Flagger waits 5s, whatever is written."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "prometheus",
        "address": "http://prometheus.monitoring.svc.cluster.local:9090",
        "scrape_interval": "5s",
    }

    def problems(self, plan: Plan) -> Sequence[Finding]:
        shortest = Duration(self.scrape_interval.milliseconds * _SAMPLES)
        if plan.analysis.interval >= shortest:
            return []
        wanted = f"{plan.analysis.interval} is too short for a scrape interval of {self.scrape_interval}"
        return [(("delivery", "analysis", "interval"), f"{wanted}: at least {shortest}")]

    def rollouts_metric(self, check: ErrorRate | Latency, plan: Plan, series: RequestSeries) -> Manifest:
        limit = _limit(check, series)
        query = _query(check, series, Look(plan.analysis.interval, plan.analysis.minimum_requests))
        return {
            "provider": {
                "prometheus": {"address": self.address, "query": query, "timeout": self.timeout.whole_seconds}
            },
            "successCondition": f"len(result) == 1 && !isNaN(result[0]) && result[0] <= {limit}",
            "failureCondition": f"len(result) != 1 || isNaN(result[0]) || result[0] > {limit}",
        }

    def flagger_template(self, check: ErrorRate | Latency, look: Look, series: RequestSeries) -> tuple[Manifest, float]:
        provider = {"type": "prometheus", "address": self.address}
        # Flagger's events round to two decimals: in percents and milliseconds these say enough.
        factor = 100 if isinstance(check, ErrorRate) else series.duration_unit_ms
        highest = check.max.value if isinstance(check, ErrorRate) else Decimal(check.max.milliseconds)
        return {"provider": provider, "query": _query(check, series, look, factor)}, _json_number(highest)


def _json_number(value: Decimal) -> float:
    """A whole number without a point, as the API server gives it back: else it would show as a change ever after."""
    return int(value) if value == int(value) else float(value)


def _query(check: ErrorRate | Latency, series: RequestSeries, look: Look, factor: int = 1) -> str:
    """The question, answered only where the version got the minimum of requests in the window."""
    question = _question(check, series, look.window)
    asked = question if factor == 1 else f"{factor} * {question}"
    enough = f"sum(increase({_select(series.requests, series.only)}[{look.window}])) >= {look.minimum_requests}"
    return f"{asked}\nand on()\n({enough})"


def _question(check: ErrorRate | Latency, series: RequestSeries, window: Duration) -> str:
    if isinstance(check, ErrorRate):
        errors = _select(series.requests, (*series.only, series.errors))
        everything = _select(series.requests, series.only)
        # Without a single error there is no error series: that is zero errors, as long as requests are seen.
        return f"(\n  (sum(rate({errors}[{window}])) or vector(0))\n  /\n  sum(rate({everything}[{window}]))\n)"
    buckets = _select(series.duration_buckets, series.only)
    return f"histogram_quantile({check.fraction}, sum by (le) (rate({buckets}[{window}])))"


def _limit(check: ErrorRate | Latency, series: RequestSeries) -> str:
    if isinstance(check, ErrorRate):
        return f"{check.max.fraction:f}"
    return f"{(Decimal(check.max.milliseconds) / series.duration_unit_ms).normalize():f}"


def _select(metric: str, matches: Sequence[LabelMatch]) -> str:
    return metric + "{" + ", ".join(f'{m.label}{m.operator}"{m.value}"' for m in matches) + "}"
