"""old-pods-stay: an analysis after a switch must end before the old pods go, which would end it without a verdict."""

from typing import Any

import pytest

from .support import UNKNOWN_NUMBER, UNKNOWN_TEXT, Engine, messages, metric, rollout, template

RULE = "old-pods-stay"


def _switch(stay: Any = 600, **reference: Any) -> dict[str, Any]:
    after = {"templates": [{"templateName": "checkout", **reference}]}
    body = rollout()
    body["spec"]["strategy"] = {"blueGreen": {"postPromotionAnalysis": after, "scaleDownDelaySeconds": stay}}
    return body


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"interval": "1m", "count": 11}, "600"),
        ({"interval": "1m30s", "count": "9"}, "720"),
        ({"initialDelay": "0.5h"}, "1800"),
        ({"initialDelay": "5m", "interval": "500ms", "count": 601}, "600"),
    ],
)
@pytest.mark.trap(16)
def test_an_analysis_that_measures_longer_than_the_old_pods_stay_is_refused(
    fields: dict[str, Any], seconds: str
) -> None:
    assert messages(RULE, _switch(), template(metric(interval="1m", count=2), metric(**fields))) == [
        f"Rollout shop/checkout: the old pods go after 600 s, and AnalysisTemplate shop/checkout measures until "
        f"{seconds} s; set spec.strategy.blueGreen.scaleDownDelaySeconds above {seconds}"
    ]


def test_the_engines_own_30_seconds_count_where_nothing_is_said() -> None:
    [said] = messages(RULE, _switch(None), template(metric(interval="30s", count=2)))
    assert "the old pods go after 30 s" in said


def test_templates_that_a_template_takes_in_count_too() -> None:
    taken = template(metric(interval="1m", count=20), kind="ClusterAnalysisTemplate")
    taking = template()
    taking["spec"]["templates"] = [{"templateName": "checkout", "clusterScope": True}]
    [said] = messages(RULE, _switch(), taking, taken)
    assert "ClusterAnalysisTemplate checkout measures until 1140 s" in said


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param((_switch(), template(metric(interval="1m", count=10))), id="it ends before"),
        pytest.param((_switch(), template(metric(interval="1h"))), id="one measurement"),
        pytest.param((_switch(), template(metric(interval="{{args.every}}", count=99))), id="an argument tells"),
        pytest.param((_switch(),), id="a template of another stack"),
        pytest.param((rollout({"setWeight": 5}), template(metric(interval="1m", count=99))), id="a canary"),
    ],
)
def test_what_ends_in_time_or_cannot_be_told_passes(stack: tuple[dict[str, Any], ...]) -> None:
    assert messages(RULE, *stack) == []


@pytest.mark.parametrize(
    ("stack", "path"),
    [
        ((_switch(UNKNOWN_NUMBER), template()), "spec.strategy.blueGreen.scaleDownDelaySeconds"),
        (
            (_switch(templateName=UNKNOWN_TEXT),),
            "spec.strategy.blueGreen.postPromotionAnalysis.templates[0].templateName",
        ),
        ((_switch(), template(metric(interval=UNKNOWN_TEXT, count=2))), "spec.metrics[0].interval"),
        ((_switch(), template(UNKNOWN_TEXT)), "spec.metrics[0]"),
    ],
)
def test_what_only_the_update_knows_is_neither_refused_nor_passed_in_silence(
    stack: tuple[dict[str, Any], ...], path: str
) -> None:
    said = Engine(RULE).analyze_stack(*stack)
    assert said[RULE] == []
    [question] = said["undecided-in-stack-preview"]
    assert question.endswith(f"'{RULE}' is judged during the update, when {path} is known")
