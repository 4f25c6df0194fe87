"""Istio: a root VirtualService with the app's hosts, and a delegate whose weights the engine moves.

Two objects, so that two writers never meet: the root (hosts, timeout, retries) is the user's, the delegate's
`spec.http` is the engine's. Source: istio.io/latest/docs/reference/config/networking/virtual-service (Delegate);
the metrics are those of istio.io/latest/docs/reference/config/metrics.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import LabelMatch, OwnedField, RequestSeries, Router
from ..manifests.meta import Manifest, manifest, without_nothing
from ..plan import Feature, Plan
from ..spec.labels import REVISION_LABEL, LabelName, LabelValue
from ..spec.values import ObjectName

_API = "networking.istio.io/v1"
_ROUTE = "split"


class IstioRouter(Router):
    """Routes by an Istio ingress gateway and VirtualServices."""

    kind: Literal["istio"] = "istio"
    gateway_selector: dict[LabelName, LabelValue] = {"istio": "ingress"}
    """Labels of the gateway's pods."""
    tls_secret: ObjectName | None = None
    """Secret with the gateway's certificate; with it, HTTPS is served on 443 and HTTP redirects there."""

    capabilities: ClassVar[Mapping[str, frozenset[Feature]]] = {
        "argo-rollouts": frozenset({Feature.WEIGHTS, Feature.STEP_TIMING}),
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "istio", "gateway_selector": {"istio": "ingress"}}

    def for_rollouts(self, plan: Plan) -> Manifest:
        return {"istio": {"virtualService": {"name": _delegate_name(plan), "routes": [_ROUTE]}}}

    def manifests(self, plan: Plan) -> list[Manifest]:
        return [self._gateway(plan), _delegate(plan), _root(plan)]

    def mutated_fields(self, plan: Plan) -> Sequence[OwnedField]:
        return [OwnedField("VirtualService", _delegate_name(plan), "spec.http")]

    def request_series(self, plan: Plan, revision: str) -> RequestSeries:
        return RequestSeries(
            requests="istio_requests_total",
            errors=LabelMatch("response_code", "=~", "5.."),
            duration_buckets="istio_request_duration_milliseconds_bucket",
            duration_unit_ms=1,
            # The receiving side's report: one count per request, whoever sent it.
            only=(
                LabelMatch("reporter", "=", "destination"),
                LabelMatch("destination_workload_namespace", "=", plan.namespace),
                LabelMatch("destination_canonical_service", "=", plan.name),
                LabelMatch(f"destination_{REVISION_LABEL}", "=", revision),
            ),
        )

    def _gateway(self, plan: Plan) -> Manifest:
        hosts = plan.traffic.hosts
        http: Manifest = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
        servers = [http]
        if self.tls_secret:
            http["tls"] = {"httpsRedirect": True}
            tls = {"mode": "SIMPLE", "credentialName": self.tls_secret}
            servers.append({"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": hosts, "tls": tls})
        return manifest(
            _API, "Gateway", plan.name, plan.app, {"spec": {"selector": self.gateway_selector, "servers": servers}}
        )


def _delegate_name(plan: Plan) -> str:
    return f"{plan.name}-split"


def _delegate(plan: Plan) -> Manifest:
    def to(service: str, weight: int) -> Manifest:
        return {"destination": {"host": service, "port": {"number": plan.traffic.port}}, "weight": weight}

    route = {"name": _ROUTE, "route": [to(plan.stable_service, 100), to(plan.canary_service, 0)]}
    return manifest(_API, "VirtualService", _delegate_name(plan), plan.app, {"spec": {"http": [route]}})


def _root(plan: Plan) -> Manifest:
    traffic = plan.traffic
    retries = traffic.retries and without_nothing(
        {
            "attempts": traffic.retries.attempts,
            "perTryTimeout": str(traffic.retries.per_try_timeout) if traffic.retries.per_try_timeout else None,
            "retryOn": traffic.retries.retry_on,
        }
    )
    route = without_nothing(
        {
            "name": "all",
            "delegate": {"name": _delegate_name(plan), "namespace": plan.namespace},
            "timeout": str(traffic.timeout) if traffic.timeout else None,
            "retries": retries,
        }
    )
    spec = {"hosts": traffic.hosts, "gateways": [plan.name], "http": [route]}
    return manifest(_API, "VirtualService", plan.name, plan.app, {"spec": spec})
