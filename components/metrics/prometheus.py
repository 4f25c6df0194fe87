"""Prometheus: requests, pods and queries of the user's as PromQL, guarded against silence.

A built-in query answers nothing unless the version that is measured got enough requests in the window, and the
conditions treat nothing and NaN as failed. Source: argo-rollouts docs, Analysis (Prometheus results are vectors); the
series of pods are those of cAdvisor (the kubelet's /metrics/cadvisor) and of kube-state-metrics (its pod-metrics.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from ..contracts import Bounds, LabelMatch, MetricProvider, Question, RequestSeries, Version
from ..contracts_of.argo_rollouts import VECTOR, RolloutsMetrics, conditions
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..manifests.meta import Manifest
from ..plan import Plan
from ..request_queries import error_share, quantile, select
from ..spec import placeholders, promql
from ..spec.base import Finding
from ..spec.checks import Check, Cpu, ErrorRate, Latency, Memory, Query, Restarts, comparison
from ..spec.names import Url
from ..spec.values import Duration, PositiveDuration

_SAMPLES = 4
"""Scrapes a window must hold, so that a rate survives a missed scrape (Prometheus' own advice for rate())."""
_SAMPLES_OF_A_RATE = 2
"""Without which there is none, so that a check of new pods finds no data."""
_TOLD = Duration.of_seconds(5)
"""How late a server hears of new pods. Source: Prometheus' discovery/manager.go (updatert)."""
_RELOAD = Duration.of_seconds(5)
"""How much later it acts on that, unless it is told otherwise. Source: Prometheus' scrape/manager.go (reloader)."""
RELOAD_OF_THE_PLATFORMS = Duration.of_seconds(1)
"""The same for the server that the platform installs: more would be too long for short intervals of checks."""
_PLATFORMS = "prometheus.monitoring"
_OF_PODS = frozenset({"cpu", "memory", "restarts"})


class PrometheusProvider(MetricProvider, RolloutsMetrics, FlaggerMetrics):
    """Asks a Prometheus server inside the cluster."""

    kind: Literal["prometheus"] = "prometheus"
    address: Url = f"http://{_PLATFORMS}.svc.cluster.local:9090"
    """URL of the server, as the engine's controller sees it."""
    scrape_interval: PositiveDuration = Duration.of_seconds(5)
    """How often pods are scraped."""
    finds_pods_within: PositiveDuration | None = None
    """How soon the server finds new pods; unless given, 6s at the address of the platform's own, 10s at any other."""
    timeout: PositiveDuration = Duration.of_seconds(10)
    """How long one query of Argo Rollouts may take; Flagger waits 5s, whatever is written."""
    kube_metrics: bool = False
    """Whether the server has the series of cAdvisor and kube-state-metrics: `cpu`, `memory`, `restarts` need them."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "prometheus",
        "address": "http://prometheus.monitoring.svc.cluster.local:9090",
        "scrape_interval": "5s",
        "kube_metrics": True,
    }
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": 'max(queue_depth{namespace="{{namespace}}", pod=~"{{pods}}"})',
        "max": 100,
        "unit": "messages",
    }
    built_in: ClassVar[frozenset[str]] = frozenset({"error_rate", "latency", *_OF_PODS})
    compares: ClassVar[frozenset[str]] = frozenset({"argo-rollouts", "flagger"})
    holds: ClassVar[bool] = True

    @property
    def of_the_platform(self) -> bool:
        """Whether the address is that of the server which the platform installs."""
        return urlsplit(self.address).hostname in (_PLATFORMS, f"{_PLATFORMS}.svc", f"{_PLATFORMS}.svc.cluster.local")

    @property
    def found(self) -> Duration:
        """How long it may take until the server begins to scrape a new pod."""
        reload = RELOAD_OF_THE_PLATFORMS if self.of_the_platform else _RELOAD
        return self.finds_pods_within or Duration(_TOLD.milliseconds + reload.milliseconds)

    def problems(self, plan: Plan) -> Iterator[Finding]:
        given, scrape = plan.analysis.interval, self.scrape_interval.milliseconds
        for_a_window = Duration(scrape * _SAMPLES)
        for_new_pods = Duration(self.found.milliseconds + scrape * _SAMPLES_OF_A_RATE)
        shortest = max(for_a_window, for_new_pods)
        if given < shortest:
            why = f"a scrape interval of {self.scrape_interval}"
            if given >= for_a_window:
                why = f"new pods, which are found within {self.found} and scraped every {self.scrape_interval}"
            yield ("delivery", "analysis", "interval"), f"{given} is too short for {why}: at least {shortest}"

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if check.kind in _OF_PODS and not self.kube_metrics:
            needs = f"'{check.kind}' needs the series of cAdvisor and kube-state-metrics"
            yield (), f"{needs}: set kube_metrics of 'prometheus' to true where the server has them"
        if isinstance(check, Query):
            yield from _query_problems(check)

    def rollouts_metric(self, question: Question) -> Manifest:
        asked = {"address": self.address, "query": _query(question), "timeout": self.timeout.whole_seconds}
        hold = question.check.on_no_data == "hold"
        passing = _scaled(_bounds(question), Decimal(1) / _shown(question))
        return {"provider": {"prometheus": asked}, **conditions(VECTOR, passing, hold=hold)}

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        provider = {"type": "prometheus", "address": self.address}
        return FlaggerMetric({"provider": provider, "query": _query(question, _shown(question))}, _bounds(question))


def _query_problems(check: Query) -> Iterator[Finding]:
    """What is no PromQL, and what would count other versions too."""
    # Stands for whatever the placeholders become; durations have to be readable.
    named = {name: f"coalmine-{name}" for name in placeholders.PLACEHOLDERS}
    values = {**named, "window": "30s", "window_seconds": "30"}
    try:
        found = promql.selectors(placeholders.fill(check.query, values))
    except KeyError:
        return  # an unknown placeholder is a problem of the check's own
    except ValueError as error:
        yield ("query",), f"is not PromQL: {' '.join(str(error).split())}"
        return
    if check.not_per_version or not placeholders.names_one_version(check.query):
        return
    narrowing = {f"coalmine-{name}" for name, one in placeholders.PLACEHOLDERS.items() if one.one_version}
    for selector in found:
        wanted = {value for _, operator, value in selector.matchers if operator in ("=", "=~")}
        if not any(name in value for name in narrowing for value in wanted):
            ways = ", ".join(placeholders.ONE_VERSION)
            yield ("query",), f"'{selector.metric}' counts other versions too: narrow it by one of {ways}"


def _bounds(question: Question) -> Bounds:
    """The numbers that pass, in percents, milliseconds, cores, bytes or the query's own unit."""
    check = question.check
    if question.against_stable:
        compared = comparison(check)
        return Bounds(
            None, _number(compared.difference) if compared and compared.difference is not None else Decimal(0)
        )
    return question.bounds if isinstance(check, Query) else Bounds(None, _number(check.max))


def _number(limit: Any) -> Decimal:
    if isinstance(limit, Duration):
        return Decimal(limit.milliseconds)
    return limit.value if hasattr(limit, "value") else Decimal(str(limit))


def _scaled(bounds: Bounds, factor: Decimal) -> Bounds:
    low, high = (None if one is None else (one * factor).normalize() for one in (bounds.min, bounds.max))
    return Bounds(low, high)


def _shown(question: Question) -> int:
    """By what an answer is multiplied to be one of percents or milliseconds.

    Flagger's events round to two decimals: so they say enough.
    """
    if isinstance(question.check, ErrorRate):
        return 100
    return question.series.duration_unit_ms if isinstance(question.check, Latency) else 1


def _query(question: Question, factor: int = 1) -> str:
    """The question, answered only where the versions that are measured got the minimum of requests in the window."""
    own = isinstance(question.check, Query)
    asked = _difference(question) if question.against_stable else _of_canary(question)
    if own:
        # A number of the user's is none of requests; without either version's the difference is NaN.
        return f"vector{asked}" if question.against_stable else question.text
    guards = [question.series, question.stable_series] if question.against_stable else [question.series]
    scaled = asked if factor == 1 else f"{factor} * {asked}"
    return "".join([scaled, *(f"\nand on()\n({_enough(question, one)})" for one in guards if one)])


def _of_canary(question: Question) -> str:
    return _of_one(question, question.canary, question.series)


def number_of(question: Question) -> str:
    """The number that a check asks for, in its own unit, however many requests there were."""
    found = _of_canary(question)
    return found if _shown(question) == 1 else f"{_shown(question)} * {found}"


def _difference(question: Question) -> str:
    """By how much the new version's number is above what stable's allows."""
    compared = comparison(question.check)
    factor = compared.factor if compared else None
    times = "" if factor is None else f"{factor} * "
    # Without a router that counts stable apart, only what is not about requests gets here.
    stable = _of_one(question, question.stable, question.stable_series or question.series)
    return f"(\n{_of_canary(question)}\n-\n{times}{stable}\n)"


def _enough(question: Question, series: RequestSeries) -> str:
    counted = f"sum(increase({select(series.requests, series.only)}[{question.window}]))"
    return f"{counted} >= {question.minimum_requests}"


def _of_one(question: Question, version: Version, series: RequestSeries) -> str:
    """The number of one version."""
    check, window = question.check, question.window
    match check:
        case ErrorRate():
            return error_share(series, window)
        case Latency():
            return quantile(series, check.fraction, window)
        case Cpu():
            used = select("container_cpu_usage_seconds_total", (*_pods(question, version), _CONTAINERS))
            return f"max(sum by (pod) (rate({used}[{window}])))"
        case Memory():
            used = select("container_memory_working_set_bytes", (*_pods(question, version), _CONTAINERS))
            return f"max(sum by (pod) ({used}))"
        case Restarts():
            return f"sum({select('kube_pod_container_status_restarts_total', _pods(question, version))})"
        case Query():
            return f"scalar({question.fill(check.query, version)})"


_CONTAINERS = LabelMatch("container", "!=", "")
"""cAdvisor counts a pod as a whole too, without a name."""


def _pods(question: Question, version: Version) -> Sequence[LabelMatch]:
    return (LabelMatch("namespace", "=", question.namespace), LabelMatch("pod", "=~", version.pods))
