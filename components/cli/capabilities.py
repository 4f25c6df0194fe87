"""`coalmine capabilities`: which engine can do what with which router."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ..capability_table import Row, as_data, cell_in_words, name_of, rows, sign
from ..spec.errors import nearest
from ..spec.registry import variants
from .output import AsJson, UserError, print_json


def verb(
    engine: Annotated[str | None, typer.Option("--engine", "-e", help="One engine; all of them unless given.")] = None,
    router: Annotated[str | None, typer.Option("--router", "-r", help="One router, in detail.")] = None,
    json: AsJson = False,
) -> None:
    """Show what each engine can do with each router: natively, otherwise, or not and why."""
    for family, kind in (("engine", engine), ("router", router)):
        if kind and kind not in variants(family):
            raise UserError(f"no {family} '{kind}'{nearest(kind, variants(family))}")
    found = rows([engine] if engine else (), [router] if router else ())
    if json:
        print_json([as_data(row) for row in found])
        return
    from rich.console import Console

    console = Console()
    for one in [engine] if engine else variants("engine"):
        of_engine = [row for row in found if row.engine == one]
        console.print(_details(one, router, of_engine) if router else _overview(one, of_engine))
        console.print()


def _details(engine: str, router: str, found: Sequence[Row]) -> Any:
    """Every feature with its cell in words."""
    table = _table(f"{engine} with {router}", ("feature", "answer"))
    for row in found:
        table.add_row(row.feature.value, cell_in_words(row.cell))
    return table


def _overview(engine: str, found: Sequence[Row]) -> Any:
    """For every feature the routers that have it, do it otherwise, or do not: many routers fit no row of columns."""
    answers = ("yes", "otherwise", "no")
    table = _table(engine, ("feature", *answers))
    for feature in dict.fromkeys(row.feature for row in found):
        cells = [(row.router, sign(row.cell)) for row in found if row.feature is feature]
        table.add_row(
            name_of(feature), *(", ".join(one for one, said in cells if said == answer) for answer in answers)
        )
    return table


def _table(title: str, heads: Sequence[str]) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head)
    return table
