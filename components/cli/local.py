"""`coalmine local`: the embedded cluster."""

import typer

from .checkout import FORWARDED, forward

SETTINGS = FORWARDED


def verb(context: typer.Context) -> None:
    """Start, stop and enter the embedded cluster: up, down, status, exec, env."""
    forward("localcluster.command", "local", context)
