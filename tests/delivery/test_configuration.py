"""A changed ConfigMap, or another version of a Secret, is released like another image: on real traffic."""

from collections import defaultdict
from collections.abc import Callable

from components.operate.contract import why

from .cases import Case, every
from .configured import BAD, EVERY, GOOD
from .engines import verdicts_of
from .evidence import Evidence
from .scenarios import STABLE
from .step_share import check_share
from .trials import Trials

Record = Callable[[str, object], None]

_FEWEST = 400
"""Requests that a step needs before its share says something."""


@every(GOOD)
def test_a_change_of_configuration_alone_gets_its_weight_of_the_requests(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    check_share(trials.played[case.name], trial_evidence, record_property, _FEWEST, "the new configuration")


@every(GOOD)
def test_good_configuration_reaches_everybody(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(trial.promoted, trial, "was not promoted")
    trial_evidence.check(trial.proved, trial, "the new configuration does not answer every user in the end")


@every(BAD)
def test_bad_configuration_is_taken_back_for_its_errors(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(trial.taken_back, trial, "was not taken back")
    trial_evidence.check(trial.proved, trial, "the old configuration does not answer every user in the end")
    said = why(verdicts_of(trial.cluster.api, trial.plan))
    trial_evidence.check(said.startswith("error rate "), trial, f"was taken back for another reason: {said}")


@every(EVERY)
def test_every_pod_keeps_the_configuration_that_it_was_started_for(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    trial = trials.played[case.name]
    seen: dict[str, set[str]] = defaultdict(set)
    for one in trial.crowd.answers(case.host):
        if one.pod:
            seen[one.pod].add(one.version)
    mixed = {pod: told for pod, told in seen.items() if len(told) != 1}
    trial_evidence.check(not mixed, trial, f"pods answered by more than one configuration: {mixed}")
    before = {one.pod for one in trial.crowd.answers(case.host) if one.pod and one.received < trial.begun}
    changed = {pod: told for pod, told in seen.items() if pod in before and told != {STABLE}}
    trial_evidence.check(bool(before) and not changed, trial, f"stable pods got another configuration: {changed}")


@every(EVERY)
def test_a_stable_pod_that_is_restarted_midway_comes_back_with_the_old_configuration(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    trial = trials.played[case.name]
    restart, answers = trial.restart, trial.crowd.answers(case.host)
    trial_evidence.check(bool(restart.pod), trial, "no pod was restarted: the test would prove nothing")
    known = {one.pod for one in answers if one.received < restart.at}
    new = {one.pod for one in answers if one.time > restart.at and one.received < trial.decided} - known
    instead = {one.pod for one in answers if one.pod in new and one.version == STABLE}
    record_property("pods that came instead", len(instead))
    trial_evidence.check(bool(instead), trial, f"no new pod answered with the old configuration, only {new}")
