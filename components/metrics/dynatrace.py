"""Dynatrace: a user's metric selector, over the window as one value.

Flagger looks back ten intervals, and reads a value that is missing as 0. Source: flagger v1.36,
pkg/metrics/providers/dynatrace.go; Dynatrace's Metrics API v2.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..spec.names import ObjectName, Url

_INTERVALS = 10


class DynatraceProvider(MetricProvider, FlaggerMetrics):
    """Asks Dynatrace with a metric selector."""

    kind: Literal["dynatrace"] = "dynatrace"
    address: Url
    """URL of the environment, e.g. `https://abc12345.live.dynatrace.com`."""
    secret: ObjectName = "dynatrace"
    """Secret in the app's namespace with `dynatrace_token`, which may read metrics."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "dynatrace", "address": "https://abc12345.live.dynatrace.com"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": 'shop.succeeded.percent:filter(eq("version","{{revision}}")):splitBy():avg',
        "min": 99,
        "unit": "%",
    }
    zero_without_data: ClassVar[frozenset[str]] = frozenset({"flagger"})

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        provider = {"type": "dynatrace", "address": self.address, "secretRef": {"name": self.secret}}
        return FlaggerMetric({"provider": provider, "query": question.text}, question.bounds, _INTERVALS)
