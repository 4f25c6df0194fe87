"""metric-condition, analysis-start, error-rate-and-latency: what they refuse, what they let pass, what they say."""

from typing import Any

import pytest

from .support import UNKNOWN_NUMBER, UNKNOWN_TEXT, Engine, messages, metric, rollout, secret, template

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
    assert Engine(RULE).analyze(template(one))[RULE] == []


@pytest.mark.parametrize("kind", ["AnalysisTemplate", "ClusterAnalysisTemplate"])
@pytest.mark.trap(12)
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
    said = Engine(RULE).analyze(template(one))
    assert said[RULE] == []
    assert said["undecided-in-preview"] == [
        f"AnalysisTemplate shop/checkout: '{RULE}' is judged during the update, when {path} is known"
    ]


def test_an_unknown_metric_does_not_hide_a_bad_one_beside_it() -> None:
    said = Engine(RULE).analyze(template(metric(successCondition=UNKNOWN_TEXT), metric(name="latency")))
    assert [len(said[RULE]), len(said["undecided-in-preview"])] == [1, 1]
    assert "metric 'latency'" in said[RULE][0]


def test_a_known_condition_beside_an_unknown_one_decides() -> None:
    said = Engine(RULE).analyze(template(metric(successCondition="result < 1", failureCondition=UNKNOWN_TEXT)))
    assert said == {RULE: []}


def test_a_secret_condition_counts_and_is_never_quoted() -> None:
    said = Engine(RULE).analyze(template(metric(successCondition=secret("result < 1"))))
    assert said[RULE] == []
    said = Engine(RULE).analyze(template(metric(provider=secret({"prometheus": {"query": "s3cr3t-query"}}))))
    assert "s3cr3t" not in str(said)
    assert len(said[RULE]) == 1


START, BOTH = "analysis-start", "error-rate-and-latency"
ANALYSIS = {"analysis": {"templates": [{"templateName": "checkout"}]}}
BACKGROUND = {"templates": [{"templateName": "checkout"}]}


def _blue_green(**fields: Any) -> dict[str, Any]:
    body = rollout()
    body["spec"]["strategy"] = {"blueGreen": {"activeService": "checkout", **fields}}
    return body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rollout({"setWeight": 49}, {"pause": {}}, ANALYSIS), id="just below"),
        pytest.param(rollout({"setWeight": 80}, analysis=BACKGROUND), id="in the background from the start"),
        pytest.param(
            rollout({"setWeight": 5}, {"pause": {}}, {"setWeight": 80}, analysis={**BACKGROUND, "startingStep": 2}),
            id="in the background before the large weight",
        ),
        pytest.param(rollout({"experiment": {"analyses": [{"name": "a"}]}}, {"setWeight": 80}), id="an experiment's"),
        pytest.param(_blue_green(prePromotionAnalysis=BACKGROUND), id="blue-green, before the switch"),
        pytest.param(
            _blue_green(postPromotionAnalysis=BACKGROUND, scaleDownDelaySeconds=60),
            id="blue-green, while it can go back",
        ),
    ],
)
def test_an_early_analysis_passes(body: dict[str, Any]) -> None:
    assert messages(START, body) == []
    assert Engine(START).analyze(body) == {START: []}


def test_a_late_analysis_is_refused_with_weight_limit_and_fix() -> None:
    assert messages(START, rollout({"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, ANALYSIS)) == [
        "Rollout shop/checkout: the first analysis starts at a weight of 50 %; it has to start below 50 %; "
        "put an analysis right after the first weight in spec.strategy.canary.steps"
    ]
    [said] = messages(START, rollout({"setWeight": 60}, ANALYSIS, app="checkout"))
    assert "begin with a weight below 50 in apps/checkout.yaml: delivery.steps[0].weight" in said


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rollout({"setWeight": 5}, {"pause": {}}), id="none"),
        pytest.param(rollout(), id="no steps"),
        pytest.param(rollout({"setWeight": 5}, {"analysis": {"templates": []}}), id="without templates"),
        pytest.param(rollout({"setWeight": 5}, analysis={**BACKGROUND, "startingStep": 7}), id="after the last step"),
        pytest.param(rollout({"setWeight": 5}, {"experiment": {"duration": "5m"}}), id="an experiment without one"),
    ],
)
def test_a_canary_without_an_analysis_on_the_way_is_refused(body: dict[str, Any]) -> None:
    [said] = messages(START, body)
    assert "the first analysis starts only when all traffic has moved, or never; it has to start below 50 %" in said


