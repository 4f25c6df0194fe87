"""first-step-weight, weight-jump, weight-held: what they refuse, what they let pass, and what they say."""

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
    assert Engine(RULE).analyze(body)[RULE] == []


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


COHORT = {"setHeaderRoute": {"name": "audience", "match": [{"headerName": "x", "headerValue": {"exact": "1"}}]}}
COPIES = {"setMirrorRoute": {"name": "mirror", "match": [{"method": {"exact": "GET"}}]}}
HELD = {"pause": {"duration": "10m"}}


@pytest.mark.parametrize("first", [COHORT, COPIES], ids=["a cohort", "copies"])
@pytest.mark.parametrize(
    "hold", [HELD, {"analysis": {"templates": [{"templateName": "a"}]}}], ids=["pause", "analysis"]
)
def test_a_version_that_a_cohort_or_copies_try_first_needs_no_weight(first: Any, hold: Any) -> None:
    assert messages(RULE, rollout({"setCanaryScale": {"weight": 25}}, first, hold)) == []
    assert Engine(RULE).analyze(rollout(first, hold))[RULE] == []


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([COHORT], id="a cohort that nothing holds"),
        pytest.param([HELD, COPIES], id="a hold before the copies"),
        pytest.param([COHORT, {"pause": {"duration": 0}}], id="a pause of no time"),
        pytest.param([{"setHeaderRoute": {"name": "audience"}}, HELD], id="a route that is taken away"),
        pytest.param([{"setHeaderRoute": {"name": "audience", "match": []}}, HELD], id="a route without conditions"),
        pytest.param([{"setMirrorRoute": {**COPIES["setMirrorRoute"], "percentage": 0}}, HELD], id="no copies"),
    ],
)
def test_a_cohort_or_copies_that_try_nothing_do_not_stand_for_a_weight(steps: Any) -> None:
    [said] = messages(RULE, rollout(*steps))
    assert "no step sets a weight, so all traffic moves at once" in said


def test_a_large_weight_after_a_cohort_is_still_a_first_weight() -> None:
    [said] = messages(RULE, rollout(COHORT, HELD, {"setWeight": 60}, HELD))
    assert "the first weight is 60 %, the limit is 10 %" in said


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
    assert "the limit is 4 %" in Engine(RULE, config={RULE: {"max": 4.0}}).analyze(body)[RULE][0]


def test_numbers_that_arrive_as_floats_are_shown_as_written() -> None:
    assert "the first weight is 50 %, the limit is 10 %" in Engine(RULE).analyze(rollout({"setWeight": 50}))[RULE][0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (rollout({"setWeight": UNKNOWN_NUMBER}), "spec.strategy.canary.steps[0].setWeight"),
        (rollout({"setWeight": 0}, {"setWeight": UNKNOWN_NUMBER}), "spec.strategy.canary.steps[1].setWeight"),
        (rollout(steps=UNKNOWN_TEXT), "spec.strategy.canary.steps"),
        (
            rollout({"setHeaderRoute": {"name": "a", "match": UNKNOWN_TEXT}}, {"pause": {}}),
            "spec.strategy.canary.steps[0].setHeaderRoute.match",
        ),
        (
            rollout({"setWeight": 5}, trafficRouting={"maxTrafficWeight": UNKNOWN_NUMBER}),
            "spec.strategy.canary.trafficRouting.maxTrafficWeight",
        ),
    ],
)
def test_a_weight_only_the_update_knows_is_neither_refused_nor_passed_in_silence(
    body: dict[str, Any], path: str
) -> None:
    said = Engine(RULE).analyze(body)
    assert said[RULE] == []
    assert said["undecided-in-preview"] == [
        f"Rollout shop/checkout: '{RULE}' is judged during the update, when {path} is known"
    ]


def test_an_unknown_weight_after_a_known_first_one_hides_nothing() -> None:
    said = Engine(RULE).analyze(rollout({"setWeight": 50}, {"setWeight": UNKNOWN_NUMBER}))
    assert len(said[RULE]) == 1
    assert "undecided-in-preview" not in said


