"""Splunk Observability Cloud: a user's SignalFlow program that publishes one series.

Flagger looks back ten intervals; no value is no answer, and several series are an error. Sources: flagger v1.41,
pkg/metrics/providers/splunk.go, and CHANGELOG.md for the first release that knows it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..spec.base import Finding
from ..spec.checks import Check, Query
from ..spec.names import ObjectName, Url

_INTERVALS = 10


class SplunkProvider(MetricProvider, FlaggerMetrics):
    """Asks Splunk Observability Cloud in SignalFlow."""

    kind: Literal["splunk"] = "splunk"
    address: Url
    """URL of the realm's API, e.g. `https://api.us1.signalfx.com`."""
    secret: ObjectName = "splunk"
    """Secret in the app's namespace with `sf_token_key`."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "splunk", "address": "https://api.us1.signalfx.com"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": "data('queue.depth', filter=filter('version', '{{revision}}')).max().publish()",
        "max": 100,
    }
    flagger_since: ClassVar[str] = "1.40.0"

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if isinstance(check, Query) and check.query.count(".publish(") != 1:
            yield ("query",), "must publish one series: end it with .publish()"

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        provider = {"type": "splunk", "address": self.address, "secretRef": {"name": self.secret}}
        return FlaggerMetric({"provider": provider, "query": question.text}, question.bounds, _INTERVALS)
