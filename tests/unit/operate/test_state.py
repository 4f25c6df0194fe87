"""How a Rollout stands: every phase, and never what the controller said about an older spec."""

import pytest

from components.access.client import Object
from components.operate.contract import State
from components.operate.engines.argo_rollouts.state import RolloutState

from .objects import CANARY, STABLE, aborted, at_step, promoted, rollout


def paused(index: int, *reasons: str, **more: object) -> Object:
    """A Rollout that the controller paused."""
    conditions = [{"reason": reason, "startTime": "2026-11-23T12:00:00Z"} for reason in reasons]
    return at_step(index, 50, phase="Paused", message=reasons[0], pauseConditions=conditions, **more)


CASES = {
    "healthy": (promoted(), State.HEALTHY),
    "progressing": (at_step(1, 5), State.IN_PROGRESS),
    "nothing said yet": (rollout(""), State.IN_PROGRESS),
    "a pause that ends by itself": (paused(4, "CanaryPauseStep"), State.IN_PROGRESS),
    "a pause without an end": (paused(6, "CanaryPauseStep"), State.WAITING),
    "an inconclusive analysis": (paused(1, "InconclusiveAnalysisRun"), State.WAITING),
    "paused in the spec": (rollout("Paused", "manually paused", spec={"paused": True}), State.WAITING),
    "told to go on, not done yet": (at_step(6, 50, phase="Paused", controllerPause=True), State.IN_PROGRESS),
    "aborted": (aborted(), State.DEGRADED),
    "invalid": (rollout("Degraded", "InvalidSpec: The Rollout is invalid"), State.DEGRADED),
}


@pytest.mark.parametrize("case", CASES)
def test_every_phase_is_one_of_four_states(case: str) -> None:
    made, expected = CASES[case]
    assert RolloutState.of(made).state is expected


@pytest.mark.parametrize("phase", ["Healthy", "Degraded", "Paused"])
@pytest.mark.parametrize("observed", ["3", "", "5"])
def test_what_was_said_about_an_older_spec_decides_nothing(phase: str, observed: str) -> None:
    stale = RolloutState.of(rollout(phase, observed=observed, stableRS=CANARY, abort=True))
    assert stale.state is State.IN_PROGRESS
    assert not stale.stable
    assert not stale.decided("1.5.0-abc")


def test_a_rollout_without_a_status_is_in_progress() -> None:
    made = {**rollout(""), "status": {}}
    state = RolloutState.of(made)
    assert (state.state, state.stable, state.weight) == (State.IN_PROGRESS, False, 0)


@pytest.mark.parametrize(("index", "stage"), [(0, 1), (1, 1), (2, 2), (4, 2), (5, 3), (6, 3), (7, 3)])
def test_steps_are_counted_as_people_wrote_them(index: int, stage: int) -> None:
    state = RolloutState.of(at_step(index, 5))
    assert (state.stage, state.stages) == (stage, 3)


def test_promotion_and_taking_back_are_told_apart_and_belong_to_one_revision() -> None:
    good, bad = RolloutState.of(promoted()), RolloutState.of(aborted())
    assert (good.promoted("1.5.0-abc"), good.taken_back("1.5.0-abc"), good.promoted("1.6.0")) == (True, False, False)
    assert (bad.promoted("1.5.0-abc"), bad.taken_back("1.5.0-abc"), bad.taken_back("1.6.0")) == (False, True, False)


def test_an_abort_that_still_sends_traffic_is_not_over() -> None:
    weights = {"canary": {"weight": 5}, "stable": {"weight": 95}}
    assert not RolloutState.of(rollout("Degraded", abort=True, canary={"weights": weights})).taken_back("1.5.0-abc")


@pytest.mark.parametrize(("pods", "new", "weight"), [(4, 1, 25), (5, 1, 20), (300, 1, 1), (4, 0, 0), (0, 0, 0)])
def test_without_a_router_the_share_of_the_pods_is_the_weight(pods: int, new: int, weight: int) -> None:
    """The controller says no weights then; while any of its pods is left, a release that was aborted gets requests."""
    assert RolloutState.of(rollout("Progressing", replicas=pods, updatedReplicas=new)).weight == weight
    aborted_now = RolloutState.of(rollout("Degraded", abort=True, replicas=pods, updatedReplicas=new))
    assert aborted_now.taken_back("1.5.0-abc") is (not new)


def test_with_a_router_pods_without_a_weight_get_no_requests() -> None:
    routed = {"strategy": {"canary": {"trafficRouting": {"nginx": {}}, "steps": []}}}
    assert RolloutState.of(rollout("Progressing", spec=routed, replicas=4, updatedReplicas=1)).weight == 0
    switched = {"strategy": {"blueGreen": {"activeService": "shop-stable"}}}
    assert RolloutState.of(rollout("Progressing", spec=switched, replicas=8, updatedReplicas=4)).weight == 0


def test_a_first_deployment_is_not_stable_before_it_is_done() -> None:
    assert not RolloutState.of(rollout("Progressing", stableRS="")).stable
    assert not RolloutState.of(rollout("Progressing", currentPodHash="", stableRS="")).stable
    assert RolloutState.of(rollout("Healthy", currentPodHash=STABLE)).stable


def test_an_experiment_is_a_step_with_a_share_of_its_own() -> None:
    templates = [{"name": name, "weight": 20} for name in ("baseline", "canary")]
    made = at_step(0, 0)
    made["spec"]["strategy"]["canary"]["steps"] = [{"experiment": {"templates": templates}}, {"setWeight": 50}]
    state = RolloutState.of(made)
    assert (state.stage, state.stages, state.experiment, state.weights) == (1, 2, 20, (20, 50))
    made["status"]["currentStepIndex"] = 1
    assert RolloutState.of(made).experiment == 0
