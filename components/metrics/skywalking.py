"""Apache SkyWalking: a user's GraphQL, whose one number has the alias `result`.

SkyWalking answers 0 where it has no data. Source: argo-rollouts v1.9, metricproviders/skywalking; SkyWalking's
query-protocol, metrics-v2.graphqls (readMetricsValue).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.argo_rollouts import Answer, RolloutsMetrics, conditions
from ..manifests.meta import Manifest
from ..plan import Plan
from ..spec.base import Finding
from ..spec.checks import Check, Query
from ..spec.names import Url
from ..spec.values import Duration

_FIELD = Answer("asFloat(result.result)", "result.result != nil", "result.result == nil")
_SHORTEST = Duration.of_seconds(60)
"""Argo Rollouts asks it for whole minutes."""
_PARTS = {"$duration": r"\$duration\b", "result:": r"\bresult\s*:"}


class SkyWalkingProvider(MetricProvider, RolloutsMetrics):
    """Asks SkyWalking's OAP server in GraphQL."""

    kind: Literal["skywalking"] = "skywalking"
    address: Url
    """URL of the OAP server, without `/graphql`."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "skywalking", "address": "http://oap.skywalking.svc:12800"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": (
            'query queryData($duration: Duration!) { result: readMetricsValue(condition: {name: "service_apdex", '
            'entity: {scope: Service, serviceName: "{{app}}::{{revision}}", normal: true}}, duration: $duration) }'
        ),
        "min": 9000,
    }
    zero_without_data: ClassVar[frozenset[str]] = frozenset({"argo-rollouts"})

    def problems(self, plan: Plan) -> Iterator[Finding]:
        if plan.analysis.interval < _SHORTEST:
            message = (
                f"{plan.analysis.interval} is too short for SkyWalking, which counts minutes: at least {_SHORTEST}"
            )
            yield ("delivery", "analysis", "interval"), message

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if isinstance(check, Query):
            for part, pattern in _PARTS.items():
                if not re.search(pattern, check.query):
                    shape = "query q($duration: Duration!) { result: readMetricsValue(..., duration: $duration) }"
                    yield ("query",), f"has no `{part}`: write it like `{shape}`"

    def rollouts_metric(self, question: Question) -> Manifest:
        interval = f"{question.window.whole_seconds}s"
        provider = {"skywalking": {"address": self.address, "interval": interval, "query": question.text}}
        return {"provider": provider, **conditions(_FIELD, question.bounds, hold=False)}
