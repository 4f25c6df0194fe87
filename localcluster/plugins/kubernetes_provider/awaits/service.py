"""Stand-in for pulumi-resource-kubernetes: when a Service is ready.

Observed: a LoadBalancer waits for its address; a ClusterIP Service succeeds after 10 s even without endpoints;
a headless one and one without selector succeed at once.
"""

from __future__ import annotations

from typing import Final

from ...wire.values import Object
from ..kinds import Gvk
from .status import READY, Look, Status

KEY = "v1/Service"
DEFAULT_SECONDS = 600.0
_SETTLE_SECONDS: Final = 10.0
_SLICE: Final = Gvk("discovery.k8s.io", "v1", "EndpointSlice")


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Ready by type, and by endpoints where it has some."""
    spec = live["spec"]
    if spec.get("type") == "LoadBalancer":
        if ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
            return READY
        return Status(False, "waiting for the load balancer's address")
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return READY
    if elapsed >= _SETTLE_SECONDS or _has_endpoints(live, look):
        return READY
    return Status(False, "waiting for endpoints")


def _has_endpoints(live: Object, look: Look) -> bool:
    metadata = live["metadata"]
    slices = look.list(_SLICE, metadata["namespace"], f"kubernetes.io/service-name={metadata['name']}")
    endpoints = [endpoint for item in slices for endpoint in item.get("endpoints") or []]
    return any((endpoint.get("conditions") or {}).get("ready", True) for endpoint in endpoints)
