"""Canary shape: how much of the traffic a new version gets, and how fast.

The meaning of the fields is that of Argo Rollouts: `setWeight` is a share of `trafficRouting.maxTrafficWeight` (100
where absent), the weight before the first `setWeight` is 0, and after the last step the new version gets everything.
"""

from collections.abc import Iterator

from ..facts import Kind, KubeObject, Unknown, dotted, items, number, shown
from ..rule import Enforcement, Finding, Parameter, Rule, Settings, Severity, Undecided, Violation

_CANARY = ("spec", "strategy", "canary")
_STEPS = (*_CANARY, "steps")
_FULL_WEIGHT = (*_CANARY, "trafficRouting", "maxTrafficWeight")


def first_step_weight(rollout: KubeObject, settings: Settings) -> Iterator[Finding]:
    """The first weight above 0 must not pass `max`; a canary that sets none promotes everyone at once."""
    canary, steps, full = rollout.at(*_CANARY), rollout.at(*_STEPS), rollout.at(*_FULL_WEIGHT)
    if canary is None:
        return
    hidden = next((value for value in (steps, full) if isinstance(value, Unknown)), None)
    if hidden:
        yield Undecided(hidden.path)
        return
    whole = number(100 if full is None else full)
    if whole is None or whole <= 0:
        yield Violation(f"{dotted(_FULL_WEIGHT)} is {shown(full)}", "set it to a number above 0, or leave it out")
        return
    yield from _judge_first_weight(rollout, len(items(steps)), whole, settings["max"])


def _judge_first_weight(rollout: KubeObject, steps: int, whole: float, limit: float) -> Iterator[Finding]:
    for index in range(steps):
        path = (*_STEPS, index, "setWeight")
        weight = rollout.at(*path)
        if isinstance(weight, Unknown):
            yield Undecided(weight.path)
            return
        share = number(weight)
        if weight is not None and (share is None or share < 0):
            yield Violation(f"{dotted(path)} is {shown(weight)}", f"set it to a number from 0 to {shown(limit)}")
            return
        if share:
            if share * 100 > limit * whole:
                yield _too_high(rollout, dotted(path), share, whole, limit)
            return
    yield _no_weight(rollout, limit)


def _too_high(rollout: KubeObject, path: str, weight: float, whole: float, limit: float) -> Violation:
    of_whole = "" if whole == 100 else f" ({shown(weight)} of {shown(whole)})"
    found = f"the first weight is {shown(weight * 100 / whole)} %{of_whole}, the limit is {shown(limit)} %"
    if rollout.app is None:
        return Violation(found, f"set {path} to {shown(limit * whole / 100)} or less")
    return Violation(found, _fix_in_app(rollout.app, limit))


def _no_weight(rollout: KubeObject, limit: float) -> Violation:
    found = f"no step sets a weight, so all traffic moves at once; the limit for a first weight is {shown(limit)} %"
    if rollout.app is None:
        return Violation(found, f"begin {dotted(_STEPS)} with a setWeight of {shown(limit)} % or less")
    return Violation(found, _fix_in_app(rollout.app, limit))


def _fix_in_app(app: str, limit: float) -> str:
    wanted = f"set the first step's weight to {shown(limit)} or less in apps/{app}.yaml: delivery.steps[0].weight"
    return f"{wanted} (a stack's overrides come first)"


RULES = (
    Rule(
        id="first-step-weight",
        code="S2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The first weight of a canary is small",
        why="The first step meets every defect that tests missed; its weight is the share of users who meet it too.",
        fix="Begin the canary with a step whose weight is at most the limit.",
        kinds=(Kind("argoproj.io", "Rollout"),),
        check=first_step_weight,
        parameters=(
            Parameter("max", 10, 1, 100, "largest share of the traffic that the first step may send, in percent"),
        ),
    ),
)
