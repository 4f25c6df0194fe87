"""Every strategy gives the new version to those it says, and to nobody else, as long as it says: on real traffic."""

import math
from collections.abc import Callable

import pytest

from components.operate.contract import why
from localcluster.demo.shares import LARGEST_Z, Share
from localcluster.demo.timeline import SETTLED_SECONDS

from .cases import Case, every
from .engines import longest_rollback, verdicts_of
from .evidence import Evidence
from .scenarios import CANDIDATE, STABLE
from .strategies import (
    AB_BAD,
    AB_GOOD,
    AUDIENCE,
    BACKGROUND_BAD,
    BAD,
    BLUE_GREEN,
    BLUE_GREEN_BAD,
    EXPERIMENT,
    EXPERIMENT_BAD,
    EXPERIMENT_WORSE,
    GOOD,
    MIRROR_BAD,
    MIRROR_GOOD,
    MIRROR_READS_BAD,
    STICKIES,
)
from .trial import Trial
from .trials import Trials
from .users import Answer

Record = Callable[[str, object], None]

_OK = 200
_PUSH_SECONDS = 2
"""Until every worker of the gateway has heard of a change, on a busy machine."""
_FEWEST = 500
"""Requests that a step of the audience's release needs before its share says something."""
_FEWEST_KEPT = 100


