"""Stand-in for pulumi-resource-kubernetes: a CRD is ready when the API server serves its kind."""

from __future__ import annotations

from ...wire.values import Object
from ..kinds import Gvk
from .status import READY, Look, Status, complaints, holds

KEY = "apiextensions.k8s.io/v1/CustomResourceDefinition"
DEFAULT_SECONDS = 600.0


def status(live: Object, elapsed: float, look: Look) -> Status:
    """Established, and listed by discovery, which follows a moment later."""
    spec = live["spec"]
    served = [version["name"] for version in spec["versions"] if version.get("served")]
    kinds = [Gvk(spec["group"], version, spec["names"]["kind"]) for version in served]
    if holds(live, "Established") and all(look.serves(kind) for kind in kinds):
        return READY
    return Status(False, "waiting for the API server to serve the kind", complaints(live, "NamesAccepted"))
