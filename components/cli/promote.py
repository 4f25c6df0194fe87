"""`coalmine promote`: ends a step, or all steps, before its time."""

from __future__ import annotations

import getpass
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
    """End the current step of a release now, without the rest of its hold and checks; an Event tells who did."""
    if not full and reason is not None:
        raise UserError("--reason goes with --full: one step is ended without it")
    with release_of(app, stack, namespace, root) as target, _told(target, full, reason, owner, hours):
        target.operator.promote(target.api, target.namespace, app, full)
    target.done("promote", "all steps are ended" if full else "the current step is ended", json)


def _told(
    target: Target, full: bool, reason: str | None, owner: str | None, hours: int
) -> AbstractContextManager[None]:
    """What tells that checks are skipped, and writes down why where a reason is given."""
    from ..operate.break_glass import Glass, break_glass, without_reason

    who = owner if owner is not None else _whoever()
    release = (target.api, target.operator, target.namespace, target.app)
    if reason is None:
        return without_reason(*release, who, full=full)
    return break_glass(*release, Glass.broken(who, reason, hours, moment()))


def _whoever() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UserError("nobody knows who runs this: say with --owner who answers for it") from None