def test_a_secret_weight_is_judged_and_secret_texts_are_never_quoted() -> None:
    said = Engine(RULE).analyze(rollout({"setWeight": secret(50)}, stableService=secret("s3cr3t-service")))
    assert len(said[RULE]) == 1
    said = Engine(RULE).analyze(rollout({"setWeight": secret("s3cr3t-weight")}))
    assert said[RULE] == [
        "Rollout shop/checkout: spec.strategy.canary.steps[0].setWeight is a text; set it to a number from 0 to 10"
    ]


def test_unknown_values_in_a_plain_fact_are_undecided_for_the_pure_rule_too() -> None:
    body = rollout({"setWeight": Unknown("spec.strategy.canary.steps[0].setWeight")})
    assert findings(RULE, body) == [Undecided("spec.strategy.canary.steps[0].setWeight")]


PAUSE = {"pause": {"duration": "10m"}}
JUMP, HELD = "weight-jump", "weight-held"


def _weights(*weights: Any, app: str | None = None, **canary: Any) -> dict[str, Any]:
    return rollout(*(step for weight in weights for step in ({"setWeight": weight}, PAUSE)), app=app, **canary)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(_weights(5, 25, 50), id="30 at most, and 50 at the end"),
        pytest.param(_weights(90), id="the first weight has a rule of its own"),
        pytest.param(_weights(0, 90), id="a step of nothing is not the first weight"),
        pytest.param(_weights(10, 40, 50, 100), id="to everyone, written as a step"),
        pytest.param(_weights(50, 5, 30, 60), id="back to less, and up again"),
        pytest.param(_weights(100, 400, 700, trafficRouting={"maxTrafficWeight": 1000}), id="shares of a larger whole"),
        pytest.param(rollout(PAUSE), id="no weight at all is refused by the rule about the first one"),
    ],
)
def test_small_jumps_pass(body: dict[str, Any]) -> None:
    assert messages(JUMP, body) == []
    assert Engine(JUMP).analyze(body) == {JUMP: []}


def test_every_large_jump_is_refused_with_both_weights_limit_and_fix() -> None:
    assert messages(JUMP, _weights(5, 40)) == [
        "Rollout shop/checkout: the weight jumps from 5 % to 40 %, the limit is 30 points; "
        "set a weight between them in spec.strategy.canary.steps",
        "Rollout shop/checkout: the weight jumps from 40 % to 100 %, the limit is 50 points for the last jump; "
        "set a weight between them in spec.strategy.canary.steps",
    ]


def test_the_fix_for_a_jump_names_the_place_of_the_new_step_in_the_file_of_the_app() -> None:
    said = messages(JUMP, _weights(10, 50, app="checkout"))
    assert said[0].endswith(
        "add a step between them in apps/checkout.yaml: delivery.steps[1] (a stack's overrides come first)"
    )
    assert messages(JUMP, _weights(10, 40, app="checkout"))[0].count("delivery.steps[2]") == 1


def test_a_last_step_of_everyone_is_no_way_around_the_limit_for_the_last_jump() -> None:
    assert len(messages(JUMP, _weights(10, 100))) == len(messages(JUMP, _weights(10))) == 1


def test_the_limits_for_jumps_can_be_configured() -> None:
    assert messages(JUMP, _weights(5, 50), max=45.0) == []
    assert len(messages(JUMP, _weights(5, 30, 55), max_last=40.0)) == 1
    assert Engine(JUMP, config={JUMP: {"max": 45.0}}).analyze(_weights(5, 50)) == {JUMP: []}


def test_a_jump_next_to_an_unknown_weight_is_undecided_and_the_others_are_judged() -> None:
    said = Engine(JUMP).analyze(_weights(5, UNKNOWN_NUMBER, 10, 60))
    assert ["from 10 % to 60 %" in one for one in said[JUMP]] == [True]
    assert said["undecided-in-preview"] == [
        "Rollout shop/checkout: 'weight-jump' is judged during the update, "
        "when spec.strategy.canary.steps[2].setWeight is known"
    ]


