"""Keptn: a KeptnMetric's value, or the verdict of an Analysis (1 or 0), from the cluster itself.

Flagger reads the query in small letters. Source: flagger v1.38, pkg/metrics/providers/keptn.go.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..spec.base import Finding
from ..spec.checks import Check, Query

_FORM = re.compile(r"(keptnmetrics?|analys[ie]s)/[^/\s]+/[^/\s]+(/[^/\s]+){0,2}")


class KeptnProvider(MetricProvider, FlaggerMetrics):
    """Reads Keptn's metrics and analyses."""

    kind: Literal["keptn"] = "keptn"

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "keptn"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": "analysis/{{namespace}}/shop-quality/{{window}}/workload={{workload}}",
        "min": 1,
    }
    flagger_since: ClassVar[str] = "1.38.0"

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if isinstance(check, Query) and not _FORM.fullmatch(check.query.strip()):
            shapes = "keptnmetric/NAMESPACE/NAME or analysis/NAMESPACE/DEFINITION/{{window}}/KEY={{workload}}"
            yield ("query",), f"is not what Keptn is asked: write {shapes}"

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        return FlaggerMetric({"provider": {"type": "keptn"}, "query": question.text.strip()}, question.bounds)