@every(GOOD)
def test_a_good_version_is_promoted_and_answers_everybody(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(trial.promoted, trial, "was not promoted")
    trial_evidence.check(trial.proved, trial, f"version {CANDIDATE} does not answer every user in the end")


@every(BAD)
def test_a_bad_version_is_taken_back_for_its_errors(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(trial.taken_back, trial, "was not taken back")
    said = why(verdicts_of(trial.cluster.api, trial.plan))
    trial_evidence.check(said.startswith("error rate "), trial, f"was taken back for another reason: {said}")
    trial_evidence.check(trial.proved, trial, f"version {STABLE} does not answer every user in the end")


@every((BLUE_GREEN_BAD, *AB_BAD))
def test_a_bad_version_is_gone_in_time(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    trial = trials.played[case.name]
    new = trial.new()
    bad = [answer for answer in new if answer.status != _OK]
    trial_evidence.check(bool(bad), trial, "nobody got a bad answer: the test would prove nothing")
    took = new[-1].received - bad[0].received
    rate = sum(group.users / group.period for group in case.groups)
    bound = longest_rollback(trial.plan, rate)
    record_property("seconds", round(took, 1))
    record_property("seconds allowed", bound)
    message = f"{took:.1f} s from the first bad answer to its last answer, {bound:.1f} s are allowed"
    trial_evidence.check(took <= bound, trial, message)


@every(GOOD)
def test_no_request_of_any_user_fails(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    lost = [answer for answer in trial.answers() if answer.status != _OK]
    trial_evidence.check(not lost, trial, f"{len(lost)} of {len(trial.answers())} requests failed: {lost[:3]}")


@every((BLUE_GREEN, AUDIENCE))
def test_a_release_waits_for_its_approval(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(trial.waiting < trial.approved, trial, "did not wait for an approval")
    trial_evidence.check(trial.approved < trial.decided, trial, "was decided without an approval")


def test_blue_green_gives_nobody_the_new_version_before_the_switch(trials: Trials, trial_evidence: Evidence) -> None:
    trial = trials.played[BLUE_GREEN.name]
    early = [answer for answer in trial.new() if answer.received < trial.approved]
    trial_evidence.check(not early, trial, f"{len(early)} users' requests were answered by it before: {early[:3]}")


@every((BLUE_GREEN, BLUE_GREEN_BAD))
def test_blue_green_gives_everybody_the_new_version_at_once(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    trial = trials.played[case.name]
    new = trial.new()
    trial_evidence.check(bool(new), trial, "nobody got the new version")
    # A bad one goes back again, after its first check: until shortly before that it surely stays.
    since = new[0].received + _PUSH_SECONDS
    until = new[0].received + trial.plan.analysis.interval.seconds - _PUSH_SECONDS
    between = [answer for answer in trial.answers() if since < answer.time and answer.received < until]
    old = [answer for answer in between if answer.version != CANDIDATE]
    trial_evidence.check(bool(between) and not old, trial, f"{len(old)} of {len(between)} had the old one: {old[:3]}")


@every((*AB_GOOD, AUDIENCE))
def test_the_chosen_get_the_new_version_and_keep_it(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    for group in case.chosen:
        mine = [answer for answer in trial.answers() if answer.group == group]
        new = [answer for answer in mine if answer.version == CANDIDATE]
        trial_evidence.check(bool(new), trial, f"{group} never got the new version")
        back = [one for one in mine if one.time > new[0].received + _PUSH_SECONDS and one.version != CANDIDATE]
        trial_evidence.check(not back, trial, f"{group} got the old version again: {back[:3]}")


@every((*AB_GOOD, AUDIENCE))
def test_the_chosen_have_the_new_version_alone_for_the_whole_hold(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    trial = trials.played[case.name]
    first = {
        name: [one.received for one in trial.new() if (one.group in case.chosen) == name][:1] for name in (True, False)
    }
    trial_evidence.check(all(first.values()), trial, "did not get to everybody")
    alone = first[False][0] - first[True][0]
    hold = trial.plan.stages[0].hold.seconds
    record_property("seconds alone", round(alone, 1))
    message = f"the chosen had it for {alone:.1f} s alone, {hold:.0f} s are asked for"
    trial_evidence.check(alone >= hold - _PUSH_SECONDS, trial, message)


@every(AB_BAD)
def test_a_bad_version_is_seen_by_the_cohort_alone(trials: Trials, trial_evidence: Evidence, case: Case) -> None:
    trial = trials.played[case.name]
    trial_evidence.check(bool(trial.new()), trial, "nobody got it")
    trial_evidence.check(*_untouched(trial, [one for one in trial.answers() if one.group not in case.chosen]))


@every(MIRROR_GOOD)
def test_copies_reach_a_version_that_answers_nobody_yet(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    trial = trials.played[case.name]
    new = trial.new()
    trial_evidence.check(bool(new), trial, "nobody got the new version in the end")
    hold = trial.plan.stages[0].hold.seconds
    first = new[0].received
    trial_evidence.check(first - trial.begun >= hold, trial, f"a user got it after {first - trial.begun:.1f} s")
    copies = trials.requests(trial, at=first)
    record_property("copies", copies)
    enough = trial.plan.analysis.minimum_requests * trial.plan.stages[0].gate.count
    trial_evidence.check(copies >= enough, trial, f"{copies} copies had reached it, its checks need {enough}")


@every(MIRROR_BAD)
def test_a_bad_version_that_gets_copies_is_noticed_by_no_user(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    trial = trials.played[case.name]
    copies = trials.requests(trial)
    record_property("copies", copies)
    trial_evidence.check(copies > 0, trial, "no copies reached it")
    trial_evidence.check(*_untouched(trial, trial.answers()))


def test_requests_that_change_something_are_not_copied(trials: Trials, trial_evidence: Evidence) -> None:
    trial = trials.played[MIRROR_READS_BAD.name]
    copies = trials.requests(trial)
    reads = [one for one in trial.answers() if one.group == "readers" and one.time < trial.decided]
    writes = [one for one in trial.answers() if one.group == "writers" and one.time < trial.decided]
    message = f"{copies} copies of {len(reads)} reading and {len(writes)} writing requests"
    trial_evidence.check(0 < copies <= len(reads) < len(writes), trial, message)


@every(STICKIES)
def test_a_user_who_got_the_canary_keeps_it(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    trial = trials.played[case.name]
    versions = {user: [one.version for one in mine] for user, mine in trial.of_each().items()}
    flipped = {user: seen for user, seen in versions.items() if STABLE in seen[_first(seen) :]}
    trial_evidence.check(not flipped, trial, f"users got the stable version again: {flipped}")
    # While others still have the old version, chance alone would give it to these again and again.
    last = max(one.time for one in trial.answers() if one.version == STABLE)
    kept = [one for one in trial.new() if one.time < last]
    record_property("answers kept", len(kept))
    trial_evidence.check(len(kept) >= _FEWEST_KEPT, trial, f"only {len(kept)} answers of the canary prove it")


@pytest.mark.parametrize("step", [1, 2])
def test_beside_the_cohort_everybody_gets_their_share(
    trials: Trials, trial_evidence: Evidence, record_property: Record, step: int
) -> None:
    trial = trials.played[AUDIENCE.name]
    weight = trial.plan.stages[step].weight
    held = [stretch for stretch in trial.stretches() if stretch.weight == weight]
    trial_evidence.check(len(held) == 1, trial, f"weight {weight} was in force {len(held)} times")
    since, until = held[0].since + SETTLED_SECONDS, held[0].until
    mine = [
        one for one in trial.answers() if one.group not in AUDIENCE.chosen and since < one.time and one.received < until
    ]
    share = Share(weight, len(mine), sum(one.version == CANDIDATE for one in mine))
    record_property("requests", share.requests)
    record_property("standard errors off", round(share.z, 2))
    trial_evidence.check(share.requests >= _FEWEST, trial, f"only {share.requests} requests at {weight} %")
    off = f"everybody got {share.measured:.2%} at weight {weight}: {share.z:+.1f} standard errors off"
    trial_evidence.check(abs(share.z) <= LARGEST_Z, trial, off)


@every((EXPERIMENT, EXPERIMENT_BAD))
def test_an_experiment_gives_its_fresh_pods_as_many_requests_of_each_version(
    trials: Trials, trial_evidence: Evidence, record_property: Record, case: Case
) -> None:
    trial = trials.played[case.name]
    canary, baseline = (trials.requests(trial, of=of) for of in ("-experiment", "-baseline"))
    record_property("requests", (canary, baseline))
    # Half of both, give or take five standard errors.
    off = abs(canary - baseline) / max((canary + baseline) ** 0.5, 1)
    trial_evidence.check(min(canary, baseline) >= case.minimum, trial, f"{canary} and {baseline} requests only")
    trial_evidence.check(off <= 5, trial, f"{canary} of the new and {baseline} of the stable version are not alike")


def test_a_version_within_its_limit_is_taken_back_for_being_worse_than_the_fresh_baseline(
    trials: Trials, trial_evidence: Evidence
) -> None:
    trial = trials.played[EXPERIMENT_WORSE.name]
    said = why(verdicts_of(trial.cluster.api, trial.plan))
    compared = said.startswith("error rate compared with stable's ") and "> 4% in" in said
    trial_evidence.check(compared, trial, f"was taken back for another reason: {said}")


def test_a_bad_version_is_seen_by_the_experiments_share_alone(trials: Trials, trial_evidence: Evidence) -> None:
    trial = trials.played[EXPERIMENT_BAD.name]
    found = trials.requests(trial, of="-experiment"), trials.requests(trial)
    trial_evidence.check(
        found[0] > 0 and found[1] == 0, trial, f"{found} requests of its experiment's, and its own pods"
    )


@pytest.mark.trap(23)
@every((EXPERIMENT, EXPERIMENT_BAD))
def test_after_an_experiment_nothing_of_it_gets_requests_or_runs(
    trials: Trials, trial_evidence: Evidence, case: Case
) -> None:
    trial = trials.played[case.name]
    made = trials.left_by_experiments(trial)
    trial_evidence.check(made.experiments > 0, trial, "there was no experiment: the test would prove nothing")
    trial_evidence.check(made.gone, trial, f"it left {made}")


def test_a_version_that_turns_bad_while_it_waits_is_taken_back(
    trials: Trials, trial_evidence: Evidence, record_property: Record
) -> None:
    trial = trials.played[BACKGROUND_BAD.name]
    trial_evidence.check(trial.turned < math.inf, trial, "never waited, so that its pods never turned bad")
    trial_evidence.check(trial.approved == math.inf, trial, "somebody approved it")
    bad = [one.received for one in trial.answers() if one.version == CANDIDATE and one.status != _OK]
    trial_evidence.check(bool(bad), trial, "nobody was answered badly after its pods turned bad")
    took = max(bad) - min(bad)
    rate = sum(group.users / group.period for group in BACKGROUND_BAD.groups)
    bound = longest_rollback(trial.plan, rate)
    record_property("seconds", round(took, 1))
    trial_evidence.check(took <= bound, trial, f"bad answers for {took:.1f} s, {bound:.1f} s are allowed")


def _first(seen: list[str]) -> int:
    """Where a user got the new version first; the end, where never."""
    return seen.index(CANDIDATE) if CANDIDATE in seen else len(seen)


def _untouched(trial: Trial, answers: list[Answer]) -> tuple[bool, Trial, str]:
    """Whether the stable version answered all of them well."""
    wrong = [one for one in answers if (one.version, one.status) != (STABLE, _OK)]
    return bool(answers) and not wrong, trial, f"{len(wrong)} of {len(answers)} were not untouched: {wrong[:3]}"
