"""What the stack's GitOps engine is told of the repository, and who may bring what from it to the cluster."""

from collections.abc import Sequence

from ..git_tree import ByGit
from ..manifests.meta import Manifest
from ..spec.app import AppSpec
from ..spec.cluster import StackSpec
from ..spec.gitops import CREDENTIALS


def git_sources(stack: StackSpec, apps: Sequence[AppSpec]) -> Sequence[Manifest]:
    """The objects that all apps from Git share; none on a stack without a GitOps engine."""
    by_git = ByGit.of(stack)
    if by_git is None:
        return ()
    # Those of an app that is on its way back are needed until it is there.
    sources = by_git.engine.sources(apps, stack.credentials.get(CREDENTIALS, {}))
    return [*sources, *by_git.engine.alerts(stack, [app for app in apps if by_git.via(app.name) == "gitops"])]


def git_orders(stack: StackSpec) -> Sequence[Manifest]:
    """What has the engine bring something beside the apps; after `git_sources`, and gone before them."""
    by_git = ByGit.of(stack)
    return by_git.engine.orders() if by_git else ()
