"""Blue-green releases of Argo Rollouts: what is measured before all traffic is switched, or while it can be taken back.

After a switch the traffic goes back only as long as the old pods are there, which is `scaleDownDelaySeconds`, 30 where
absent; when they go, the analysis is ended. Source: argo-rollouts v1.9, docs/features/bluegreen.md.
"""

from collections.abc import Iterator
from typing import Any

from .facts import KubeObject, Unknown, dotted, items, number, shown
from .rollouts import BLUE_GREEN
from .rule import Finding, Undecided, Violation

STAY = (*BLUE_GREEN, "scaleDownDelaySeconds")
_ENGINES_STAY = 30


def stay_of(rollout: KubeObject) -> Any:
    """How long the old pods stay after a switch, in seconds; whatever was written there."""
    given = rollout.at(*STAY)
    return _ENGINES_STAY if given is None else given


def judge_switch(rollout: KubeObject, stay: float) -> Iterator[Finding]:
    """An analysis stands before the switch; or after it, and the old pods stay for `stay` seconds at least."""
    before, after = (rollout.at(*BLUE_GREEN, f"{when}PromotionAnalysis", "templates") for when in ("pre", "post"))
    if items(before):
        return
    if isinstance(before, Unknown):
        yield Undecided(before.path)
    elif isinstance(after, Unknown):
        yield Undecided(after.path)
    elif items(after):
        yield from _judge_stay(rollout, stay)
    else:
        path = f"{dotted(BLUE_GREEN)}.prePromotionAnalysis"
        said = "all traffic moves, and no analysis starts before or after that"
        yield Violation(said, f"give it a {path} with templates, or a postPromotionAnalysis that can take it back")


def _judge_stay(rollout: KubeObject, stay: float) -> Iterator[Finding]:
    seconds = stay_of(rollout)
    if isinstance(seconds, Unknown):
        yield Undecided(seconds.path)
        return
    if (number(seconds) or 0) < stay:
        found = f"it is analysed only after the switch, and the old pods go after {shown(seconds)} s"
        yield Violation(found, f"set {dotted(STAY)} above the length of the analysis, to {shown(stay)} or more")
