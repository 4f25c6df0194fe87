"""Stand-in for pulumi-resource-kubernetes: a DaemonSet is ready when every node has an available, updated pod."""

from __future__ import annotations

from ...wire.values import Object
from .status import READY, Look, Status, is_observed

KEY = "apps/v1/DaemonSet"
DEFAULT_SECONDS = 600.0


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Updated and available pods as the scheduler wants them."""
    counts = live.get("status") or {}
    wanted = counts.get("desiredNumberScheduled", 0)
    updated, available = counts.get("updatedNumberScheduled", 0), counts.get("numberAvailable", 0)
    if is_observed(live) and updated >= wanted and available >= wanted:
        return READY
    return Status(False, f"waiting for the DaemonSet: {available} of {wanted} pods available")
