"""Istio's ingress gateway: plain Envoy that istiod configures.

The node id and metadata are those that Istio's own agent sends for a router (istio.io/istio pkg/bootstrap). Listeners
are the ports of the pod's Service, as istiod computes them.
"""

import json

from ..api import Object
from ..checks import answers
from ..envoy import address, arguments, control_plane
from ..pods.identity import CLUSTER
from . import istiod
from .program import Launch, Place, Program

ADMIN_PORT = 15000
"""Of Envoy's admin interface, on 127.0.0.1."""
_CONFIG = "/etc/istio/proxy/envoy.json"
_ADS = "xds-grpc"
_DISCOVERY = "istiod.istio-system.svc"


def _launch(place: Place) -> Launch:
    return Launch(arguments(_CONFIG), {})


async def _ready(place: Place) -> bool:
    return await answers("127.0.0.1", ADMIN_PORT, "/ready")


def _files(place: Place) -> dict[str, str]:
    return {_CONFIG: json.dumps(bootstrap(place), indent=1)}


def bootstrap(place: Place) -> Object:
    """Envoy's bootstrap configuration for the gateway of a pod."""
    metadata = place.pod["metadata"]
    discovery = {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": _ADS}}],
    }
    ads = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": {
            "id": f"router~{place.address}~{place.name}.{place.namespace}~{place.namespace}.svc.cluster.local",
            "cluster": f"{metadata.get('labels', {}).get('istio', 'gateway')}.{place.namespace}",
            "metadata": {
                "LABELS": metadata.get("labels", {}),
                "NAME": place.name,
                "NAMESPACE": place.namespace,
                "INSTANCE_IPS": place.address,
                "SERVICE_ACCOUNT": place.pod["spec"].get("serviceAccountName", "default"),
                "CLUSTER_ID": CLUSTER,
                # Listeners below port 1024 are allowed: the namespace is the cluster's own.
                "UNPRIVILEGED_POD": "false",
            },
        },
        "admin": {"address": address("127.0.0.1", ADMIN_PORT)},
        "dynamic_resources": {"ads_config": discovery, "lds_config": ads, "cds_config": ads},
        "static_resources": {"clusters": [control_plane(_ADS, _DISCOVERY, istiod.PORT)]},
    }


PROGRAM = Program(
    name="gateway",
    tool="envoy",
    repositories=("istio/proxyv2",),
    port=ADMIN_PORT,
    launch=_launch,
    ready=_ready,
    files=_files,
)
