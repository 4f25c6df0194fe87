"""What the providers of Argo Rollouts answer, as its conditions see it: a number, and nothing.

Source: argo-rollouts v1.9, metricproviders/. An empty answer that the engine itself calls an error is not among them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answers:
    """Fields: `of`: the answer with one number; `nothing`: answers without one, or with more than one."""

    of: Callable[[float], Any]
    nothing: Sequence[Any]


ANSWERS: Mapping[str, Answers] = {
    "prometheus": Answers(lambda number: [number], ([], [0.0, 0.0], [0.0, float("nan")])),
}

VERDICTS: Mapping[str, str] = {}
"""Providers that decide themselves, and what Argo Rollouts calls them."""
