"""Kuma: a TrafficRoute that Flagger makes, for what the mesh's pods send to the app's own Service.

Source: flagger v1.36, pkg/router/kuma.go and pkg/metrics/observers/kuma.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import Measured, RequestSeries, Router
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import Feature
from ..known_series import envoy
from ..plan import Plan
from ..refusals import beside_a_service
from ..spec.base import Finding


class KumaRouter(Router, FlaggerRouter):
    """Routes by Kuma, inside its mesh `default`.

    Flagger names the TrafficRoute, which belongs to no namespace, like the app: no two apps of a cluster may share
    a name.
    """

    kind: Literal["kuma"] = "kuma"

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.API_SERVER),
                Feature.MATCH: Refused(
                    "a TrafficRoute of Flagger's takes all that is sent to a Service", "leave traffic.match out"
                ),
            },
            Refused(
                "Flagger sets nothing but two weights in a TrafficRoute, and would give everybody the new version",
                "use strategy 'canary' with weights alone",
            ),
            ROUTED_BY_FLAGGER,
            since="1.17.0",
        )
    }
    flagger_provider: ClassVar[str] = "kuma"
    inside: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "kuma"}

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        return FlaggerRouting(service={}, manifests=[])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "Flagger writes the TrafficRoute, and no such policy"
        return beside_a_service(plan, plan.name, self.kind, why)

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return envoy(f"{plan.canary_service}_{plan.namespace}_svc_{plan.traffic.port}")
