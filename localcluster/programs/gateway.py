"""Istio's ingress gateway: plain Envoy that istiod configures.

The node id and metadata are those that Istio's own agent sends for a router (istio.io/istio pkg/bootstrap). Listeners
are the ports of the pod's Service, as istiod computes them.
"""

import json

from ..api import Object
from ..checks import answers
from . import istiod
from .program import Launch, Place, Program

_ADMIN = 15000
_CONFIG = "/etc/istio/proxy/envoy.json"
_DISCOVERY = "istiod.istio-system.svc"


def _launch(place: Place) -> Launch:
    # Two workers: the machine is shared with everything else that the demo runs.
    return Launch(("-c", _CONFIG, "--concurrency", "2", "--disable-hot-restart", "-l", "warning"), {})


async def _ready(place: Place) -> bool:
    return await answers("127.0.0.1", _ADMIN, "/ready")


def _files(place: Place) -> dict[str, str]:
    return {_CONFIG: json.dumps(bootstrap(place), indent=1)}


def bootstrap(place: Place) -> Object:
    """Envoy's bootstrap configuration for the gateway of a pod."""
    metadata = place.pod["metadata"]
    discovery = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [_grpc()]}
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
                "CLUSTER_ID": "Kubernetes",
                # Listeners below port 1024 are allowed: the namespace is the cluster's own.
                "UNPRIVILEGED_POD": "false",
            },
        },
        "admin": {"address": _address("127.0.0.1", _ADMIN)},
        "dynamic_resources": {"ads_config": discovery, "lds_config": ads, "cds_config": ads},
        "static_resources": {"clusters": [_discovery_cluster()]},
    }


def _grpc() -> Object:
    return {"envoy_grpc": {"cluster_name": "xds-grpc"}}


def _discovery_cluster() -> Object:
    endpoint = {"endpoint": {"address": _address(_DISCOVERY, istiod.PORT)}}
    options: Object = {"explicit_http_config": {"http2_protocol_options": {}}}
    kind = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        "name": "xds-grpc",
        # Read from the namespace's own hosts file: the Service may come later than the gateway.
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_ONLY",
        "dns_refresh_rate": "1s",
        "connect_timeout": "1s",
        "typed_dns_resolver_config": {
            "name": "envoy.network.dns_resolver.getaddrinfo",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.getaddrinfo.v3."
                "GetAddrInfoDnsResolverConfig"
            },
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {"@type": kind, **options}
        },
        "load_assignment": {"cluster_name": "xds-grpc", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _address(host: str, port: int) -> Object:
    return {"socket_address": {"address": host, "port_value": port}}


PROGRAM = Program(
    name="gateway",
    tool="envoy",
    repositories=("istio/proxyv2",),
    port=_ADMIN,
    launch=_launch,
    ready=_ready,
    files=_files,
)
