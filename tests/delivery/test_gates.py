"""A gate that says no keeps the new version from the users, or takes it back: on real traffic, with both engines."""

import pytest

from .cases import Case, every
from .engines import release_of
from .evidence import Evidence
from .gates import AGREED, NO, REFUSED, REFUSED_BEFORE, REFUSED_DURING, STOPPED, WAITING, YES, Question
from .scenarios import CANDIDATE, STABLE
from .trials import Trials

_OK = 200


def answers(trials: Trials, case: Case, gate: str) -> list[Question]:
    """What one gate of a release was asked."""
    return [one for one in trials.gatekeeper.asked(case.name) if one.gate == gate]


def first_yes(trials: Trials, case: Case, gate: str) -> float:
    """When a gate agreed first; a gate that never did is a failure."""
    return next(one.time for one in answers(trials, case, gate) if one.status == YES)


@every(AGREED)
def test_a_release_that_all_gates_agree_to_is_promoted(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(trial.promoted, trial, "was not promoted")
    trial_evidence.check(trial.proved, trial, f"version {CANDIDATE} does not answer every user in the end")
    lost = [answer for answer in trial.answers() if answer.status != _OK]
    trial_evidence.check(not lost, trial, f"{len(lost)} requests failed: {lost[:3]}")


@every(AGREED)
def test_gates_that_wait_are_asked_again_until_they_agree(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    for gate in WAITING:
        said = [one.status for one in answers(trials, case, gate)]
        trial_evidence.check(said[:2] == [NO, YES], trial, f"gate {gate} said {said}")
    times = [first_yes(trials, case, gate) for gate in WAITING]
    trial_evidence.check(times == sorted(times), trial, f"the gates agreed out of order: {times}")


@every(AGREED)
@pytest.mark.parametrize("gate", ["confirm", "pre", "increase"])
def test_nobody_gets_a_version_before_its_gates_agree(
    trials: Trials, trial_evidence: Evidence, case: Case, gate: str
) -> None:
    trial = trials.played[case.name]
    agreed = first_yes(trials, case, gate)
    waited = [one for one in trial.answers() if one.received < agreed]
    early = [one for one in waited if one.version != STABLE]
    message = f"{len(early)} of {len(waited)} requests were answered by it before gate {gate} agreed: {early[:3]}"
    trial_evidence.check(bool(waited) and not early, trial, message)


@every(AGREED)
def test_not_everybody_gets_a_version_before_the_last_gate_agrees(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    trial = trials.played[case.name]
    asked, agreed = answers(trials, case, "promote")[0].time, first_yes(trials, case, "promote")
    while_waiting = {one.version for one in trial.answers() if asked < one.time and one.received < agreed}
    trial_evidence.check(while_waiting == {STABLE, CANDIDATE}, trial, f"{while_waiting} answered while it waited")
    higher = [one for one in trial.stretches() if one.weight > case.delivery["steps"][0]["weight"]]
    early = [one.weight for one in higher if one.since < agreed]
    trial_evidence.check(not early, trial, f"the weights {early} were in force before gate promote agreed")


@every(REFUSED)
def test_a_version_that_a_gate_refuses_is_taken_back_for_that(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(trial.taken_back, trial, "was not taken back")
    trial_evidence.check(trial.proved, trial, f"version {STABLE} does not answer every user in the end")
    said = release_of(trial.cluster.api, trial.plan).reason
    expected = {
        **{one.name: "gate pre did not agree in 1 of 1 checks at weight 0 (" for one in REFUSED_BEFORE},
        **{one.name: "gate during did not agree in 1 of 1 checks at weight 50 (" for one in REFUSED_DURING},
        STOPPED.name: "gate rollback took it back",
    }[case.name]
    trial_evidence.check(said.startswith(expected), trial, f"was taken back for another reason: {said}")


@every(REFUSED_BEFORE)
def test_no_user_ever_gets_a_version_that_is_refused_before_the_first_request(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    trial = trials.played[case.name]
    wrong = [one for one in trial.answers() if (one.version, one.status) != (STABLE, _OK)]
    message = f"{len(wrong)} of {len(trial.answers())} requests were not answered by {STABLE}: {wrong[:3]}"
    trial_evidence.check(bool(trial.answers()) and not wrong, trial, message)
    weights = [one.weight for one in trial.stretches() if one.weight]
    trial_evidence.check(not weights, trial, f"the weights {weights} were in force")
    said = [one.status for one in answers(trials, case, "pre")]
    trial_evidence.check(said == [NO], trial, f"the gate said {said}")


@every((*REFUSED_DURING, STOPPED))
def test_a_gate_takes_back_a_version_whose_answers_are_all_good(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    trial = trials.played[case.name]
    bad = [one for one in trial.new() if one.status >= 500 and one.version == CANDIDATE]
    trial_evidence.check(bool(trial.new()) and not bad, trial, f"{len(bad)} of its own answers were errors")
    weights = sorted({one.weight for one in trial.stretches() if one.weight})
    trial_evidence.check(weights == [50], trial, f"the weights {weights} were in force")


def test_flagger_tells_a_gate_how_a_release_ended_and_another_one_everything(
    trials: Trials, trial_evidence: Evidence
) -> None:
    for case, phase in ((AGREED[1], "Succeeded"), (REFUSED_DURING[1], "Failed")):
        phases = [one.body["phase"] for one in answers(trials, case, "post")]
        trial_evidence.check(phases == [phase], trials.played[case.name], f"was told of the ends {phases}")
    told = [one.body["metadata"]["eventMessage"] for one in answers(trials, AGREED[1], "event")]
    name = AGREED[1].name
    for wanted in (f"Advance {name}.strategies canary weight 50", "Promotion completed!"):
        heard = any(message.startswith(wanted) for message in told)
        trial_evidence.check(heard, trials.played[name], f"was not told '{wanted}', but {told}")
