"""What is patched is what `kubectl argo rollouts` patches (pkg/kubectl-argo-rollouts/cmd/promote, v1.9.3)."""

from components.operate.engines.argo_rollouts.actions import Patches, promotion

from .objects import STEPS, at_step, promoted, rollout

PAUSE = [{"reason": "CanaryPauseStep", "startTime": "2026-11-23T12:00:00Z"}]
UNPAUSED = {"spec": {"paused": False}}


def test_a_pause_is_ended_and_no_step_is_skipped() -> None:
    made = at_step(6, 50, pauseConditions=PAUSE, controllerPause=True)
    assert promotion(made, full=False) == Patches({"status": {"pauseConditions": None}})


def test_a_running_step_is_left_for_the_next_one() -> None:
    assert promotion(at_step(1, 5), full=False) == Patches({"status": {"pauseConditions": None, "currentStepIndex": 2}})


def test_there_is_no_step_after_the_last_one() -> None:
    patch = promotion(at_step(len(STEPS), 50), full=False).status
    assert patch == {"status": {"pauseConditions": None, "currentStepIndex": len(STEPS)}}


def test_an_inconclusive_analysis_is_left_or_it_would_be_run_again() -> None:
    canary = {"currentStepAnalysisRunStatus": {"name": "shop-1", "status": "Inconclusive"}}
    made = at_step(1, 5, canary=canary, pauseConditions=PAUSE, controllerPause=True)
    patch = {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}
    assert promotion(made, full=False) == Patches({"status": patch})


def test_a_pause_in_the_spec_is_ended_beside_the_status() -> None:
    made = rollout("Paused", spec={"paused": True}, currentStepIndex=1)
    assert promotion(made, full=False).spec == UNPAUSED
    assert promotion(made, full=True) == Patches({"status": {"promoteFull": True}}, UNPAUSED)


def test_full_promotion_changes_nothing_once_the_version_is_stable() -> None:
    assert promotion(at_step(1, 5), full=True) == Patches({"status": {"promoteFull": True}})
    assert promotion(promoted(), full=True) == Patches()


def test_blue_green_has_no_steps_to_leave() -> None:
    made = rollout("Paused", spec={"strategy": {"blueGreen": {"activeService": "shop"}}})
    assert promotion(made, full=False) == Patches()
    made["status"]["pauseConditions"] = [{"reason": "BlueGreenPause"}]
    assert promotion(made, full=False) == Patches({"status": {"pauseConditions": None}})


def test_a_canary_without_steps_has_nothing_to_leave() -> None:
    assert promotion(rollout("Progressing", spec={"strategy": {"canary": {}}}), full=False) == Patches()
