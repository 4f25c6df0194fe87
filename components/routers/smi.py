"""The Service Mesh Interface: a TrafficSplit that the engine makes, for what pods send to the app's own Service.

Source: argo-rollouts v1.9, rollout/trafficrouting/smi (v1alpha1); flagger v1.36, pkg/router/smi_v1alpha2.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from .. import traffic_split
from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import Measured, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import ROUTED, Feature
from ..known_series import of_pods
from ..plan import Plan
from ..refusals import beside_a_service
from ..spec.base import Finding
from ..spec.pod_metrics import PodMetrics

_ONLY_WEIGHTS = Refused("a TrafficSplit holds weights and nothing else", "use strategy 'canary' with weights alone")
_ABLE: Cells = {
    Feature.WEIGHTS: Native(Evidence.API_SERVER),
    Feature.MATCH: Refused("a TrafficSplit takes all that is sent to a Service", "leave traffic.match out"),
}


class SmiRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by any mesh that takes TrafficSplits of SMI, inside the mesh."""

    kind: Literal["smi"] = "smi"
    pod_metrics: PodMetrics = PodMetrics.model_construct()
    """Metrics of the apps' own pods: SMI names none of a mesh's."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells({**_ABLE, Feature.EXPERIMENT: NO_EXPERIMENT}, _ONLY_WEIGHTS, ROUTED),
        "flagger": cells(_ABLE, _ONLY_WEIGHTS, ROUTED_BY_FLAGGER, since="1.8.0"),
    }
    flagger_provider: ClassVar[str] = "smi:v1alpha2"
    end_of_life: ClassVar[str] = (
        "SMI was archived in 2023; use router 'gateway-api', which took its place in the meshes"
    )
    inside: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "smi", "pod_metrics": {"status": "status"}}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        return traffic_split.routing(plan)

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        return FlaggerRouting(service={}, manifests=[])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "a TrafficSplit holds weights and nothing else"
        return beside_a_service(plan, plan.name, self.kind, why)

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return of_pods(plan, measured, self.pod_metrics)
