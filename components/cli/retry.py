"""`coalmine retry`: begins an aborted release again."""

from .output import AsJson, Root
from .releases import AppArgument, NamespaceOption, StackOption, release_of


def verb(
    app: AppArgument,
    stack: StackOption = None,
    namespace: NamespaceOption = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Begin an aborted release again at its first step."""
    with release_of(app, stack, namespace, root) as target:
        target.operator.retry(target.api, target.namespace, app)
    target.done("retry", "begun again at its first step", json)
