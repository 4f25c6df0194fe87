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
    "datadog": Answers(lambda number: number, (None,)),
    "new-relic": Answers(lambda number: {"result": number}, ({"other": 1.0}, {"result": None})),
    "cloudwatch": Answers(lambda number: [{"Values": [number, 7.0]}], ([], [{"Values": []}])),
    "skywalking": Answers(lambda number: {"result": number}, ({"result": None},)),
    "wavefront": Answers(lambda number: number, ()),
    "graphite": Answers(lambda number: [7.0, number], ([],)),
    "influxdb": Answers(lambda number: [number], ([], [1.0, 2.0])),
    "web": Answers(lambda number: number, (None,)),
}

VERDICTS: Mapping[str, str] = {"job": "job", "kayenta": "kayenta"}
"""Providers that decide themselves, and what Argo Rollouts calls them."""
