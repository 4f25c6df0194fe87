"""`coalmine promote`: ends a step, or all steps, before its time."""

from __future__ import annotations

import getpass
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from .exemptions import moment
from .output import AsJson, Root, UserError
from .releases import AppArgument, NamespaceOption, StackOption, release_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .releases import Target


def verb(
    app: AppArgument,
    stack: StackOption = None,
    namespace: NamespaceOption = None,
    full: Annotated[bool, typer.Option("--full", help="Go to the end: no more steps, holds and checks.")] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", help="With --full: why; it is written down, with who and until when.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who answers for it; whoever runs this.")] = None,
    hours: Annotated[
        int, typer.Option("--hours", min=1, max=24, help="How long policies let the analysis be skipped.")
    ] = 1,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """End the current step of a release now, without the rest of its hold and checks."""
    if not full and (reason is not None or owner is not None):
        raise UserError("--reason and --owner go with --full: one step is ended without them")
    with release_of(app, stack, namespace, root) as target, _glass(target, reason, owner, hours):
        target.operator.promote(target.api, target.namespace, app, full)
    target.done("promote", "all steps are ended" if full else "the current step is ended", json)


def _glass(target: Target, reason: str | None, owner: str | None, hours: int) -> AbstractContextManager[None]:
    """What writes down that the checks are skipped, where a reason is given."""
    from ..operate.break_glass import Glass, break_glass

    if reason is None:
        return nullcontext()
    glass = Glass.broken(owner if owner is not None else _whoever(), reason, hours, moment())
    return break_glass(target.api, target.operator, target.namespace, target.app, glass)


def _whoever() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UserError("nobody knows who runs this: say with --owner who answers for it") from None
