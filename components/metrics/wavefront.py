"""Wavefront (Tanzu Observability): a user's query, answered by the point that is nearest to now.

A series without points reads as 0. Source: argo-rollouts v1.9, metricproviders/wavefront.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.argo_rollouts import Answer, RolloutsMetrics, conditions
from ..manifests.meta import Manifest
from ..spec.names import Hostname

_NUMBER = Answer("result", "", "")
"""No series is an error of the engine's own, and several are one for these conditions."""


class WavefrontProvider(MetricProvider, RolloutsMetrics):
    """Asks Wavefront; its token stands beside the controller, in the Secret `wavefront-api-tokens` by the address."""

    kind: Literal["wavefront"] = "wavefront"
    address: Hostname
    """Host name of the service, e.g. `example.wavefront.com`."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "wavefront", "address": "example.wavefront.com"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": 'mavg({{window}}, ts("orders.succeeded.percent", version="{{revision}}"))',
        "min": 99,
        "unit": "%",
    }
    zero_without_data: ClassVar[frozenset[str]] = frozenset({"argo-rollouts"})

    def rollouts_metric(self, question: Question) -> Manifest:
        provider = {"wavefront": {"address": self.address, "query": question.text}}
        return {"provider": provider, **conditions(_NUMBER, question.bounds, hold=False)}
