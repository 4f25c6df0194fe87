"""`coalmine status`: how an app's release stands, and why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .exemptions import moment
from .output import AsJson, Root, print_json
from .releases import AppArgument, NamespaceOption, StackOption, release_of

if TYPE_CHECKING:
    from ..operate.break_glass import Glass
    from ..operate.contract import Release, State


def verb(
    app: AppArgument,
    stack: StackOption = None,
    namespace: NamespaceOption = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Say how an app's release stands; exit 0 healthy, 2 in progress or waiting, 3 degraded, 1 where it cannot tell."""
    from ..operate.break_glass import in_force

    with release_of(app, stack, namespace, root) as target:
        release = target.read()
        glass = in_force(target.api, target.operator, target.namespace, app, moment())
    show(release, target.place, json, glass)
    raise typer.Exit(exit_code(release.state))


def exit_code(state: State) -> int:
    """What `status` and `watch` exit with."""
    from ..operate.contract import State

    return {State.HEALTHY: 0, State.IN_PROGRESS: 2, State.WAITING: 2, State.DEGRADED: 3}[state]


def show(release: Release, place: str, json: bool, glass: Glass | None = None) -> None:
    """The release on standard output: as JSON, or its headline, its checks and what may be done.

    glass: what is broken for it now.
    """
    from ..operate.wording import as_data

    if json:
        broken = {"owner": glass.owner, "reason": glass.reason, "until": glass.until} if glass else None
        print_json({**as_data(release), "break_glass": broken})
        return
    from rich.console import Console

    console = Console()
    # Where no person reads it, one line stays one line.
    console.print(picture(release, place), soft_wrap=not console.is_terminal)
    if glass:
        console.print(f"glass {glass}", style="red", markup=False, highlight=False, soft_wrap=not console.is_terminal)


def picture(release: Release, place: str) -> Any:
    """The release for a terminal; `place`: the arguments that lead to it."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from ..operate.contract import State, spoken
    from ..operate.wording import advice, headline

    style = {State.HEALTHY: "green", State.DEGRADED: "red"}.get(release.state, "yellow")
    parts: list[Any] = [Text(headline(release), style=style)]
    if release.verdicts:
        table = Table()
        for heading in ("weight", "check", "last value", "at most", "passed", "failed"):
            table.add_column(heading)
        for one in release.verdicts:
            counts = (str(one.passed), str(one.failed))
            table.add_row(f"{one.weight} %", spoken(one.check), one.problem or one.value, one.limit, *counts)
        parts.append(table)
    if advice(release, place):
        parts.append(Text(advice(release, place)))
    return Group(*parts)
