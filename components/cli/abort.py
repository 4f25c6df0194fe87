"""`coalmine abort`: takes a release back."""

from .output import AsJson, Root
from .releases import AppArgument, NamespaceOption, StackOption, release_of


def verb(
    app: AppArgument,
    stack: StackOption = None,
    namespace: NamespaceOption = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Take a release back: all traffic goes to the stable version."""
    with release_of(app, stack, namespace, root) as target:
        target.operator.abort(target.api, target.namespace, app)
    target.done("abort", "aborted, all traffic goes back to the stable version", json)
