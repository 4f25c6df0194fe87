"""deadline-abort: what it refuses, what it lets pass, and what it says."""

from typing import Any

import pytest

from .support import UNKNOWN_TEXT, Engine, messages, rollout, secret

RULE = "deadline-abort"


def _rollout(**spec: Any) -> dict[str, Any]:
    body = rollout({"setWeight": 5})
    body["spec"] |= spec
    return body


@pytest.mark.parametrize("strategy", [{"canary": {}}, {"blueGreen": {}}])
def test_a_rollout_that_aborts_passes(strategy: dict[str, Any]) -> None:
    body = _rollout(progressDeadlineAbort=True, strategy=strategy)
    assert messages(RULE, body) == []
    assert Engine(RULE).analyze(body) == {RULE: []}
    assert Engine(RULE).analyze(_rollout(progressDeadlineAbort=secret(True))) == {RULE: []}


@pytest.mark.parametrize("spec", [{}, *({"progressDeadlineAbort": value} for value in (False, None, 1, "true"))])
def test_a_rollout_that_stays_stuck_is_refused_with_reason_and_fix(spec: dict[str, Any]) -> None:
    refusal = (
        "Rollout shop/checkout: spec.progressDeadlineAbort is not true, so a release that gets stuck keeps its share "
        "of the traffic; set spec.progressDeadlineAbort to true"
    )
    assert messages(RULE, _rollout(**spec)) == [refusal]
    assert Engine(RULE).analyze(_rollout(**spec)) == {RULE: [refusal]}


def test_an_abort_only_the_update_knows_is_neither_refused_nor_passed_in_silence() -> None:
    said = Engine(RULE).analyze(_rollout(progressDeadlineAbort=UNKNOWN_TEXT))
    assert said == {
        RULE: [],
        "undecided-in-preview": [
            f"Rollout shop/checkout: '{RULE}' is judged during the update, when spec.progressDeadlineAbort is known"
        ],
    }
