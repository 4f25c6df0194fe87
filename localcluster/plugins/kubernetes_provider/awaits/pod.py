"""Stand-in for pulumi-resource-kubernetes: a Pod is ready when it is Ready, or has succeeded."""

from __future__ import annotations

from ...wire.values import Object
from .status import READY, Look, Status, complaints, holds

KEY = "v1/Pod"
DEFAULT_SECONDS = 600.0


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Ready or done."""
    phase = (live.get("status") or {}).get("phase", "Pending")
    if phase == "Succeeded" or holds(live, "Ready"):
        return READY
    return Status(False, f"waiting for the pod: it is {phase}", complaints(live, "PodScheduled", "Ready"))
