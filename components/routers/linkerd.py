"""Linkerd: a TrafficSplit that the engine makes, for what the mesh's pods send to the app's own Service.

Both engines write TrafficSplits of SMI v1alpha1, which Linkerd takes with its SMI extension. With Argo Rollouts the
app's own Service is ours. Source: linkerd.io (Proxy metrics), github.com/linkerd/linkerd-smi; argo-rollouts v1.9,
rollout/trafficrouting/smi; flagger v1.36, pkg/router/smi.go and pkg/metrics/observers/linkerd.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from .. import traffic_split
from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import ROUTED, Feature
from ..plan import Plan
from ..refusals import beside_a_service, slow
from ..spec.base import Finding
from ..spec.values import Duration

_ONLY_WEIGHTS = Refused("a TrafficSplit holds weights and nothing else", "use strategy 'canary' with weights alone")
_ABLE: Cells = {
    Feature.WEIGHTS: Native(Evidence.API_SERVER),
    Feature.MATCH: Refused("a TrafficSplit takes all that is sent to a Service", "leave traffic.match out"),
}
_LARGEST = Duration.of_seconds(50)
"""The largest bucket of the proxy's latency histogram."""


class LinkerdRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by Linkerd, inside the mesh; its SMI extension and the proxies beside the pods are the platform's."""

    kind: Literal["linkerd"] = "linkerd"

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells({**_ABLE, Feature.EXPERIMENT: NO_EXPERIMENT}, _ONLY_WEIGHTS, ROUTED),
        "flagger": cells(_ABLE, _ONLY_WEIGHTS, ROUTED_BY_FLAGGER),
    }
    flagger_provider: ClassVar[str] = "linkerd"
    inside: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "linkerd"}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        return traffic_split.routing(plan)

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        return FlaggerRouting(service={}, manifests=[])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "Linkerd ignores it beside a TrafficSplit"
        return beside_a_service(plan, plan.name, self.kind, why)

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        return list(slow(plan, _LARGEST, self.kind))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        # Deployments are told apart at the receiving side. The pods of a Rollout are not: there it is the Service by
        # which the senders' proxies reached them.
        only = (
            (("direction", "inbound"), ("namespace", plan.namespace), (plan.app.workload.kind, measured.workload))
            if measured.workload
            else (("direction", "outbound"), ("dst_namespace", plan.namespace), ("dst_service", plan.measured_service))
        )
        return RequestSeries(
            requests="response_total",
            errors=LabelMatch("classification", "=", "failure"),
            duration_buckets="response_latency_ms_bucket",
            duration_unit_ms=1,
            only=tuple(LabelMatch(label, "=", value) for label, value in only),
        )
