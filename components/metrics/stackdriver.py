"""Google Cloud Monitoring (Stackdriver): a user's MQL.

A number that is no double reads as 0. Source: flagger v1.36, pkg/metrics/providers/stackdriver.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..spec.base import Finding
from ..spec.checks import Check, Query
from ..spec.names import ObjectName
from ..spec.placeholders import used


class StackdriverProvider(MetricProvider, FlaggerMetrics):
    """Asks Google Cloud Monitoring in MQL."""

    kind: Literal["stackdriver"] = "stackdriver"
    secret: ObjectName = "stackdriver"
    """Secret in the app's namespace: `project`, and `serviceAccountKey` unless the controller has an identity."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "stackdriver", "secret": "gcloud"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": (
            "fetch k8s_container | metric 'custom.googleapis.com/shop/succeeded_percent' "
            "| filter metadata.user_labels.version == '{{revision}}' | within {{window}} | group_by [], mean(val())"
        ),
        "min": 99,
        "unit": "%",
    }
    zero_without_data: ClassVar[frozenset[str]] = frozenset({"flagger"})

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if isinstance(check, Query) and not {"window", "window_seconds"} & set(used(check.query)):
            yield ("query",), "looks back further than one measurement: write | within {{window}}"

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        provider = {"type": "stackdriver", "secretRef": {"name": self.secret}}
        return FlaggerMetric({"provider": provider, "query": question.text}, question.bounds)
