"""Flux: a Kustomization for each app, applied with the rights of a service account of the app's namespace."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ..spec.names import DnsLabel, ObjectName
from ..through_git import GitOps


class Flux(GitOps):
    """Flux, with one GitRepository and a Kustomization for each app."""

    kind: Literal["flux"] = "flux"
    namespace: DnsLabel = "flux-system"
    """Namespace of Flux, of the GitRepository and of the Kustomizations."""
    secret: ObjectName | None = None
    """Name of a Secret in that namespace that opens the repository, where the stack's `credentials` do not."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "flux",
        "repository": "https://git.example.com/platform/delivery.git",
    }

    @property
    def is_opened(self) -> bool:
        return self.secret is not None or super().is_opened
