"""Evaluates the engines' condition expressions as Python, so that every kind of answer can be tried."""

import math
import re
from collections.abc import Sequence

_TOKENS: Sequence[tuple[str, str]] = ((r"&&", " and "), (r"\|\|", " or "), (r"!(?!=)", " not "))


def holds(condition: str, result: Sequence[float]) -> bool:
    """Whether a condition holds for a query's answer. Raises IndexError where it reads past the answer's end."""
    python = condition
    for token, meaning in _TOKENS:
        python = re.sub(token, meaning, python)
    known = {"__builtins__": {}, "len": len, "isNaN": math.isnan, "isInf": math.isinf, "result": result}
    return bool(eval(python, known))
