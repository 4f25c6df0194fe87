"""What is asked of Prometheus about requests: by checks of one version, by rules and dashboards of all side by side."""

from collections.abc import Sequence
from decimal import Decimal

from .contracts import LabelMatch, RequestSeries, Versions
from .record import record
from .spec.values import Duration

VERSION = "version"
"""The label of a version's name in numbers that are told apart."""


def select(metric: str, matches: Sequence[LabelMatch]) -> str:
    """A selector of series."""
    return metric + "{" + ", ".join(f'{m.label}{m.operator}"{m.value}"' for m in matches) + "}"


@record
class _Apart:
    """What a number is about. Fields: `versions`: those that it is told of, each by itself; None for all it sees."""

    versions: Versions | None = None

    def rate(self, metric: str, only: Sequence[LabelMatch], window: Duration) -> str:
        """How fast a counter grows, with the version's name as a label of its own."""
        rate = f"rate({select(metric, only)}[{window}])"
        if self.versions is None or not self.versions.label:
            return rate
        return f'label_replace({rate}, "{VERSION}", "$1", "{self.versions.label}", "{self.versions.pattern}")'

    def sum(self, rates: str, *by: str) -> str:
        """The sum of rates, of each version if these are told apart."""
        labels = [*by, *([VERSION] if self.versions else [])]
        return f"sum by ({', '.join(labels)}) ({rates})" if labels else f"sum({rates})"

    def nothing(self, like: str) -> str:
        """Zero where there is no number, of every version that `like` has one of."""
        return f"0 * {like}" if self.versions else "vector(0)"


_TOGETHER = _Apart()


def error_share(series: RequestSeries, window: Duration, of: _Apart = _TOGETHER) -> str:
    """The share of requests that were answered with an error."""
    errors = of.sum(of.rate(series.requests, (*series.only, series.errors), window))
    everything = of.sum(of.rate(series.requests, series.only, window))
    # Without a single error there is no error series: that is zero errors, as long as requests are seen.
    return f"(\n  ({errors} or {of.nothing(everything)})\n  /\n  {everything}\n)"


def quantile(series: RequestSeries, fraction: Decimal, window: Duration, of: _Apart = _TOGETHER) -> str:
    """A quantile of the time that requests took, in the unit of the histogram."""
    buckets = of.rate(series.duration_buckets, series.only, window)
    return f"histogram_quantile({fraction}, {of.sum(buckets, 'le')})"


def request_rate(versions: Versions, window: Duration) -> str:
    """Requests per second of every version, those without any left out."""
    of = _Apart(versions)
    return f"{of.sum(of.rate(versions.series.requests, versions.series.only, window))} > 0"


def error_percent(versions: Versions, window: Duration) -> str:
    """The share of errors of every version that gets requests, as the check `error_rate` reckons it, in percent."""
    return f"100 * {error_share(versions.series, window, _Apart(versions))}\nand\n{request_rate(versions, window)}"


def latency_milliseconds(versions: Versions, fraction: Decimal, window: Duration) -> str:
    """A quantile of the latency of every version, as the check `latency` reckons it."""
    found = quantile(versions.series, fraction, window, _Apart(versions))
    return f"{versions.series.duration_unit_ms} * {found}\nand\n{request_rate(versions, window)}"
