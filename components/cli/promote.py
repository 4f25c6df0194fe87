"""`coalmine promote`: ends a step, or all steps, before its time."""

from typing import Annotated

import typer

from .output import AsJson, Root
from .releases import AppArgument, NamespaceOption, StackOption, release_of


def verb(
    app: AppArgument,
    stack: StackOption = None,
    namespace: NamespaceOption = None,
    full: Annotated[bool, typer.Option("--full", help="Go to the end: no more steps, holds and checks.")] = False,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """End the current step of a release now, without the rest of its hold and checks."""
    with release_of(app, stack, namespace, root) as target:
        target.operator.promote(target.api, target.namespace, app, full)
    target.done("promote", "all steps are ended" if full else "the current step is ended", json)
