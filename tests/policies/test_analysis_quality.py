"""metric-condition: what it refuses, what it lets pass, and what it says."""

from typing import Any

import pytest

from .support import UNKNOWN_TEXT, Engine, messages, metric, secret, template

RULE = "metric-condition"


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(metric(successCondition="result[0] < 0.01"), id="success condition"),
        pytest.param(metric(failureCondition="result[0] > 0.01"), id="failure condition"),
        pytest.param(metric(provider={"job": {"spec": {}}}), id="a job's exit code is the verdict"),
        pytest.param(metric(provider={"kayenta": {"threshold": {}}}), id="Kayenta's thresholds are the verdict"),
    ],
)
def test_a_metric_that_can_fail_passes(one: dict[str, Any]) -> None:
    assert messages(RULE, template(one)) == []
    assert Engine().analyze(template(one))[RULE] == []


@pytest.mark.parametrize("kind", ["AnalysisTemplate", "ClusterAnalysisTemplate"])
def test_a_metric_without_a_condition_is_refused_with_reason_and_fix(kind: str) -> None:
    called = "ClusterAnalysisTemplate checkout" if kind.startswith("Cluster") else "AnalysisTemplate shop/checkout"
    assert messages(RULE, template(metric(), kind=kind)) == [
        f"{called}: metric 'error-rate' has neither a successCondition nor a failureCondition, so every measurement is "
        f"a success; give spec.metrics[0] a successCondition that is true only for a good release"
    ]


@pytest.mark.parametrize("empty", ["", "  \n", None, True, 1])
def test_an_empty_condition_is_no_condition(empty: Any) -> None:
    assert len(messages(RULE, template(metric(successCondition=empty)))) == 1


def test_every_metric_without_a_condition_is_named_at_once() -> None:
    body = template(metric(), metric(name="latency", successCondition="result[0] < 200"), {"provider": {}})
    said = messages(RULE, body)
    assert ["metric 'error-rate' has" in said[0], "spec.metrics[2] has" in said[1], len(said)] == [True, True, 2]


@pytest.mark.parametrize("body", [template(), template(kind="ClusterAnalysisTemplate")])
def test_a_template_that_only_refers_to_others_passes(body: dict[str, Any]) -> None:
    assert messages(RULE, body) == []


@pytest.mark.parametrize(
    ("one", "path"),
    [
        (metric(successCondition=UNKNOWN_TEXT), "spec.metrics[0].successCondition"),
        (metric(failureCondition=UNKNOWN_TEXT), "spec.metrics[0].failureCondition"),
        (metric(provider=UNKNOWN_TEXT), "spec.metrics[0].provider"),
        (UNKNOWN_TEXT, "spec.metrics[0]"),
    ],
)
def test_a_condition_only_the_update_knows_is_neither_refused_nor_passed_in_silence(one: Any, path: str) -> None:
    said = Engine().analyze(template(one))
    assert said[RULE] == []
    assert said["undecided-in-preview"] == [
        f"AnalysisTemplate shop/checkout: '{RULE}' is judged during the update, when {path} is known"
    ]


def test_an_unknown_metric_does_not_hide_a_bad_one_beside_it() -> None:
    said = Engine().analyze(template(metric(successCondition=UNKNOWN_TEXT), metric(name="latency")))
    assert [len(said[RULE]), len(said["undecided-in-preview"])] == [1, 1]
    assert "metric 'latency'" in said[RULE][0]


def test_a_known_condition_beside_an_unknown_one_decides() -> None:
    said = Engine().analyze(template(metric(successCondition="result < 1", failureCondition=UNKNOWN_TEXT)))
    assert said == {RULE: [], "undecided-in-preview": []}


def test_a_secret_condition_counts_and_is_never_quoted() -> None:
    said = Engine().analyze(template(metric(successCondition=secret("result < 1"))))
    assert said[RULE] == []
    said = Engine().analyze(template(metric(provider=secret({"prometheus": {"query": "s3cr3t-query"}}))))
    assert "s3cr3t" not in str(said)
    assert len(said[RULE]) == 1
