"""Reads PromQL: which series a query selects."""

from collections.abc import Iterator
from typing import Any

import promql_parser

_CHILDREN = ("lhs", "rhs", "expr", "args", "param", "vector_selector")


def selectors(query: str) -> list[tuple[str, frozenset[tuple[str, str, str]]]]:
    """Metric name and matchers (label, operator, value) of every selector. Raises ValueError for invalid PromQL."""
    return list(_selectors(promql_parser.parse(query)))


def _selectors(node: Any) -> Iterator[tuple[str, frozenset[tuple[str, str, str]]]]:
    if isinstance(node, promql_parser.VectorSelector):
        operators = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
        matchers = [(one.name, operators[str(one.op).split(".")[-1]], one.value) for one in node.matchers.matchers]
        yield str(node.name), frozenset(matchers)
        return
    for name in _CHILDREN:
        child = getattr(node, name, None)
        for one in child if isinstance(child, list) else [child]:
            if one is not None:
                yield from _selectors(one)
