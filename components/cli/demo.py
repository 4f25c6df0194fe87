"""`coalmine demo`: five versions of one app, released on the embedded cluster."""

import typer

from .checkout import FORWARDED, forward

SETTINGS = FORWARDED


def verb(context: typer.Context) -> None:
    """Release five versions of an app on the embedded cluster and watch what traffic decides."""
    forward("localcluster.demo.command", "demo", context)
