"""Going back to an older version skips the steps within the window of fast rollbacks, and not beyond it."""

from collections.abc import Callable

import pytest

from localcluster.demo.timeline import SETTLED_SECONDS

from .cases import Case
from .evidence import Evidence
from .returns import BEYOND, WITHIN
from .scenarios import STABLE
from .trials import Trials

Record = Callable[[str, object], None]

_OK = 200
_PUSH_SECONDS = 2
_SOONER = 2
"""How many times as long as the way back the way there takes at least, by its steps."""


def test_going_back_within_the_window_skips_steps_and_checks(
    trials: Trials, trial_evidence: Evidence, record_property: Record
) -> None:
    gone = trials.returns[WITHIN.name].result()
    there, back = gone.ways
    whole = there.analyses == len(there.plan.stages) and there.seconds >= there.steps
    trial_evidence.check(whole, gone, "the way there skipped steps or checks: the test would prove nothing")
    record_property("seconds there", round(there.seconds, 1))
    record_property("seconds back", round(back.seconds, 1))
    trial_evidence.check(back.analyses == 0, gone, f"{back.analyses} analyses were made on the way back")
    message = f"{back.seconds:.1f} s are more than the steps ({back.steps:.0f} s) divided by {_SOONER}"
    trial_evidence.check(back.seconds * _SOONER <= back.steps, gone, message)


def test_going_back_beyond_the_window_takes_every_step(
    trials: Trials, trial_evidence: Evidence, record_property: Record
) -> None:
    gone = trials.returns[BEYOND.name].result()
    back = gone.back
    record_property("seconds back", round(back.seconds, 1))
    trial_evidence.check(back.analyses == len(back.plan.stages), gone, f"{back.analyses} analyses were made")
    message = f"{back.seconds:.1f} s are less than the steps, {back.steps:.0f} s"
    trial_evidence.check(back.seconds >= back.steps, gone, message)
    weights = [one.weight for one in gone.stretches(back) if one.weight < 100]
    wanted = [stage.weight for stage in back.plan.stages]
    trial_evidence.check(weights == wanted, gone, f"the weights {weights} were in force, not {wanted}")


@pytest.mark.parametrize("case", [WITHIN, BEYOND], ids=lambda case: case.name)
def test_every_user_is_back_at_the_old_version_and_none_lost_a_request(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    gone = trials.returns[case.name].result()
    answers = [one for one in trials.crowd.answers(gone.case.host) if one.time > gone.ways[0].begun]
    lost = [one for one in answers if one.status != _OK]
    trial_evidence.check(not lost, gone, f"{len(lost)} of {len(answers)} requests failed: {lost[:3]}")
    after = [one for one in answers if one.time > gone.back.over + SETTLED_SECONDS + _PUSH_SECONDS]
    other = [one for one in after if one.version != STABLE]
    trial_evidence.check(bool(after) and not other, gone, f"{len(other)} of {len(after)} got another one: {other[:3]}")
