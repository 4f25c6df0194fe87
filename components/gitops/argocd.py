"""Argo CD: an Application for each app, in the project of the team that owns it."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ..spec.names import DnsLabel
from ..through_git import GitOps


class ArgoCd(GitOps):
    """Argo CD, with an Application for each app."""

    kind: Literal["argocd"] = "argocd"
    namespace: DnsLabel = "argocd"
    """Namespace of Argo CD and of its Applications."""
    repository_secret: bool = False
    """Whether Argo CD has a Secret for this repository already (`argocd.argoproj.io/secret-type: repository`)."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "argocd",
        "repository": "https://git.example.com/platform/delivery.git",
    }

    @property
    def is_opened(self) -> bool:
        return self.repository_secret or super().is_opened