@pytest.mark.parametrize("weight", ["s3cr3t", -1, True, math.nan])
def test_a_jump_to_what_is_no_weight_is_refused_and_not_quoted(weight: Any) -> None:
    [said] = messages(JUMP, _weights(weight))
    assert "spec.strategy.canary.steps[0].setWeight is" in said
    assert "s3cr3t" not in said


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([{"setWeight": 5}, PAUSE], id="a pause"),
        pytest.param([{"setWeight": 5}, {"pause": {}}], id="until someone promotes"),
        pytest.param([{"setWeight": 5}, {"pause": {"duration": 60}}], id="seconds"),
        pytest.param([{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "a"}]}}], id="an analysis"),
        pytest.param([{"setWeight": 5}, {"experiment": {"duration": "5m"}}], id="an experiment"),
        pytest.param([{"setWeight": 5}, {"setCanaryScale": {"replicas": 2}}, PAUSE], id="with another step between"),
        pytest.param([{"setWeight": 0}, {"setWeight": 5}, PAUSE, {"setWeight": 100}], id="nobody and everyone"),
    ],
)
def test_a_weight_that_is_held_passes(steps: list[dict[str, Any]]) -> None:
    assert messages(HELD, rollout(*steps)) == []
    assert Engine(HELD).analyze(rollout(*steps)) == {HELD: []}


@pytest.mark.parametrize(
    "nothing",
    [
        [],
        [{"pause": {"duration": 0}}],
        [{"pause": {"duration": "0s"}}],
        [{"analysis": {"templates": []}}],
        [{"setCanaryScale": {"replicas": 2}}],
    ],
)
def test_a_weight_that_nothing_holds_is_refused_with_place_and_fix(nothing: list[dict[str, Any]]) -> None:
    refusal = (
        "Rollout shop/checkout: spec.strategy.canary.steps[0].setWeight (5) is left at once: neither a pause nor an "
        "analysis follows it; put a pause with a duration, or better an analysis, right after it"
    )
    assert messages(HELD, rollout({"setWeight": 5}, *nothing)) == [refusal]
    assert messages(HELD, rollout({"setWeight": 5}, *nothing, {"setWeight": 20}, PAUSE)) == [refusal]


def test_a_background_analysis_does_not_hold_a_weight() -> None:
    background = {"templates": [{"templateName": "checkout"}]}
    assert len(messages(HELD, rollout({"setWeight": 5}, {"setWeight": 20}, analysis=background))) == 2


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([{"setWeight": 5}, UNKNOWN_TEXT], "steps[1]"),
        ([{"setWeight": 5}, {"pause": UNKNOWN_TEXT}], "steps[1].pause"),
        ([{"setWeight": 5}, {"pause": {"duration": UNKNOWN_TEXT}}], "steps[1].pause.duration"),
        ([{"setWeight": 5}, {"analysis": {"templates": UNKNOWN_TEXT}}], "steps[1].analysis.templates"),
        ([{"setWeight": UNKNOWN_NUMBER}], "steps[0].setWeight"),
    ],
)
def test_a_hold_only_the_update_knows_is_neither_refused_nor_passed_in_silence(steps: list[Any], path: str) -> None:
    said = Engine(HELD).analyze(rollout(*steps))
    assert said[HELD] == []
    [open_question] = said["undecided-in-preview"]
    assert open_question.endswith(
        f"'weight-held' is judged during the update, when spec.strategy.canary.{path} is known"
    )


@pytest.mark.parametrize("rule", [JUMP, HELD])
def test_blue_green_has_no_weights_and_a_hidden_strategy_is_undecided(rule: str) -> None:
    body = rollout()
    body["spec"]["strategy"] = {"blueGreen": {"activeService": "checkout"}}
    assert findings(rule, body) == []
    body["spec"]["strategy"] = UNKNOWN_TEXT
    assert len(Engine(rule).analyze(body)["undecided-in-preview"]) == 1
