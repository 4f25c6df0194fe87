"""Stand-in for pulumi-resource-kubernetes: a claim is ready when it is bound, or binds only with its first pod."""

from __future__ import annotations

from ...wire.values import Object
from ..client import ApiError
from ..kinds import Gvk
from .status import READY, Look, Status

KEY = "v1/PersistentVolumeClaim"
DEFAULT_SECONDS = 300.0
_CLASS = Gvk("storage.k8s.io", "v1", "StorageClass")


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Bound, or of a class that waits for the first consumer."""
    phase = (live.get("status") or {}).get("phase", "Pending")
    if phase == "Bound" or _waits_for_consumer(live, look):
        return READY
    return Status(False, f"waiting for the claim to be bound: it is {phase}")


def _waits_for_consumer(live: Object, look: Look) -> bool:
    name = live["spec"].get("storageClassName")
    if not name:
        return False
    try:
        return look.get(_CLASS, "", name).get("volumeBindingMode") == "WaitForFirstConsumer"
    except ApiError as error:
        if error.code == 404:
            return False
        raise
