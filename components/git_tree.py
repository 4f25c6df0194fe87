"""What a GitOps engine finds in Git: an app's objects as files, marked so that Pulumi can take them over again."""

from collections.abc import Iterator

from .compile import Compiled
from .contracts import Engine
from .manifests.meta import Manifest
from .record import record
from .spec.app import AppSpec
from .spec.base import Finding
from .spec.cluster import DeliverySpec, StackSpec
from .spec.gitops import Via
from .spec.labels import MANAGED_BY_LABEL, STACK_LABEL, VIA_ANNOTATION
from .spec.objects import is_encrypted
from .through_git import Delivered, GitOps, folder_of

_ENCRYPTED = (
    "is encrypted by SOPS, and nobody who brings the app can open it: deliver it from Git by an engine that can, e.g. "
    "{kind: flux, sops_secret: <name>}"
)


@record
class ByGit:
    """How a stack delivers apps from Git.

    Fields: `engine`; `folder`: of the cluster, in the repository; `stack`: which says who brings which app.
    """

    engine: GitOps
    folder: str
    stack: StackSpec

    @classmethod
    def of(cls, stack: StackSpec) -> "ByGit | None":
        """None where a stack has no GitOps engine. Raises TypeError for an engine that is none."""
        if stack.gitops is None:
            return None
        if not isinstance(stack.gitops, GitOps):
            raise TypeError(f"gitops '{stack.gitops.kind}' is none")
        return cls(stack.gitops, stack.gitops.folder(stack.cluster.name), stack)

    def via(self, app: str) -> Via:
        """Who brings an app."""
        return self.stack.apps.of(app)

    def delivered(self, compiled: Compiled, delivery: DeliverySpec) -> Delivered:
        """An app as the engine is told of it."""
        spec = compiled.plan.app
        engine = delivery.engines[spec.delivery.engine or delivery.engine.kind]
        if not isinstance(engine, Engine):
            raise TypeError(f"engine '{engine.kind}' is none")
        folder = folder_of(spec, self.folder)
        return Delivered(compiled.plan, folder, engine.releases, compiled.manifests, compiled.ownership)


def unopened(app: AppSpec, by_git: ByGit | None) -> Iterator[Finding]:
    """Path and message of the Secrets of an app that nobody who brings them can decrypt."""
    if by_git and by_git.via(app.name) == "gitops" and by_git.engine.decrypts:
        return
    for index, one in enumerate(app.workload.objects):
        if is_encrypted(one):
            yield ("workload", "objects", index), _ENCRYPTED


def for_git(manifest: Manifest, stack: str, engine: str) -> Manifest:
    """An object as it stands in Git. `stack`: the value of STACK_LABEL; `engine`: the kind of what delivers it."""
    metadata = manifest["metadata"]
    labels = {**metadata.get("labels", {}), STACK_LABEL: stack}
    if MANAGED_BY_LABEL in labels:
        # Charts claim that Helm manages what was only rendered with it.
        labels[MANAGED_BY_LABEL] = engine
    annotations = {**(metadata.get("annotations") or {}), VIA_ANNOTATION: "gitops"}
    return {**manifest, "metadata": {**metadata, "labels": labels, "annotations": annotations}}


def file_of(manifest: Manifest) -> str:
    """The name of an object's file, in the folder of its app."""
    return f"{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"
