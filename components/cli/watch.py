"""`coalmine watch`: follows an app's release until it is decided."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from .output import AsJson, Root, print_json
from .releases import AppArgument, NamespaceOption, StackOption, Target, release_of
from .status import exit_code, picture

if TYPE_CHECKING:
    from ..operate.contract import Release

_INTERRUPTED = 130


def verb(
    app: AppArgument,
    stack: StackOption = None,
    namespace: NamespaceOption = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Follow an app's release until it is decided; exit 0 healthy, 3 degraded.

    With --json the decided release is printed as JSON, and progress on standard error.
    """
    try:
        with release_of(app, stack, namespace, root) as target:
            release = _follow(target, json)
    except KeyboardInterrupt:
        print("\nstopped watching; the release goes on", file=sys.stderr)
        raise typer.Exit(_INTERRUPTED) from None
    if json:
        from ..operate.wording import as_data

        print_json(as_data(release))
    raise typer.Exit(exit_code(release.state))


def _follow(target: Target, json: bool) -> Release:
    from rich.console import Console

    console = Console(stderr=json)
    return _live(target, console) if console.is_terminal else _plain(target, console)


def _live(target: Target, console: Any) -> Release:
    """A table that changes in place."""
    from rich.live import Live

    from ..operate.follow import follow

    with Live(console=console, auto_refresh=False) as live:
        for release in follow(target.read):
            live.update(picture(release, target.place), refresh=True)
    return release


def _plain(target: Target, console: Any) -> Release:
    """A line for everything that changed."""
    from ..operate.follow import follow
    from ..operate.wording import advice, lines

    before: list[str] = []
    for release in follow(target.read):
        now = lines(release)
        for line in now:
            if line not in before:
                console.print(line, highlight=False, markup=False, soft_wrap=True)
        before = now
    if advice(release, target.place):
        console.print(advice(release, target.place), highlight=False, markup=False, soft_wrap=True)
    return release
