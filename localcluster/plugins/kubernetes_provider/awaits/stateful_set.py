"""Stand-in for pulumi-resource-kubernetes: a StatefulSet is ready when all its pods are ready in its revision."""

from __future__ import annotations

from ...wire.values import Object
from .status import READY, Look, Status, is_observed

KEY = "apps/v1/StatefulSet"
DEFAULT_SECONDS = 600.0


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Ready pods as wanted, all of the update revision."""
    wanted = live["spec"].get("replicas", 1)
    counts = live.get("status") or {}
    ready = counts.get("readyReplicas", 0)
    current = counts.get("currentRevision") == counts.get("updateRevision")
    if is_observed(live) and ready >= wanted and current:
        return READY
    return Status(False, f"waiting for the StatefulSet: {ready} of {wanted} pods ready")
