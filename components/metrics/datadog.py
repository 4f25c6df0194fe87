"""Datadog: queries of the user's over its metrics API.

Argo Rollouts asks for a scalar (API v2) and takes no data for nil. Flagger asks for a series (API v1), takes the last
point of ten intervals, and reads a point without a value as 0. Source: argo-rollouts v1.9, metricproviders/datadog;
flagger v1.36, pkg/metrics/providers/datadog.go.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

from ..contracts import Bounds, MetricProvider, Question
from ..contracts_of.argo_rollouts import Answer, RolloutsMetrics, conditions
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..manifests.meta import Manifest, without_nothing
from ..spec.base import Finding
from ..spec.checks import Check, comparison
from ..spec.names import ObjectName, Url

_SCALAR = Answer("default(result, 0)", "!isNil(result)", "isNil(result)")
_INTERVALS = 10


class DatadogProvider(MetricProvider, RolloutsMetrics, FlaggerMetrics):
    """Asks Datadog; the last point of the window counts, so roll the query up to one."""

    kind: Literal["datadog"] = "datadog"
    secret: ObjectName = "datadog"
    """Secret in the app's namespace; keys for Argo Rollouts: `api-key`, `app-key` and perhaps `address`; for Flagger:
    `datadog_api_key` and `datadog_application_key`.
    """
    address: Url | None = None
    """Where Flagger reaches Datadog, `https://api.datadoghq.com` unless given; Argo Rollouts finds it in the Secret."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "datadog", "secret": "datadog-keys"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": "avg:orders.succeeded.percent{kube_namespace:{{namespace}},kube_service:{{service}}}.rollup(avg, 60)",
        "min": 99,
        "unit": "%",
    }
    compares: ClassVar[frozenset[str]] = frozenset({"argo-rollouts"})
    zero_without_data: ClassVar[frozenset[str]] = frozenset({"flagger"})
    holds: ClassVar[bool] = True

    def rollouts_problems(self, check: Check) -> Iterator[Finding]:
        if self.address:
            message = f"Argo Rollouts reads the address of 'datadog' from the Secret '{self.secret}', key `address`"
            yield (), f"{message}: write it there, and leave it out here"

    def rollouts_metric(self, question: Question) -> Manifest:
        asked, bounds = _asked(question)
        provider = {
            "apiVersion": "v2",
            "interval": f"{question.window.whole_seconds}s",
            "secretRef": {"name": self.secret, "namespaced": True},
            **asked,
        }
        hold = question.check.on_no_data == "hold"
        return {"provider": {"datadog": provider}, **conditions(_SCALAR, bounds, hold=hold)}

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        provider = without_nothing({"type": "datadog", "address": self.address, "secretRef": {"name": self.secret}})
        return FlaggerMetric({"provider": provider, "query": question.text}, question.bounds, _INTERVALS)


def _asked(question: Question) -> tuple[Manifest, Bounds]:
    if not question.against_stable:
        return {"query": question.text}, question.bounds
    compared = comparison(question.check)
    factor, difference = (compared.factor, compared.difference) if compared else (None, None)
    both = {"canary": question.text, "stable": question.fill(question.query.query, question.stable)}
    formula = f"canary - {factor} * stable" if factor is not None else "canary - stable"
    return {"queries": both, "formula": formula}, Bounds(None, Decimal(str(difference or 0)))