def test_a_high_weight_before_a_low_one_is_not_forgotten() -> None:
    [said] = messages(START, rollout({"setWeight": 80}, {"setWeight": 5}, ANALYSIS))
    assert "at a weight of 80 %" in said


@pytest.mark.parametrize("fields", [{}, {"prePromotionAnalysis": {}}, {"postPromotionAnalysis": {"templates": []}}])
def test_blue_green_without_an_analysis_around_the_switch_is_refused(fields: dict[str, Any]) -> None:
    assert messages(START, _blue_green(**fields)) == [
        "Rollout shop/checkout: all traffic moves, and no analysis starts before or after that; give it a "
        "spec.strategy.blueGreen.prePromotionAnalysis with templates, or a postPromotionAnalysis that can take it back"
    ]


@pytest.mark.parametrize(
    ("stay", "seconds"),
    [({}, "30"), ({"scaleDownDelaySeconds": 59}, "59"), ({"scaleDownDelaySeconds": "9m"}, "a text")],
)
def test_an_analysis_after_the_switch_that_ends_with_the_old_pods_is_refused(
    stay: dict[str, Any], seconds: str
) -> None:
    """Trap: the engine ends it when the old pods go, and what it would have said comes too late."""
    assert messages(START, _blue_green(postPromotionAnalysis=BACKGROUND, **stay)) == [
        f"Rollout shop/checkout: it is analysed only after the switch, and the old pods go after {seconds} s; "
        "set spec.strategy.blueGreen.scaleDownDelaySeconds above the length of the analysis, to 60 or more"
    ]


def test_the_limit_for_the_start_can_be_configured() -> None:
    body = rollout({"setWeight": 20}, ANALYSIS)
    assert "below 20 %" in messages(START, body, below=20.0)[0]
    assert "below 20 %" in Engine(START, config={START: {"below": 20.0}}).analyze(body)[START][0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (rollout({"setWeight": UNKNOWN_NUMBER}, ANALYSIS), "canary.steps[0].setWeight"),
        (rollout(UNKNOWN_TEXT, ANALYSIS), "canary.steps[0]"),
        (rollout({"setWeight": 5}, {"analysis": {"templates": UNKNOWN_TEXT}}), "canary.steps[1].analysis.templates"),
        (rollout({"setWeight": 5}, analysis={"templates": UNKNOWN_TEXT}), "canary.analysis.templates"),
        (
            rollout({"setWeight": 5}, analysis={**BACKGROUND, "startingStep": UNKNOWN_NUMBER}),
            "canary.analysis.startingStep",
        ),
        (_blue_green(prePromotionAnalysis=UNKNOWN_TEXT), "blueGreen.prePromotionAnalysis"),
        (_blue_green(postPromotionAnalysis=UNKNOWN_TEXT), "blueGreen.postPromotionAnalysis"),
        (
            _blue_green(postPromotionAnalysis=BACKGROUND, scaleDownDelaySeconds=UNKNOWN_NUMBER),
            "blueGreen.scaleDownDelaySeconds",
        ),
    ],
)
def test_a_start_only_the_update_knows_is_neither_refused_nor_passed_in_silence(
    body: dict[str, Any], path: str
) -> None:
    said = Engine(START).analyze(body)
    assert said[START] == []
    [open_question] = said["undecided-in-preview"]
    assert open_question.endswith(f"'analysis-start' is judged during the update, when spec.strategy.{path} is known")


ERRORS = metric(name="error-rate")
LATENCY = metric(name="latency-p99")
OPAQUE = metric(name="health", successCondition="no error, and the latency is low")


def _named(name: str, *metrics: Any, kind: str = "AnalysisTemplate", **spec: Any) -> dict[str, Any]:
    body = template(*metrics, kind=kind)
    body["metadata"]["name"] = name
    body["spec"] |= spec
    return body


