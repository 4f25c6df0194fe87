"""What several families of rules read from a Canary of Flagger: its analysis and its weights.

Weights are percents. Flagger takes `stepWeights`, or steps of `stepWeight` up to `maxWeight` (100 where absent); with
`iterations` it moves no weight before all of them passed. Source: flagger v1.36, pkg/controller/scheduler.go.
"""

from typing import Any

from .facts import Kind, KubeObject, Unknown, dotted, items, number, shown
from .rule import Undecided, Violation

CANARY = Kind("flagger.app", "Canary")
TEMPLATE = Kind("flagger.app", "MetricTemplate")
ANALYSIS = ("spec", "analysis")
STEP_WEIGHTS = (*ANALYSIS, "stepWeights")
METRICS = (*ANALYSIS, "metrics")
WEBHOOKS = (*ANALYSIS, "webhooks")
_STEP = (*ANALYSIS, "stepWeight")
_HIGHEST = (*ANALYSIS, "maxWeight")
_ITERATIONS = (*ANALYSIS, "iterations")
_EVERYONE = 100


def weights(canary: KubeObject) -> list[float] | Undecided | Violation:
    """The weights in their order, none where the Canary moves traffic at once; or what keeps them from being judged."""
    given = [canary.at(*path) for path in (ANALYSIS, _ITERATIONS, STEP_WEIGHTS, _STEP, _HIGHEST)]
    hidden = next((value for value in given if isinstance(value, Unknown)), None)
    if hidden:
        return Undecided(hidden.path)
    _, iterations, listed, step, highest = given
    if number(iterations):
        return []
    return _listed(listed) if listed is not None else _steps(step, highest)


def has_weights(canary: KubeObject) -> bool:
    """Whether the Canary moves its traffic by weights, or must do so: with `iterations` it does not."""
    iterations = canary.at(*_ITERATIONS)
    return isinstance(iterations, Unknown) or not number(iterations)


def _listed(listed: Any) -> list[float] | Undecided | Violation:
    found: list[float] = []
    for index, weight in enumerate(items(listed)):
        if isinstance(weight, Unknown):
            return Undecided(weight.path)
        share = number(weight)
        if share is None or not 0 < share <= _EVERYONE:
            path = dotted((*STEP_WEIGHTS, index))
            return Violation(f"{path} is {shown(weight)}", "set it to a number above 0, at most 100")
        found.append(share)
    return found


def _steps(step: Any, highest: Any) -> list[float] | Violation:
    size, last = number(step or 0), number(_EVERYONE if highest is None else highest)
    if size is None or size < 0:
        return Violation(f"{dotted(_STEP)} is {shown(step)}", "set it to a number above 0")
    if last is None or not 0 < last <= _EVERYONE:
        return Violation(f"{dotted(_HIGHEST)} is {shown(highest)}", "set it to a number above 0, at most 100")
    if not size:
        return []
    found = [size]
    # The last step may pass the highest weight, as it does in Flagger.
    while found[-1] < last:
        found.append(min(found[-1] + size, _EVERYONE))
    return found
