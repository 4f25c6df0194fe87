"""When a Rollout has decided about a version."""

from typing import Any

import pytest

from localcluster.demo.rollout import RolloutState, follow

STEPS: list[dict[str, Any]] = [{"setWeight": 5}, {"analysis": {}}, {"setWeight": 50}, {"analysis": {}}, {"pause": {}}]


def rollout(generation: int = 2, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "spec": {
            "template": {"metadata": {"labels": {"version": "2.0.0-abc"}}},
            "strategy": {"canary": {"steps": STEPS}},
        },
        "status": {"observedGeneration": "2", "currentPodHash": "new", "stableRS": "old", **status},
    }


def weights(canary: int) -> dict[str, Any]:
    return {"weights": {"canary": {"weight": canary}, "stable": {"weight": 100 - canary}}}


def test_the_weight_of_every_step_is_known() -> None:
    assert RolloutState.of(rollout()).weights == (5, 5, 50, 50, 50)


def test_a_release_on_its_way_is_not_decided() -> None:
    state = RolloutState.of(rollout(phase="Progressing", currentStepIndex=1, canary=weights(5)))
    assert (state.step, state.weight, state.decided("2.0.0-abc")) == (1, 5, False)


def test_promoted_means_healthy_and_stable() -> None:
    assert RolloutState.of(rollout(phase="Healthy", stableRS="new")).promoted("2.0.0-abc")
    assert not RolloutState.of(rollout(phase="Healthy")).promoted("2.0.0-abc")
    assert not RolloutState.of(rollout(phase="Progressing", stableRS="new")).promoted("2.0.0-abc")


def test_taken_back_means_aborted_and_without_traffic() -> None:
    assert RolloutState.of(rollout(phase="Degraded", abort=True, canary=weights(0))).taken_back("2.0.0-abc")
    assert not RolloutState.of(rollout(phase="Degraded", abort=True, canary=weights(5))).taken_back("2.0.0-abc")
    assert not RolloutState.of(rollout(phase="Degraded", canary=weights(0))).taken_back("2.0.0-abc")


@pytest.mark.parametrize("changed", [{"generation": 3}, {}], ids=["not seen by the controller", "another version"])
def test_what_was_said_about_another_spec_decides_nothing(changed: dict[str, int]) -> None:
    state = RolloutState.of(rollout(phase="Healthy", stableRS="new", **changed))
    assert not state.decided("2.0.0-abc" if changed else "3.0.0-def")


def test_following_ends_at_its_deadline() -> None:
    seen = list(follow(RolloutState, seconds=0.01))
    assert seen == [RolloutState()]
