"""Graphite: a user's target, whose last point in the window counts; the window is added here.

Source: argo-rollouts v1.9, metricproviders/graphite; flagger v1.36, pkg/metrics/providers/graphite.go; Graphite's
render API.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.argo_rollouts import Answer, RolloutsMetrics, conditions
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..manifests.meta import Manifest, without_nothing
from ..spec.base import Finding
from ..spec.checks import Check, Query
from ..spec.names import ObjectName, Url

_LAST = Answer("result[len(result) - 1]", "len(result) > 0", "len(result) == 0")
_OF_A_URL = re.compile(r"^\s*target=|[&#%;+?]")


class GraphiteProvider(MetricProvider, RolloutsMetrics, FlaggerMetrics):
    """Asks Graphite's render API."""

    kind: Literal["graphite"] = "graphite"
    address: Url
    """URL of Graphite, without `/render`."""
    secret: ObjectName | None = None
    """Secret in the app's namespace with `username` and `password`; Flagger only."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "graphite", "address": "http://graphite.monitoring.svc:8080"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": "summarize(maxSeries(shop.queue.depth.{{workload}}.*),'{{window_seconds}}s','max')",
        "max": 100,
    }

    def check_problems(self, check: Check) -> Iterator[Finding]:
        found = _OF_A_URL.search(check.query) if isinstance(check, Query) else None
        if found:
            yield ("query",), f"leave '{found[0].strip()}' out: write the target alone, the rest of the URL is added"

    def rollouts_problems(self, check: Check) -> Iterator[Finding]:
        if self.secret:
            yield (), "Argo Rollouts asks Graphite without a password: leave secret out, or choose engine 'flagger'"

    def rollouts_metric(self, question: Question) -> Manifest:
        provider = {"graphite": {"address": self.address, "query": _asked(question)}}
        return {"provider": provider, **conditions(_LAST, question.bounds, hold=False)}

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        secret = {"name": self.secret} if self.secret else None
        provider = without_nothing({"type": "graphite", "address": self.address, "secretRef": secret})
        return FlaggerMetric({"provider": provider, "query": _asked(question)}, question.bounds)


def _asked(question: Question) -> str:
    # The engines leave spaces out, or not: without any both ask the same.
    return f"target={''.join(question.text.split())}&from=-{question.window.whole_seconds}s"
