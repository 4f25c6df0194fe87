"""What a GitOps engine must offer; each is one file in gitops/."""

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

from .spec.gitops import GitOpsModel


class GitOps(GitOpsModel, ABC):
    """A GitOps engine: says by which objects it is told what to deliver.

    The engine itself is installed by the piece of the platform that serves its kind.
    """

    EXAMPLE: ClassVar[Mapping[str, Any]]
    """A valid spec, used by the docs and the contract tests."""
