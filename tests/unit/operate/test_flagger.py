"""How a Canary stands and why, and what is patched to steer it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.access.client import Object
from components.operate.contract import TELLER, Refused, Release, State
from components.operate.engines.flagger import FlaggerOperator
from components.operate.engines.flagger.state import CanaryState
from components.operate.wording import advice, headline, lines

from .canaries import (
    BEGAN,
    ERRORS,
    FAILED,
    GATE,
    NEW,
    NOT_READY,
    OLD,
    PRE_GATE,
    REFUSED,
    SILENT,
    SLOW,
    STOPPED,
    advanced,
    canary,
    deployment,
    event,
    threshold,
)
from .fake_api import EVENTS, FakeApi, api_of, serving

CANARY = "/apis/flagger.app/v1beta1/namespaces/shop/canaries/shop"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
LATER = "2026-11-24T12:00:31Z"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeApi]:
    with serving(tmp_path) as made:
        yield made


def stands(fake: FakeApi, made: Object, *events: Object, stable: str = OLD, written: str = "") -> Release:
    """What is read of a Canary whose wanted version is the new one."""
    wanted = deployment(NEW, written) if written else deployment(NEW)
    fake.objects |= {CANARY: made, f"{DEPLOYMENTS}/shop": wanted, f"{DEPLOYMENTS}/shop-primary": deployment(stable)}
    fake.lists[EVENTS] = list(events)
    found = FlaggerOperator().read(api_of(fake), "shop", "shop")
    assert found is not None
    return found


def failed(fake: FakeApi, *messages: str | Object) -> Release:
    """A release that was taken back, with what was told about it since it began."""
    told = [one if isinstance(one, dict) else event(one, second) for second, one in enumerate(messages, start=1)]
    return stands(fake, canary("Failed"), event(BEGAN, 0), *told)


STATES = {
    "nothing said yet": (canary(""), OLD, State.IN_PROGRESS),
    "initializing": (canary("Initializing"), "", State.IN_PROGRESS),
    "the first version": (canary("Initialized"), NEW, State.HEALTHY),
    "a change that is not seen yet": (canary("Succeeded"), OLD, State.IN_PROGRESS),
    "progressing": (canary("Progressing", 5), OLD, State.IN_PROGRESS),
    "at a gate": (canary("Waiting"), OLD, State.IN_PROGRESS),
    "at the last gate": (canary("WaitingPromotion"), OLD, State.IN_PROGRESS),
    "promoting": (canary("Promoting"), NEW, State.IN_PROGRESS),
    "finalising": (canary("Finalising"), NEW, State.IN_PROGRESS),
    "succeeded": (canary("Succeeded"), NEW, State.HEALTHY),
    "failed": (canary("Failed"), OLD, State.DEGRADED),
    "the stable version wanted again after a failure": (canary("Failed"), NEW, State.HEALTHY),
    "terminating": (canary("Terminating"), OLD, State.IN_PROGRESS),
}


@pytest.mark.parametrize("case", STATES)
def test_every_phase_is_one_of_four_states(case: str) -> None:
    made, stable, expected = STATES[case]
    assert CanaryState.of(made, deployment(NEW), deployment(stable)).state is expected


@pytest.mark.parametrize("phase", ["Progressing", "Waiting", "Failed"])
def test_what_was_said_about_an_older_version_decides_nothing(fake: FakeApi, phase: str) -> None:
    release = stands(fake, canary(phase, 25), event(BEGAN, 0), event(ERRORS, 1), written=LATER)
    assert (release.state, release.step, release.verdicts) == (State.IN_PROGRESS, 0, ())
    assert release.reason == "Flagger has not seen the last change yet, it looks every 60s"


def test_a_failure_is_not_that_of_a_version_which_came_after_it(fake: FakeApi) -> None:
    """At the look that begins the next release, the status is written once more with the old phase."""
    release = stands(fake, canary("Failed", written="2026-11-24T12:00:40Z"), written=LATER)
    assert (release.state, release.aborted) == (State.IN_PROGRESS, False)


def test_what_flagger_passed_over_after_a_failure_can_be_begun(fake: FakeApi) -> None:
    stands(fake, canary("Failed", written="2026-11-24T12:00:40Z"), written=LATER)
    FlaggerOperator().retry(api_of(fake), "shop", "shop")
    assert len(fake.patched) == 1


def test_scaling_is_no_change_of_the_version() -> None:
    state = CanaryState.of(canary("Failed"), deployment(NEW), deployment(OLD))
    assert state.seen, "a Deployment that was only scaled after the failure looks like a new version"


def test_a_canary_whose_deployments_are_missing_is_in_progress() -> None:
    state = CanaryState.of(canary("Initializing"), {}, {})
    assert (state.state, state.promoted, state.weight) == (State.IN_PROGRESS, False, 0)


@pytest.mark.parametrize(
    ("phase", "weight", "step", "shown"),
    [("Progressing", 0, 0, 0), ("Progressing", 5, 1, 5), ("Progressing", 50, 3, 50), ("Promoting", 0, 3, 50)],
)
def test_step_and_weight_are_those_that_users_meet(
    fake: FakeApi, phase: str, weight: int, step: int, shown: int
) -> None:
    release = stands(fake, canary(phase, weight))
    assert (release.step, release.steps, release.weight) == (step, 3, shown)


@pytest.mark.parametrize(("looks", "step"), [(0, 0), (1, 1), (4, 1)])
def test_a_release_that_counts_looks_has_one_step(fake: FakeApi, looks: int, step: int) -> None:
    made = canary("Progressing")
    made["spec"]["analysis"] |= {"stepWeights": None, "iterations": 5}
    made["status"]["iterations"] = looks
    release = stands(fake, made)
    assert (release.step, release.steps, release.weight, release.verdicts) == (step, 1, 0, ())


HELD = {
    "one gate": ("Waiting", ("office-hours",), "gate office-hours has not agreed to its beginning yet"),
    "the last one": ("WaitingPromotion", ("sign-off",), "gate sign-off has not agreed to its promotion yet"),
    "one of two": (
        "WaitingPromotion",
        ("sign-off", "law"),
        "gate sign-off or law has not agreed to its promotion yet",
    ),
    "one that is gone": ("Waiting", (), "a gate has not agreed to its beginning yet"),
}
TYPES = {"Waiting": "confirm-rollout", "WaitingPromotion": "confirm-promotion"}


@pytest.mark.parametrize("case", HELD)
def test_a_release_that_a_gate_holds_says_which_and_is_not_said_to_wait_for_approval(fake: FakeApi, case: str) -> None:
    phase, gates, expected = HELD[case]
    made = canary(phase, 5)
    others = [{"name": "load-test", "type": "rollout"}, {"name": "other", "type": "confirm-traffic-increase"}]
    made["spec"]["analysis"]["webhooks"] = [*others, *({"name": name, "type": TYPES[phase]} for name in gates)]
    release = stands(fake, made)

    assert release.reason == f"{expected}, Flagger asks again every 60s"
    assert headline(release).endswith(f": {release.reason}")
    assert "approv" not in headline(release)
    assert advice(release, "shop") == "", "advice that would be refused, or change nothing"


def test_when_the_stable_pods_are_replaced_the_new_version_gets_everything(fake: FakeApi) -> None:
    release = stands(fake, canary("Finalising"), stable=NEW)
    assert (release.weight, release.reason) == (100, "all checks passed, its pods replace the stable ones")


def test_a_failed_check_says_value_limit_count_and_weight(fake: FakeApi) -> None:
    release = failed(fake, advanced(5), event(ERRORS, 2, count=2), threshold(2), FAILED)
    assert (release.state, release.aborted) == (State.DEGRADED, True)
    assert release.reason == "error rate 4.9% > 1% in 2 of 2 checks at weight 5"


def test_failures_of_several_steps_add_up_and_all_are_blamed(fake: FakeApi) -> None:
    release = failed(fake, advanced(5), ERRORS, advanced(25), SLOW, threshold(2), FAILED)
    assert release.reason == (
        "error rate 4.9% > 1% in 1 of 2 checks at weight 5; p99 latency 812ms > 300ms in 1 of 1 checks at weight 25"
    )


def test_silence_and_a_metric_that_cannot_be_asked_are_told_apart(fake: FakeApi) -> None:
    assert failed(fake, advanced(5), SILENT, threshold(1), FAILED).reason == (
        "no data for error rate in 1 of 1 checks at weight 5"
    )
    assert failed(fake, advanced(5), REFUSED, threshold(1), FAILED).reason == (
        "error rate could not be measured in 1 of 1 checks at weight 5 "
        '(request failed: Post "http://prometheus:9090": connection refused)'
    )


def test_a_gate_that_says_no_is_the_reason_whenever_it_is_asked(fake: FakeApi) -> None:
    assert failed(fake, PRE_GATE, threshold(1), FAILED).reason == (
        "gate smoke-test did not agree in 1 of 1 checks at weight 0 (not now)"
    )
    assert failed(fake, advanced(5), event(GATE, 2, count=2), threshold(2), FAILED).reason == (
        "gate incident did not agree in 2 of 2 checks at weight 5 (one is open)"
    )


def test_a_gate_that_takes_a_release_back_is_named(fake: FakeApi) -> None:
    assert failed(fake, advanced(5), *STOPPED, FAILED).reason == "gate stop took it back"


def test_words_that_only_the_latest_of_many_events_keeps_are_read_too(fake: FakeApi) -> None:
    combined = event(f"(combined from similar events): {ERRORS}", 2, count=3, first=1)
    assert failed(fake, advanced(5), combined, threshold(1), FAILED).reason.startswith("error rate 4.9% > 1% in 1 of 1")


def test_an_earlier_try_with_the_same_words_is_not_counted(fake: FakeApi) -> None:
    release = stands(
        fake,
        canary("Failed"),
        event(BEGAN, 60, count=2, first=0),
        event(advanced(5), 61, count=2, first=1),
        event(SLOW, 5),
        event(SILENT, 62, count=3, first=2),
        event(threshold(1), 63, count=2, first=3),
        event(FAILED, 64, count=2, first=4),
    )
    assert release.reason == "no data for error rate in 1 of 1 checks at weight 5"


def test_tolerated_failures_are_shown_and_decide_nothing(fake: FakeApi) -> None:
    told = [event(text, second) for second, text in enumerate([BEGAN, advanced(5), ERRORS, advanced(25)])]
    release = stands(fake, canary("Progressing", 25), *told)
    assert release.reason == ""
    assert lines(release)[:2] == [
        "shop 1.5.0: weight 5 %: error rate 4.9%, at most 1%: 1 passed, 1 failed",
        "shop 1.5.0: weight 5 %: p99 latency in range, at most 300ms: 1 passed, 0 failed",
    ]


def test_steps_that_were_left_are_known_from_the_status_where_events_are_gone(fake: FakeApi) -> None:
    release = stands(fake, canary("Progressing", 50))
    assert {(one.check, one.weight, one.passed) for one in release.verdicts} == {
        (check, weight, 1) for check in ("error-rate", "latency-p99") for weight in (5, 25)
    }


def test_pods_that_never_get_ready_are_the_cause(fake: FakeApi) -> None:
    assert failed(fake, NOT_READY, FAILED).reason == "no progress for 10m: its pods do not become ready"
    by_somebody = {**event("Promotion without checks: by ada", 2), "source": {"component": TELLER}}
    told = failed(fake, NOT_READY, by_somebody, event(FAILED, 3))
    assert told.reason == "no progress for 10m: its pods do not become ready", "a person's act hides what Flagger said"


def test_an_abort_by_hand_is_told_from_one_by_checks(fake: FakeApi) -> None:
    assert failed(fake, advanced(5), threshold(2), FAILED).reason == "aborted by hand"


def test_a_check_is_not_blamed_for_an_abort_that_it_was_too_few_for(fake: FakeApi) -> None:
    release = failed(fake, advanced(5), ERRORS, threshold(2), FAILED)
    assert release.reason == "aborted by hand, or not all of its failed checks are known"
    assert [one.failed for one in release.verdicts if one.check == "error-rate"] == [1]


def test_without_events_nothing_is_claimed(fake: FakeApi) -> None:
    assert stands(fake, canary("Failed")).reason == "it is Failed"


def test_whoever_may_not_read_events_still_sees_how_it_stands(fake: FakeApi) -> None:
    fake.forbidden.add(EVENTS)
    assert failed(fake, ERRORS).reason == "it is Failed"


def refusal(fake: FakeApi, verb: str, **arguments: bool) -> str:
    with pytest.raises(Refused) as refused:
        getattr(FlaggerOperator(), verb)(api_of(fake), "shop", "shop", **arguments)
    assert not fake.patched, "a refused action changed something"
    return str(refused.value)


REFUSALS = {
    "abort": {
        "Succeeded": "app 'shop' has no release in progress: version 1.5.0 gets all traffic",
        "Failed": "the release of app 'shop' was taken back already: `coalmine retry shop` begins it again",
        "Promoting": "the release of app 'shop' is decided: all checks passed, its pods replace the stable ones",
        "Waiting": "the release of app 'shop' has not begun: it waits for a gate, and Flagger forgets whatever is "
        "asked of it until the gate agrees; deploy the version before instead",
        "Initialized": "the release of app 'shop' has not begun: Flagger has not seen the last change yet, "
        "it looks every 60s",
    },
    "retry": {
        "Progressing": "app 'shop' was not aborted: it is in progress",
        "Succeeded": "app 'shop' was not aborted: it is healthy",
    },
    "approve": {
        "Progressing": "app 'shop' does not wait for an approval that can be given here: it is in progress",
        "WaitingPromotion": "app 'shop' does not wait for an approval that can be given here: it is in progress: "
        "a gate has not agreed to its promotion yet, Flagger asks again every 60s",
    },
}


@pytest.mark.parametrize(("verb", "phase"), [(verb, phase) for verb, cases in REFUSALS.items() for phase in cases])
def test_an_action_that_the_state_does_not_allow_is_refused_in_one_line(fake: FakeApi, verb: str, phase: str) -> None:
    stands(fake, canary(phase), stable=NEW if phase == "Succeeded" else OLD)
    assert refusal(fake, verb) == REFUSALS[verb][phase]


def test_one_step_cannot_be_ended(fake: FakeApi) -> None:
    stands(fake, canary("Progressing", 5))
    assert refusal(fake, "promote", full=False) == (
        "Flagger cannot end one step of app 'shop': --full promotes it without any further check"
    )


def test_an_app_that_is_not_there_is_refused(fake: FakeApi) -> None:
    assert refusal(fake, "abort") == "app 'shop' is not deployed in namespace 'shop'"
    assert FlaggerOperator().read(api_of(fake), "shop", "shop") is None


def test_an_abort_is_as_many_failed_checks_as_end_it(fake: FakeApi) -> None:
    stands(fake, canary("Progressing", 5))
    FlaggerOperator().abort(api_of(fake), "shop", "shop")
    assert fake.patched == [(f"{CANARY}/status", {"status": {"failedChecks": 2}})]


def test_an_abort_takes_back_a_promotion_that_was_cut_off(fake: FakeApi) -> None:
    release = stands(fake, canary("Progressing", 5, skipAnalysis=True))
    assert release.reason == "it is promoted without any check"
    FlaggerOperator().abort(api_of(fake), "shop", "shop")
    assert fake.patched[0] == (CANARY, {"spec": {"skipAnalysis": None}})


def test_a_retry_makes_another_pod_template_for_every_abort(fake: FakeApi) -> None:
    stands(fake, canary("Failed"))
    FlaggerOperator().retry(api_of(fake), "shop", "shop")
    annotations = {"coalmine.dev/retried-after": "2026-11-24T12:00:30Z"}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    assert fake.patched == [(f"{DEPLOYMENTS}/shop", patch)]


def test_a_full_promotion_is_taken_back_once_it_is_done(fake: FakeApi) -> None:
    stands(fake, canary("Progressing", 5))

    def promoted() -> None:
        fake.objects |= {CANARY: canary("Succeeded"), f"{DEPLOYMENTS}/shop-primary": deployment(NEW)}

    fake.on_patch = promoted
    FlaggerOperator().promote(api_of(fake), "shop", "shop", full=True)
    assert fake.patched == [
        (CANARY, {"spec": {"skipAnalysis": True}}),
        (CANARY, {"spec": {"skipAnalysis": None}}),
    ]


def test_a_full_promotion_that_fails_is_taken_back_too(fake: FakeApi) -> None:
    stands(fake, canary("Progressing", 5))
    fake.on_patch = lambda: fake.objects.update({CANARY: canary("Failed")})
    with pytest.raises(Refused, match="was taken back: its pods did not become ready"):
        FlaggerOperator().promote(api_of(fake), "shop", "shop", full=True)
    assert fake.patched[-1] == (CANARY, {"spec": {"skipAnalysis": None}})


def test_a_full_promotion_that_flagger_never_makes_ends_in_the_time_it_may_take(fake: FakeApi) -> None:
    made = canary("Progressing", 5, progressDeadlineSeconds=1)
    made["spec"]["analysis"]["interval"] = "0s"
    stands(fake, made)
    with pytest.raises(Refused, match="did not promote app 'shop' within 1s: its pods are not ready"):
        FlaggerOperator().promote(api_of(fake), "shop", "shop", full=True)
    assert fake.patched[-1] == (CANARY, {"spec": {"skipAnalysis": None}})
