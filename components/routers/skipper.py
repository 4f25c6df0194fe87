"""Skipper: an Ingress of ours, which Flagger copies to one with the weights of both versions.

Source: flagger v1.36, pkg/router/skipper.go and pkg/metrics/observers/skipper.go; opensource.zalando.com/skipper.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, RequestSeries, Router
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import Feature
from ..manifests.meta import Manifest, manifest
from ..plan import Plan
from ..refusals import retries, slow, timeout
from ..spec.base import Finding
from ..spec.names import ObjectName
from ..spec.values import Duration, PositiveDuration

_API = "networking.k8s.io/v1"


class SkipperRouter(Router, FlaggerRouter):
    """Routes by Skipper, with an Ingress.

    The checks need Skipper's flag `-serve-route-metrics`, which counts requests by route.
    """

    kind: Literal["skipper"] = "skipper"
    ingress_class: ObjectName = "skipper"
    """The IngressClass of the Skipper that serves the app."""
    largest_bucket: PositiveDuration = Duration.of_seconds(10)
    """The largest of Skipper's `-histogram-metric-buckets`; a latency check must be below it."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.API_SERVER),
                Feature.MATCH: Refused(
                    "Flagger copies an Ingress, which knows no headers, and its annotations only once",
                    "leave traffic.match out",
                ),
            },
            Refused(
                "Flagger sets nothing but two weights in Skipper, and would give everybody the new version",
                "use strategy 'canary' with weights alone",
            ),
            ROUTED_BY_FLAGGER,
            since="1.1.0",
        )
    }
    flagger_provider: ClassVar[str] = "skipper"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "skipper", "ingress_class": "skipper"}

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        reference = {"apiVersion": _API, "kind": "Ingress", "name": plan.name}
        return FlaggerRouting(service={}, manifests=[self._ingress(plan)], spec={"ingressRef": reference})

    def problems(self, plan: Plan) -> Sequence[Finding]:
        once = "Flagger copies the Ingress's annotations only once, and a change would be dropped"
        return [*timeout(plan, once), *retries(plan, once)]

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        return list(slow(plan, self.largest_bucket, self.kind))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        namespace, ingress, service = (
            text.replace("-", "_") for text in (plan.namespace, f"{plan.name}-canary", plan.canary_service)
        )
        return RequestSeries(
            requests="skipper_serve_route_duration_seconds_count",
            errors=LabelMatch("code", "=~", "5.."),
            duration_buckets="skipper_serve_route_duration_seconds_bucket",
            duration_unit_ms=1000,
            # One route for every host; between the Ingress and the canary's Service stand host and path.
            only=(LabelMatch("route", "=~", f"kube(ew)?_{namespace}__{ingress}__.*__{service}(_[0-9]+)?"),),
        )

    def _ingress(self, plan: Plan) -> Manifest:
        rules = [{"host": host, "http": {"paths": [_path(plan)]}} for host in plan.traffic.hosts]
        return manifest(
            _API, "Ingress", plan.name, plan.app, {"spec": {"ingressClassName": self.ingress_class, "rules": rules}}
        )


def _path(plan: Plan) -> Manifest:
    # Flagger looks for the app's own Service, which it makes.
    backend = {"service": {"name": plan.name, "port": {"number": plan.traffic.port}}}
    return {"path": "/", "pathType": "Prefix", "backend": backend}
