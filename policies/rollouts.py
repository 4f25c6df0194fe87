"""What several families of rules read from a Rollout of Argo Rollouts: its canary's steps, and weights as shares.

`setWeight` is a share of `trafficRouting.maxTrafficWeight`, which is 100 where absent. Source: argo-rollouts v1.9,
docs/features/specification.md.
"""

from collections.abc import Iterator
from typing import Any

from .facts import Kind, KubeObject, Unknown, at, dotted, items, number, shown
from .rule import Undecided, Violation

ROLLOUT = Kind("argoproj.io", "Rollout")
TEMPLATE = Kind("argoproj.io", "AnalysisTemplate")
CLUSTER_TEMPLATE = Kind("argoproj.io", "ClusterAnalysisTemplate")
CANARY = ("spec", "strategy", "canary")
BLUE_GREEN = ("spec", "strategy", "blueGreen")
STEPS = (*CANARY, "steps")
KINDS_OF_STEPS = (
    "setWeight",
    "pause",
    "setCanaryScale",
    "analysis",
    "experiment",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
    "replicaProgressThreshold",
)
"""Keys of a step, of which it may have one."""
_FULL_WEIGHT = (*CANARY, "trafficRouting", "maxTrafficWeight")


def full_weight(rollout: KubeObject) -> float | Undecided | Violation:
    """The weight that stands for all traffic, or what keeps the weights of a canary from being judged."""
    steps, full = rollout.at(*STEPS), rollout.at(*_FULL_WEIGHT)
    for value in (steps, full):
        if isinstance(value, Unknown):
            return Undecided(value.path)
    whole = number(100 if full is None else full)
    if whole is None or whole <= 0:
        return Violation(f"{dotted(_FULL_WEIGHT)} is {shown(full)}", "set it to a number above 0, or leave it out")
    return whole


def hold(step: Any) -> bool | Unknown:
    """Whether a step keeps what the steps before it set for a while; the Unknown that hides it."""
    if isinstance(step, Unknown):
        return step
    pause, duration = at(step, "pause"), at(step, "pause", "duration")
    templates, experiment = at(step, "analysis", "templates"), at(step, "experiment")
    if (isinstance(pause, dict) and not isinstance(duration, Unknown) and not _is_zero(duration)) or items(templates):
        return True
    if isinstance(experiment, dict):
        return True
    return next((value for value in (pause, duration, templates, experiment) if isinstance(value, Unknown)), False)


def _is_zero(duration: Any) -> bool:
    """`0`, `0s`, `0m`; absent means: until someone promotes."""
    if isinstance(duration, str):
        return not any(digit in duration for digit in "123456789")
    return number(duration) == 0


def tried_by_some(rollout: KubeObject) -> bool | Unknown:
    """Whether a step gives the new version to chosen requests, or copies, and a later one holds that.

    A route without conditions is no such step: it takes the route away. Nor are copies of 0 %.
    """
    tried: bool | Unknown = False
    for step in items(rollout.at(*STEPS)):
        held = hold(step)
        if tried and held:
            return held if tried is True else tried
        conditions = list(_conditions(step))
        if any(items(one) for one in conditions):
            tried = True
        elif tried is not True:
            tried = next((one for one in conditions if isinstance(one, Unknown)), tried)
    return False


def _conditions(step: Any) -> Iterator[Any]:
    yield at(step, "setHeaderRoute", "match")
    share = at(step, "setMirrorRoute", "percentage")
    if share is None or number(share):
        yield at(step, "setMirrorRoute", "match")
    elif isinstance(share, Unknown):
        yield share


def fix_in_app(app: str, change: str, place: str) -> str:
    """A fix for those who write app files, e.g. `set ... in apps/shop.yaml: replicas`."""
    return f"{change} in apps/{app}.yaml: {place} (a stack's overrides come first)"
