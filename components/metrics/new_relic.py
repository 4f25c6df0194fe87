"""New Relic: a user's NRQL, whose one number is called `result`; the window is added here.

Argo Rollouts' Secret stands beside its controller, Flagger's in the app's namespace. Without a window NRQL looks back
an hour. Source: argo-rollouts v1.9, metricproviders/newrelic; flagger v1.36, pkg/metrics/providers/newrelic.go.
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

_ROW = Answer("result.result", "result.result != nil", "result.result == nil")
_OTHER_SHAPE = re.compile(r"\b(SINCE|UNTIL|TIMESERIES|FACET|COMPARE\s+WITH)\b", re.IGNORECASE)
_NAMED = re.compile(r"\bAS\s+['`]?result\b", re.IGNORECASE)


class NewRelicProvider(MetricProvider, RolloutsMetrics, FlaggerMetrics):
    """Asks New Relic in NRQL."""

    kind: Literal["new-relic"] = "new-relic"
    secret: ObjectName = "newrelic"
    """Secret. For Argo Rollouts in its controller's namespace, with `personal-api-key`, `account-id` and perhaps
    `region`; for Flagger in the app's, with `newrelic_account_id` and `newrelic_query_key`.
    """
    address: Url | None = None
    """Where Flagger reaches New Relic, `https://insights-api.newrelic.com` unless given."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "new-relic", "secret": "newrelic-keys"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": (
            "SELECT filter(count(*), WHERE httpResponseCode < '500') / count(*) * 100 AS result FROM Transaction "
            "WHERE appName = '{{app}}' AND version = '{{revision}}'"
        ),
        "min": 99.5,
        "unit": "%",
    }

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if not isinstance(check, Query):
            return
        found = _OTHER_SHAPE.search(check.query)
        if found:
            yield ("query",), f"leave '{found[0]}' out: the window is added, and one number is needed"
        if not _NAMED.search(check.query):
            yield ("query",), "name the number that counts: SELECT ... AS result"

    def rollouts_problems(self, check: Check) -> Iterator[Finding]:
        if self.address:
            message = f"Argo Rollouts reads where 'new-relic' is from the Secret '{self.secret}', key `region`"
            yield (), f"{message}: write it there, and leave address out"

    def rollouts_metric(self, question: Question) -> Manifest:
        query = f"{question.text.rstrip()} SINCE {question.window.whole_seconds} seconds ago"
        provider = {"newRelic": {"profile": self.secret, "query": query}}
        return {"provider": provider, **conditions(_ROW, question.bounds, hold=False)}

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        provider = without_nothing({"type": "newrelic", "address": self.address, "secretRef": {"name": self.secret}})
        # Flagger adds the window itself.
        return FlaggerMetric({"provider": provider, "query": question.text.rstrip()}, question.bounds)
