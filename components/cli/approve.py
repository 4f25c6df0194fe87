"""`coalmine approve`: lets a release that waits for people go on."""

from .output import AsJson, Root
from .releases import AppArgument, NamespaceOption, StackOption, release_of


def verb(
    app: AppArgument,
    stack: StackOption = None,
    namespace: NamespaceOption = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Let a release that waits for approval go on; no check is skipped."""
    with release_of(app, stack, namespace, root) as target:
        target.operator.approve(target.api, target.namespace, app)
    target.done("approve", "approved, it goes on", json)
