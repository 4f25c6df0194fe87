"""What a GitOps engine must offer; each is one file in gitops/. See docs/concepts/gitops.md."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from .manifests.meta import Manifest
from .ownership import Ownership
from .plan import Plan
from .record import record
from .spec.app import AppSpec
from .spec.base import Finding
from .spec.channels import SecretText
from .spec.cluster import StackSpec
from .spec.gitops import GitOpsModel

Phase = Literal["waiting", "delivering", "released"]
"""How far an app's way from Pulumi to Git is, or back: the engine waits until Pulumi has let go of the objects; it
delivers; it has let go of them, and Pulumi has them."""

PHASE_ANNOTATION = "coalmine.dev/delivery"
"""On the object that tells an engine what to deliver: its phase."""


@record
class Delivered:
    """An app that an engine brings to the cluster.

    Fields: `folder`: in the repository; `release`: API version and kind of the object, named after the app, that says
    how its release goes; `objects`: all of them, in creation order; `ownership`: what controllers write in them.
    """

    plan: Plan
    folder: str
    release: tuple[str, str]
    objects: Sequence[Manifest]
    ownership: Ownership

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def namespace(self) -> str:
        return self.plan.namespace


def folder_of(app: AppSpec, root: str = "") -> str:
    """The folder of an app's objects below that of its cluster; alone where `root`, the cluster's, is empty."""
    return "/".join(filter(None, (root, app.namespace, app.name)))


class GitOps(GitOpsModel, ABC):
    """A GitOps engine: says by which objects it is told what to deliver.

    The engine itself is installed by the piece of the platform that serves its kind.
    """

    manager: ClassVar[str]
    """The field manager by which the engine applies objects."""
    EXAMPLE: ClassVar[Mapping[str, Any]]
    """A valid spec, used by the docs and the contract tests."""

    @property
    def decrypts(self) -> bool:
        """Whether it opens Secrets that SOPS encrypted."""
        return False

    @abstractmethod
    def sources(self, apps: Iterable[AppSpec], credentials: Mapping[str, SecretText]) -> Sequence[Manifest]:
        """What all apps that it delivers share: the repository, what opens it, and who may bring what where."""

    def orders(self) -> Sequence[Manifest]:
        """What has it bring something beside the apps, and look for something; after `sources`."""
        return ()

    @abstractmethod
    def accounts(self, app: Delivered) -> Sequence[Manifest]:
        """The identity by which an app is brought to the cluster, and its permissions; before `delivery`."""

    @abstractmethod
    def delivery(self, app: Delivered, phase: Phase) -> Manifest:
        """The object that has the engine deliver an app, or leave its objects alone.

        Only while it is delivering does its deletion delete the app's objects.
        """

    def alerts(self, stack: StackSpec, apps: Iterable[AppSpec]) -> Sequence[Manifest]:
        """What has the engine itself tell the cluster's channels where it cannot deliver one of these apps."""
        return ()

    def app_problems(self, app: AppSpec) -> Iterator[Finding]:
        """Path and message of what it cannot deliver of an app."""
        yield from ()
