"""The data planes beside Istio's own kinds: a Gateway of the Gateway API, which istiod serves, and Contour.

The Gateway is one for the platform's ingress gateway; Contour has an Envoy of its own.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from components.platform.images import CONTOUR_ENVOY_IMAGE, CONTOUR_IMAGE
from components.platform.pieces.istio import GATEWAY, INGRESS
from localcluster.api import Api, Object
from localcluster.programs import contour, contour_envoy
from localcluster.programs import gateway as istio_gateway
from localcluster.tools import module_dir
from tests.cluster.objects import apply_all, is_ready, pods, wait_for
from tests.definitions import definitions
from tests.definitions.contour import SOURCE as CONTOUR_KINDS
from tests.definitions.gateway_api import SOURCE as GATEWAY_API_KINDS

from .scenarios import CONTOUR, GATEWAY_API

_CLASS = "public"
_CONTOUR_NAMESPACE = "projectcontour"
_IMAGES = {"contour": CONTOUR_IMAGE, "envoy": CONTOUR_ENVOY_IMAGE}

ROUTERS: dict[str, dict[str, Any]] = {
    GATEWAY_API: {"kind": GATEWAY_API, "gateway": _CLASS, "gateway_namespace": INGRESS},
    CONTOUR: {"kind": CONTOUR, "ingress_class": _CLASS},
}
"""`delivery.router` of the apps behind them."""

ADMIN_PORTS = (istio_gateway.ADMIN_PORT, contour_envoy.ADMIN_PORT)
"""Of their Envoys."""


def install(api: Api) -> None:
    """Applies what does not need the platform, which would have to wait for it."""
    apply_all(api, [*definitions([GATEWAY_API_KINDS, CONTOUR_KINDS]), *_contour()])


def open_gateway(api: Api) -> None:
    """Applies the Gateway; it must be where the Service of the platform's ingress gateway is."""
    apply_all(api, [_gateway()])


def gateway_of_contour(api: Api) -> str:
    """The address and port where Contour's Envoy takes plain HTTP, once it does."""
    found = wait_for(lambda: [pod for pod in pods(api, _CONTOUR_NAMESPACE, "app=envoy") if is_ready(pod)], "Contour")
    return f"{found[0]['status']['podIP']}:{contour.HTTP_PORT}"


def _gateway() -> Object:
    """On the Envoy that is there, instead of a new one for each Gateway.

    Source: istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api, manual deployment.
    """
    listener = {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": _CLASS, "namespace": INGRESS},
        "spec": {
            "gatewayClassName": "istio",
            "addresses": [{"type": "Hostname", "value": f"{GATEWAY}.{INGRESS}.svc.cluster.local"}],
            "listeners": [listener],
        },
    }


def _contour() -> Iterator[Object]:
    """Its permissions are those of its release; it serves one class, which an HTTPProxy without one is not of."""
    yield _namespace(_CONTOUR_NAMESPACE)
    yield _of_contour("v1", "ServiceAccount", "contour", {})
    for name in ("02-role-contour.yaml", "02-rbac.yaml"):
        text = (module_dir("contour") / "examples/contour" / name).read_text(encoding="utf-8")
        yield from (item for item in yaml.load_all(text, Loader=yaml.CSafeLoader) if item)
    namespace = {"name": "CONTOUR_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    arguments = ["serve", "--incluster", f"--ingress-class-name={_CLASS}"]
    yield _running("contour", {"args": arguments, "env": [namespace]}, {"serviceAccountName": "contour"}, {})
    scraped = {"scrape": "true", "port": str(contour.STATS_PORT), "path": "/stats/prometheus"}
    yield _running("envoy", {}, {}, {f"prometheus.io/{key}": value for key, value in scraped.items()})
    port = {"name": "xds", "port": contour.PORT}
    yield _of_contour("v1", "Service", "contour", {"spec": {"selector": {"app": "contour"}, "ports": [port]}})


def _running(name: str, container: Object, pod: Object, annotations: dict[str, str]) -> Object:
    labels = {"app": name}
    spec = {"containers": [{"name": name, "image": _IMAGES[name], **container}], **pod}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}
    deployment = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return _of_contour("apps/v1", "Deployment", name, {"spec": deployment})


def _of_contour(api_version: str, kind: str, name: str, body: Object) -> Object:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": _CONTOUR_NAMESPACE},
        **body,
    }


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
