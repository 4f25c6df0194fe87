"""What several families of rules read from a Rollout of Argo Rollouts: its canary's steps, and weights as shares.

`setWeight` is a share of `trafficRouting.maxTrafficWeight`, which is 100 where absent. Source: argo-rollouts v1.9,
docs/features/specification.md.
"""

from .facts import Kind, KubeObject, Unknown, dotted, number, shown
from .rule import Undecided, Violation

ROLLOUT = Kind("argoproj.io", "Rollout")
CANARY = ("spec", "strategy", "canary")
BLUE_GREEN = ("spec", "strategy", "blueGreen")
STEPS = (*CANARY, "steps")
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


def fix_in_app(app: str, change: str, place: str) -> str:
    """A fix for those who write app files, e.g. `set ... in apps/shop.yaml: replicas`."""
    return f"{change} in apps/{app}.yaml: {place} (a stack's overrides come first)"
