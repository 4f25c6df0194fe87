"""Evaluates the engines' condition expressions as Python, so that every kind of answer can be tried."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_TOKENS: Sequence[tuple[str, str]] = (
    (r"&&", " and "),
    (r"\|\|", " or "),
    (r"!(?!=)", " not "),
    (r"\bnil\b", "None"),
    (r"result((?:\.[A-Za-z]\w*)+)", r"_at(result, '\1')"),
    (r"(result\[0\])\.(\w+)", r"\1['\2']"),
)


def holds(condition: str, result: Any) -> bool:
    """Whether a condition holds for a query's answer. Raises TypeError or LookupError where the engine gives an error.

    Source: argo-rollouts v1.9, utils/evaluate: `isNil` and `default` look at the whole answer whatever they are given.
    """
    python = condition
    for token, meaning in _TOKENS:
        python = re.sub(token, meaning, python)
    known = {
        "__builtins__": {},
        "len": len,
        "isNaN": _of_a_float(math.isnan),
        "isInf": _of_a_float(math.isinf),
        "isNil": lambda _: result is None,
        "default": lambda _, other: other if result is None else result,
        "asFloat": float,
        "_at": _at,
        "result": result,
    }
    return bool(eval(python, known))


def _of_a_float(function: Any) -> Any:
    """The engine's function takes a number with a point, and gives an error for anything else."""

    def checked(value: Any) -> bool:
        if not isinstance(value, float):
            raise TypeError(f"{value!r} is no float64")
        return bool(function(value))

    return checked


def _at(result: Any, path: str) -> Any:
    for name in path.strip(".").split("."):
        if result is None:
            return None
        if not isinstance(result, Mapping):
            raise TypeError(f"{result!r} has no {name}")
        result = result.get(name)
    return result
