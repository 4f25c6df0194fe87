"""A Deployment that serves users is adopted without a failed request, and released from then on: on real traffic."""

from collections.abc import Callable, Iterable

import pytest

from .adopted import EVERY, Adopted
from .evidence import Evidence
from .scenarios import STABLE
from .step_share import check_share
from .trials import Trials
from .users import Answer

Record = Callable[[str, object], None]

_OK = 200
_FEWEST = 200
"""Requests that a step needs before its share says something."""
_LEFT_SECONDS = 5
"""Until every worker of the gateway has heard that the last old pods are ending, on a busy machine."""

on_both = pytest.mark.parametrize("app", EVERY, ids=[app.name for app in EVERY])


def _pods(answers: Iterable[Answer]) -> set[str]:
    return {one.pod for one in answers if one.pod}


@on_both
def test_no_request_fails_while_a_deployment_is_adopted_and_its_good_version_released(
    trials: Trials, trial_evidence: Evidence, record_property: Record, app: Adopted
) -> None:
    adoption = trials.adoptions[app.name].result()
    asked = [one for one in adoption.answers() if one.time < adoption.bad.begun]
    lost = [one for one in asked if one.status != _OK]
    record_property("requests", len(asked))
    trial_evidence.check(len(asked) >= _FEWEST, adoption, f"only {len(asked)} requests were sent")
    trial_evidence.check(not lost, adoption, f"{len(lost)} of {len(asked)} requests failed: {lost[:3]}")


@on_both
def test_the_engines_own_pods_serve_afterwards_and_the_deployment_has_none(
    trials: Trials, trial_evidence: Evidence, app: Adopted
) -> None:
    adoption = trials.adoptions[app.name].result()
    answers = trials.crowd.answers(app.host)
    before = _pods(one for one in answers if one.received < adoption.begun)
    since = adoption.moved + _LEFT_SECONDS
    after = _pods(one for one in answers if one.time > since and one.version == STABLE)
    trial_evidence.check(bool(before) and bool(after), adoption, "nobody was answered before, or nobody after")
    trial_evidence.check(not before & after, adoption, f"pods of the Deployment still answer: {before & after}")
    trial_evidence.check(adoption.left == 0, adoption, f"the Deployment asks for {adoption.left} pods in the end")


@on_both
def test_a_new_template_of_the_deployment_is_released_by_its_weights(
    trials: Trials, trial_evidence: Evidence, record_property: Record, app: Adopted
) -> None:
    adoption = trials.adoptions[app.name].result()
    trial_evidence.check(adoption.good.release.promoted, adoption, "the good version was not promoted")
    check_share(adoption, trial_evidence, record_property, _FEWEST, "the new version")


@on_both
def test_a_bad_template_of_the_deployment_is_taken_back_for_its_errors(
    trials: Trials, trial_evidence: Evidence, app: Adopted
) -> None:
    adoption = trials.adoptions[app.name].result()
    trial_evidence.check(adoption.bad.release.aborted, adoption, "the bad version was not taken back")
    reason = adoption.bad.release.reason
    trial_evidence.check(reason.startswith("error rate "), adoption, f"it was taken back for another reason: {reason}")
