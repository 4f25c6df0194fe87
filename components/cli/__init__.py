"""The `coalmine` command: one file per verb; a user's mistake ends in one line, never in a traceback."""

import gc
import pkgutil
import sys
from importlib import import_module

import typer

from ..discovery import discover
from ..spec.base import without_plugins
from ..spec.errors import SpecError
from .output import UserError, show_problems

_OPERATE = ["status", "watch", "approve", "promote", "abort", "retry"]
_OFFLINE = ["validate", "plan", "render", "observe", "check", "review", "schema", "capabilities", "bundle"]
_ORDER = [*_OFFLINE, *_OPERATE, "local", "demo"]


_GARBAGE = 100_000
"""Objects made until cycles are looked for: specs and manifests have none, and the search was a tenth of the time."""


def build(asked: str = "") -> typer.Typer:
    """The command with every verb found in this folder; a verb's file holds `verb`, its function, or `GROUP`, several.

    Where `asked` is a verb, no other one is imported.
    """
    app = typer.Typer(
        help="GitOps and progressive delivery for Kubernetes. `pulumi up` changes a cluster; this does the rest.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)  # one verb alone would become the command itself
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    if asked in names:
        names = [asked]
    modules = [import_module(f"{__name__}.{name}") for name in sorted(names, key=_place)]
    for module in modules:
        name = module.__name__.rpartition(".")[2]
        if hasattr(module, "verb"):
            app.command(name=name, **getattr(module, "SETTINGS", {}))(module.verb)
        elif hasattr(module, "GROUP"):
            app.add_typer(module.GROUP, name=name)
    return app


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def main() -> None:
    """Entry point: exit 0 done, 1 a mistake in what was given, 2 a mistake on the command line, 130 interrupted."""
    gc.set_threshold(_GARBAGE)
    discover()
    try:
        with without_plugins():
            build(sys.argv[1] if len(sys.argv) > 1 else "")()
    except SpecError as error:
        show_problems(error.problems)
        sys.exit(1)
    except UserError as error:
        print(f"coalmine: {error}", file=sys.stderr)
        sys.exit(1)
