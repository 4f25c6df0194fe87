"""Stand-in for pulumi-resource-kubernetes: an Ingress is ready when it has an address."""

from __future__ import annotations

from ...wire.values import Object
from .status import READY, Look, Status

KEY = "networking.k8s.io/v1/Ingress"
DEFAULT_SECONDS = 600.0


def status(live: Object, elapsed: float, look: Look) -> Status:
    """An address in the status."""
    if ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return READY
    return Status(False, "waiting for the ingress controller to assign an address")
