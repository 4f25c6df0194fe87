"""Stand-in for pulumi-resource-kubernetes: a Job is ready when it is complete."""

from __future__ import annotations

from ...wire.values import Object
from .status import READY, Look, Status, conditions, holds

KEY = "batch/v1/Job"
DEFAULT_SECONDS = 600.0


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Complete, or suspended by its author."""
    if holds(live, "Complete") or live["spec"].get("suspend"):
        return READY
    failed = conditions(live).get("Failed")
    details = (f"[{failed.get('reason', '')}] {failed.get('message', '')}",) if failed else ()
    return Status(False, "waiting for the Job to complete", details)
