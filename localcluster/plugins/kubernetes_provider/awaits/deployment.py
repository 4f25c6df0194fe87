"""Stand-in for pulumi-resource-kubernetes: a Deployment is ready when its rollout is complete and available."""

from __future__ import annotations

from ...wire.values import Object
from .status import READY, Look, Status, complaints, conditions, holds, is_observed

KEY = "apps/v1/Deployment"
DEFAULT_SECONDS = 600.0


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Complete: the newest replica set is available, and no older pod is left."""
    if live["spec"].get("paused"):
        return READY
    wanted = live["spec"].get("replicas", 1)
    counts = live.get("status") or {}
    rolled_out = conditions(live).get("Progressing", {}).get("reason") == "NewReplicaSetAvailable"
    updated = counts.get("updatedReplicas", 0)
    available = counts.get("availableReplicas", 0)
    complete = updated >= wanted and available >= wanted and counts.get("replicas", 0) <= updated
    if is_observed(live) and rolled_out and complete and holds(live, "Available"):
        return READY
    message = f"waiting for the Deployment's rollout: {updated} of {wanted} pods updated, {available} available"
    return Status(False, message, complaints(live, "Available", "Progressing"))
