"""Reads PromQL: whether a query is one, and which series it selects."""

from collections.abc import Iterator
from typing import Any

from ..record import record

_CHILDREN = ("lhs", "rhs", "expr", "args", "param", "vector_selector")
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


@record
class Selector:
    """A selector of series. Fields: `metric`; `matchers`: label, operator and value of each."""

    metric: str
    matchers: frozenset[tuple[str, str, str]]


def selectors(query: str) -> list[Selector]:
    """Every selector of a query, in order. Raises ValueError for what is not PromQL."""
    # Loaded where a query is read: most stacks have none of their own.
    import promql_parser

    return list(_selectors(promql_parser.parse(query), promql_parser))


def _selectors(node: Any, parser: Any) -> Iterator[Selector]:
    if isinstance(node, parser.VectorSelector):
        found = node.matchers.matchers
        matchers = frozenset((one.name, _OPERATORS[str(one.op).split(".")[-1]], one.value) for one in found)
        yield Selector(str(node.name), matchers)
        return
    for name in _CHILDREN:
        child = getattr(node, name, None)
        for one in child if isinstance(child, list) else [child]:
            if one is not None:
                yield from _selectors(one, parser)
