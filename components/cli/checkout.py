"""Verbs that live beside the library, in the repository: their arguments are passed on unread."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer

from .output import UserError

FORWARDED: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "allow_extra_args": True},
    "add_help_option": False,
}
"""Settings of a verb whose own command reads all arguments, `--help` included."""


def forward(module: str, verb: str, context: typer.Context) -> None:
    """Runs `app` of a module that only the repository holds. Raises UserError in an installed package."""
    if find_spec("localcluster") is None:
        raise UserError(f"'{verb}' is part of the repository: clone it and run 'make up' there")
    command = typer.main.get_command(import_module(module).app)
    command(args=context.args, prog_name=f"coalmine {verb}", standalone_mode=True)
