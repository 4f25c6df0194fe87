"""What the bootstrap configurations of plain Envoys have in common: a control plane that is asked over gRPC."""

from .api import Object

_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_RESOLVER = "envoy.network.dns_resolver.getaddrinfo"


def arguments(config: str) -> tuple[str, ...]:
    """Those of Envoy. Two workers: the machine is shared with everything else that the demo runs."""
    return ("-c", config, "--concurrency", "2", "--disable-hot-restart", "-l", "warning")


def address(host: str, port: int) -> Object:
    """An address."""
    return {"socket_address": {"address": host, "port_value": port}}


def control_plane(name: str, host: str, port: int) -> Object:
    """The cluster of a control plane without TLS."""
    kind = f"type.googleapis.com/{_OPTIONS}"
    return {
        "name": name,
        # Read from the namespace's own hosts file: the Service may come later than the gateway.
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_ONLY",
        "dns_refresh_rate": "1s",
        "connect_timeout": "1s",
        "typed_dns_resolver_config": {
            "name": _RESOLVER,
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.getaddrinfo.v3."
                "GetAddrInfoDnsResolverConfig"
            },
        },
        "typed_extension_protocol_options": {
            _OPTIONS: {"@type": kind, "explicit_http_config": {"http2_protocol_options": {}}}
        },
        **endpoint(name, address(host, port)),
    }


def endpoint(name: str, at: Object) -> Object:
    """The part of a cluster that says where its only endpoint is."""
    return {"load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": at}}]}]}}
