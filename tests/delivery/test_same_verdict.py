"""The same spec comes to the same verdict on both engines, with whatever strategy it is released."""

import math

import pytest

from . import configured, gates, strategies
from .cases import Case
from .evidence import Evidence
from .trials import Trials

PAIRS = (*strategies.PAIRS, *gates.PAIRS, *configured.PAIRS)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=[ours.name for ours, _ in PAIRS])
def test_both_engines_come_to_the_same_verdict(
    trials: Trials, trial_evidence: Evidence, ours: Case, theirs: Case
) -> None:
    one, other = trials.played[ours.name], trials.played[theirs.name]
    for trial in (one, other):
        trial_evidence.check(trial.decided < math.inf, trial, "is not decided")
    message = "\n".join([f"and {other.name} was {'' if other.promoted else 'not '}promoted", *other.told()])
    trial_evidence.check(one.promoted == other.promoted, one, message)
