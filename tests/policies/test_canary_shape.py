"""first-step-weight: what it refuses, what it lets pass, and what it says."""

import math
from typing import Any

import pytest

from policies.facts import Unknown
from policies.rule import Undecided

from .support import UNKNOWN_NUMBER, UNKNOWN_TEXT, Engine, findings, messages, rollout, secret

RULE = "first-step-weight"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rollout({"setWeight": 10}), id="at the limit"),
        pytest.param(rollout({"pause": {}}, {"setWeight": 5}, {"setWeight": 100}), id="later weights are free"),
        pytest.param(rollout({"setWeight": 0}, {"setWeight": 1}), id="a step of nothing before it"),
        pytest.param(
            rollout({"setWeight": 100}, trafficRouting={"maxTrafficWeight": 1000}), id="a share of a larger whole"
        ),
    ],
)
def test_a_small_first_weight_passes(body: dict[str, Any]) -> None:
    assert messages(RULE, body) == []
    assert Engine().analyze(body)[RULE] == []


def test_a_large_first_weight_is_refused_with_value_limit_and_fix() -> None:
    assert messages(RULE, rollout({"setWeight": 50})) == [
        "Rollout shop/checkout: the first weight is 50 %, the limit is 10 %; "
        "set spec.strategy.canary.steps[0].setWeight to 10 or less"
    ]


def test_the_fix_for_an_app_names_the_line_that_its_team_edits() -> None:
    assert messages(RULE, rollout({"setWeight": 50}, app="checkout")) == [
        "Rollout shop/checkout: the first weight is 50 %, the limit is 10 %; "
        "set the first step's weight to 10 or less in apps/checkout.yaml: delivery.steps[0].weight "
        "(a stack's overrides come first)"
    ]


def test_a_leading_step_of_nothing_does_not_hide_the_first_real_weight() -> None:
    assert "steps[2].setWeight" in messages(RULE, rollout({"setWeight": 0}, {"pause": {}}, {"setWeight": 40}))[0]


@pytest.mark.parametrize(
    "body", [rollout(), rollout({"pause": {"duration": "1h"}}), rollout({"setWeight": 0}, {"pause": {}})]
)
def test_a_canary_that_moves_everyone_at_once_is_refused(body: dict[str, Any]) -> None:
    assert messages(RULE, body) == [
        "Rollout shop/checkout: no step sets a weight, so all traffic moves at once; the limit for a first weight is "
        "10 %; begin spec.strategy.canary.steps with a setWeight of 10 % or less"
    ]


def test_a_small_whole_does_not_make_a_small_number_a_small_share() -> None:
    body = rollout({"setWeight": 5}, trafficRouting={"maxTrafficWeight": 10})
    assert messages(RULE, body) == [
        "Rollout shop/checkout: the first weight is 50 % (5 of 10), the limit is 10 %; "
        "set spec.strategy.canary.steps[0].setWeight to 1 or less"
    ]


@pytest.mark.parametrize("weight", ["5", True, math.nan, math.inf, -5, [5]])
def test_a_weight_that_is_no_share_is_refused_instead_of_skipped(weight: Any) -> None:
    assert "spec.strategy.canary.steps[0].setWeight is" in messages(RULE, rollout({"setWeight": weight}))[0]


@pytest.mark.parametrize("whole", [0, -1, "100"])
def test_a_whole_that_is_no_number_above_0_is_refused_instead_of_divided_by(whole: Any) -> None:
    body = rollout({"setWeight": 5}, trafficRouting={"maxTrafficWeight": whole})
    assert "maxTrafficWeight" in messages(RULE, body)[0]


def test_a_blue_green_rollout_has_no_first_weight() -> None:
    body = rollout()
    body["spec"]["strategy"] = {"blueGreen": {"activeService": "checkout"}}
    assert findings(RULE, body) == []


def test_the_limit_of_the_configuration_replaces_the_default() -> None:
    body = rollout({"setWeight": 5})
    assert messages(RULE, body, max=5.0) == []
    assert "the limit is 4 %" in messages(RULE, body, max=4.0)[0]
    assert "the limit is 4 %" in Engine(config={RULE: {"max": 4.0}}).analyze(body)[RULE][0]


def test_numbers_that_arrive_as_floats_are_shown_as_written() -> None:
    assert "the first weight is 50 %, the limit is 10 %" in Engine().analyze(rollout({"setWeight": 50}))[RULE][0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (rollout({"setWeight": UNKNOWN_NUMBER}), "spec.strategy.canary.steps[0].setWeight"),
        (rollout({"setWeight": 0}, {"setWeight": UNKNOWN_NUMBER}), "spec.strategy.canary.steps[1].setWeight"),
        (rollout(steps=UNKNOWN_TEXT), "spec.strategy.canary.steps"),
        (
            rollout({"setWeight": 5}, trafficRouting={"maxTrafficWeight": UNKNOWN_NUMBER}),
            "spec.strategy.canary.trafficRouting.maxTrafficWeight",
        ),
    ],
)
def test_a_weight_only_the_update_knows_is_neither_refused_nor_passed_in_silence(
    body: dict[str, Any], path: str
) -> None:
    said = Engine().analyze(body)
    assert said[RULE] == []
    assert said["undecided-in-preview"] == [
        f"Rollout shop/checkout: '{RULE}' is judged during the update, when {path} is known"
    ]


def test_an_unknown_weight_after_a_known_first_one_hides_nothing() -> None:
    said = Engine().analyze(rollout({"setWeight": 50}, {"setWeight": UNKNOWN_NUMBER}))
    assert len(said[RULE]) == 1
    assert said["undecided-in-preview"] == []


def test_a_secret_weight_is_judged_and_secret_texts_are_never_quoted() -> None:
    said = Engine().analyze(rollout({"setWeight": secret(50)}, stableService=secret("s3cr3t-service")))
    assert len(said[RULE]) == 1
    said = Engine().analyze(rollout({"setWeight": secret("s3cr3t-weight")}))
    assert said[RULE] == [
        "Rollout shop/checkout: spec.strategy.canary.steps[0].setWeight is a text; set it to a number from 0 to 10"
    ]


def test_unknown_values_in_a_plain_fact_are_undecided_for_the_pure_rule_too() -> None:
    body = rollout({"setWeight": Unknown("spec.strategy.canary.steps[0].setWeight")})
    assert findings(RULE, body) == [Undecided("spec.strategy.canary.steps[0].setWeight")]
