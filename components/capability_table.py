"""Which engine can do what with which router: every cell, and the page of the docs that is made from them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .capability import Capability, Emulated, Native, Refused
from .compile import stated
from .contracts import Engine, MetricProvider, Router
from .features import ROUTED, Feature
from .record import record
from .spec.registry import kind_of, variants

ANY = "any"
"""Stands for the router in the cells that an engine answers for all of them."""
_HEAD = """# What each engine can do with each router

<!-- Generated from the engines and routers: `{command}`. Do not edit. -->

A spec that asks for what its cluster's engine and router cannot do is refused, with what can. `coalmine capabilities`
prints the same in a terminal.

| in a cell | means |
|---|---|
| **yes** | the engine has it |
| **otherwise** | the same effect by other means, which `coalmine plan` tells too |
| no | refused: why, and what works instead |

What it is known from, in parentheses, strongest first: *traffic*: requests were counted; *controller*: the engine's own
controller did it; *API server*: the objects are accepted by the real definitions; *opaque*: a stanza that definitions
accept unread, checked by a model of our own. A version is the lowest one of the engine that has it; all of them, where
none is given.
"""


@record
class Row:
    """One cell. Fields: `router`: its kind, or ANY where the engine answers for all routers."""

    feature: Feature
    engine: str
    router: str
    cell: Capability


def rows(engines: Sequence[str] = (), routers: Sequence[str] = ()) -> list[Row]:
    """The cells of these engines and routers, by kind; of all of them unless given. Raises KeyError for another."""
    return [row for engine in _made("engine", engines) for row in _of_engine(engine, _made("router", routers))]


def _made(family: str, kinds: Sequence[str]) -> list[Any]:
    """One of each variant, made of its example."""
    known = variants(family)
    return [known[kind].model_validate(vars(known[kind])["EXAMPLE"]) for kind in kinds or known]


def _of_engine(engine: Engine, routers: Iterable[Router]) -> Iterator[Row]:
    own = engine.capabilities
    yield from (Row(feature, engine.kind, ANY, own[feature]) for feature in Feature if feature in own)
    for router in routers:
        for feature in Feature:
            if feature not in own:
                yield Row(feature, engine.kind, router.kind, stated(engine, router, feature))


def as_data(row: Row) -> Mapping[str, str]:
    """A cell as JSON data; what does not apply is left out."""
    cell = row.cell
    place = {"feature": name_of(row.feature), "meaning": row.feature.value, "engine": row.engine, "router": row.router}
    if isinstance(cell, Refused):
        return {**place, "support": "refused", "why": cell.why, "instead": cell.instead}
    known = {"evidence": cell.evidence.value, **({"since": cell.since} if cell.since else {})}
    if isinstance(cell, Emulated):
        return {**place, "support": "emulated", "how": cell.how, **known}
    return {**place, "support": "native", **known}


def name_of(feature: Feature) -> str:
    """A feature in short, for headings and JSON."""
    return feature.name.lower().replace("_", " ")


def sign(cell: Capability) -> str:
    """A cell in a word, for an overview: yes, otherwise, no."""
    match cell:
        case Native():
            return "yes"
        case Emulated():
            return "otherwise"
        case Refused():
            return "no"


def cell_in_words(cell: Capability) -> str:
    """A cell in full: how, why, what instead, and what it is known from."""
    match cell:
        case Native():
            return f"yes ({_known(cell)})"
        case Emulated():
            return f"otherwise: {cell.how} ({_known(cell)})"
        case Refused():
            return f"no: {'; '.join(filter(None, (cell.why, cell.instead)))}"


def page(command: str) -> str:
    """The whole page as Markdown; `command` writes it."""
    every = rows()
    engines, routers = list(variants("engine")), list(variants("router"))
    parts = [_HEAD.format(command=command), _whatever_the_router(every, engines)]
    parts += [_overview(every, engine, routers) for engine in engines]
    parts += [_metrics(engines), *(_router(every, router, engines) for router in routers)]
    return "\n".join(parts)


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    body = "".join(f"| {' | '.join(one.replace('|', chr(92) + '|') for one in line)} |\n" for line in lines)
    return f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|\n{body}"


def _whatever_the_router(every: Sequence[Row], engines: Sequence[str]) -> str:
    cells = {(row.feature, row.engine): row.cell for row in every if row.router == ANY}
    found = [feature for feature in Feature if any((feature, engine) in cells for engine in engines)]
    lines = [
        [feature.value, *(_text(cells.get((feature, engine)), "see the router") for engine in engines)]
        for feature in found
    ]
    return f"## With any router\n\n{_table(['', *engines], lines)}"


def _overview(every: Sequence[Row], engine: str, routers: Sequence[str]) -> str:
    cells = {(row.feature, row.router): row.cell for row in every if row.engine == engine}
    asked = [feature for feature in Feature if feature in ROUTED and (feature, ANY) not in cells]
    lines = [
        [f"[{router}](#{router})", *(sign(cells[feature, router]) for feature in asked)]
        for router in routers
        if any(not isinstance(cells[feature, router], Refused) for feature in asked)
    ]
    missing = [router for router in routers if not any(line[0].startswith(f"[{router}]") for line in lines)]
    without = f"\nRouters that do not work with it: {', '.join(missing)}.\n" if missing else ""
    return f"## {engine}: routers\n\n{_table(['', *map(name_of, asked)], lines)}{without}"


def _metrics(engines: Sequence[str]) -> str:
    asking = {engine: variants("engine")[engine] for engine in engines}
    lines = [
        [kind_of(provider), *("yes" if _asks(one, provider) else "no" for one in asking.values())]
        for provider in variants("metrics").values()
    ]
    return f"## Metric providers\n\n{_table(['', *engines], lines)}"


def _asks(engine: type[Any], provider: type[Any]) -> bool:
    return issubclass(provider, MetricProvider) and issubclass(provider, engine.metrics_contract)


def _router(every: Sequence[Row], router: str, engines: Sequence[str]) -> str:
    """The cells of one router; an engine that it does not work with has no column."""
    cells = {(row.feature, row.engine): row.cell for row in every if row.router == router}
    working = [one for one in engines if one in variants("router")[router].capabilities]  # type: ignore[attr-defined]
    lines = [
        [feature.value, *(_text(cells.get((feature, engine)), "no, with any router") for engine in working)]
        for feature in Feature
        if any((feature, engine) in cells for engine in working)
    ]
    return f"## {router}\n\n{_table(['', *working], lines)}"


def _text(cell: Capability | None, absent: str) -> str:
    """A cell on the page, its first word set off where the feature is there."""
    if cell is None:
        return absent
    first, *rest = re.split(r"(?=[ :])", cell_in_words(cell), maxsplit=1)
    return first + "".join(rest) if isinstance(cell, Refused) else f"**{first}**{''.join(rest)}"


def _known(cell: Native | Emulated) -> str:
    return cell.evidence.value + (f", from {cell.since}" if cell.since else "")
