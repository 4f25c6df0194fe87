"""Open Service Mesh: a TrafficSplit of SMI that Flagger makes, for what the mesh's pods send to the app's own Service.

Its project is archived. Source: flagger v1.36, pkg/router/smi_v1alpha2.go and pkg/metrics/observers/osm.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, RequestSeries, Router
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import Feature
from ..plan import Plan
from ..refusals import beside_a_service
from ..spec.base import Finding


class OsmRouter(Router, FlaggerRouter):
    """Routes by Open Service Mesh, inside the mesh."""

    kind: Literal["osm"] = "osm"

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.API_SERVER),
                Feature.MATCH: Refused("a TrafficSplit takes all that is sent to a Service", "leave traffic.match out"),
            },
            Refused("a TrafficSplit holds weights and nothing else", "use strategy 'canary' with weights alone"),
            ROUTED_BY_FLAGGER,
            since="1.13.0",
        )
    }
    flagger_provider: ClassVar[str] = "osm"
    end_of_life: ClassVar[str] = "its project was archived in 2023; use router 'istio' or 'linkerd'"
    inside: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "osm"}

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        return FlaggerRouting(service={}, manifests=[])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "a TrafficSplit holds weights and nothing else"
        return beside_a_service(plan, plan.name, self.kind, why)

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return RequestSeries(
            requests="osm_request_total",
            errors=LabelMatch("response_code", "=~", "5.."),
            duration_buckets="osm_request_duration_ms_bucket",
            duration_unit_ms=1,
            only=(
                LabelMatch("destination_namespace", "=", plan.namespace),
                LabelMatch("destination_kind", "=", "DaemonSet" if plan.on_every_node else "Deployment"),
                LabelMatch("destination_name", "=", measured.workload),
            ),
        )