def _using(*names: str, app: str | None = None, **reference: Any) -> dict[str, Any]:
    used = [{"templateName": name, **reference} for name in names]
    return rollout({"setWeight": 5}, {"analysis": {"templates": used}}, app=app)


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param([_using("checkout"), template(ERRORS, LATENCY)], id="in one template"),
        pytest.param([_using("a", "b"), _named("a", ERRORS), _named("b", LATENCY)], id="in two templates"),
        pytest.param(
            [_using("a"), _named("a", ERRORS, templates=[{"templateName": "b"}]), _named("b", LATENCY)],
            id="in a template that another one includes",
        ),
        pytest.param(
            [
                _using("checkout", clusterScope=True),
                template(ERRORS, LATENCY, kind="ClusterAnalysisTemplate"),
            ],
            id="in a template of the cluster",
        ),
        pytest.param(
            [
                _using("checkout"),
                template(
                    metric(name="a", provider={"prometheus": {"query": 'rate(requests{response_code=~"5.."}[1m])'}}),
                    metric(name="b", provider={"prometheus": {"query": "histogram_quantile(0.99, rate(x[1m]))"}}),
                ),
            ],
            id="told by the queries",
        ),
        pytest.param([_blue_green(prePromotionAnalysis=BACKGROUND), template(ERRORS, LATENCY)], id="blue-green"),
        pytest.param([rollout({"setWeight": 5}, analysis=BACKGROUND), template(ERRORS, LATENCY)], id="background"),
        pytest.param([rollout({"setWeight": 5})], id="no analysis is another rule's matter"),
    ],
)
def test_a_release_that_measures_both_passes(stack: list[dict[str, Any]]) -> None:
    assert messages(BOTH, *stack) == []
    assert Engine(BOTH).analyze_stack(*stack) == {BOTH: []}


def test_what_is_not_measured_is_named_with_the_templates_and_the_fix() -> None:
    stack = [_using("checkout"), template(ERRORS)]
    assert messages(BOTH, *stack) == [
        "Rollout shop/checkout: its analyses do not measure the latency (templates: checkout); "
        "add the metric, with a name that says what it is, like error-rate or latency-p99"
    ]
    assert Engine(BOTH).analyze_stack(*stack)[BOTH][0].startswith("Rollout-checkout | Rollout shop/checkout: its")
    [said] = messages(BOTH, _using("checkout", app="checkout"), template(LATENCY))
    assert "do not measure the error rate" in said
    assert "add the check in apps/checkout.yaml: delivery.analysis.checks" in said


def test_conditions_do_not_make_a_measure() -> None:
    assert "the error rate and the latency" in messages(BOTH, _using("checkout"), template(OPAQUE))[0]


def test_a_template_of_another_namespace_or_scope_is_not_taken_for_the_one_that_is_meant() -> None:
    elsewhere = template(ERRORS, LATENCY)
    elsewhere["metadata"]["namespace"] = "other"
    for other in (elsewhere, template(ERRORS, LATENCY, kind="ClusterAnalysisTemplate")):
        assert "(templates: checkout, which is not in this stack)" in messages(BOTH, _using("checkout"), other)[0]


def test_templates_that_include_each_other_do_not_hang_the_preview() -> None:
    loop = [_named("a", ERRORS, templates=[{"templateName": "a"}])]
    assert len(messages(BOTH, _using("a"), *loop)) == 1


@pytest.mark.parametrize(
    ("stack", "path"),
    [
        ([_using("checkout"), template(ERRORS, metric(name=UNKNOWN_TEXT))], "spec.metrics[1].name"),
        ([_using("checkout"), template(ERRORS, UNKNOWN_TEXT)], "spec.metrics[1]"),
        ([_using(UNKNOWN_TEXT), template(ERRORS)], "spec.strategy.canary.steps[1].analysis.templates[0].templateName"),
        ([rollout(steps=UNKNOWN_TEXT)], "spec.strategy.canary.steps"),
    ],
)
def test_a_measure_only_the_update_knows_is_neither_missed_nor_passed_in_silence(stack: list[Any], path: str) -> None:
    said = Engine(BOTH).analyze_stack(*stack)
    assert said[BOTH] == []
    assert said["undecided-in-stack-preview"] == [
        f"Rollout-checkout | Rollout shop/checkout: '{BOTH}' is judged during the update, when {path} is known"
    ]
