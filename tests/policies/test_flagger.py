"""The rules on Canaries of Flagger: what they refuse, what they let pass, and what they say."""

from typing import Any

import pytest

from policies.examples import A_CANARY

from .project import ObjectsProject
from .support import UNKNOWN_NUMBER, UNKNOWN_TEXT, Engine, applicable, canary, deployment, messages, rollout

NO_WEIGHTS: dict[str, Any] = {"stepWeights": None}


def _hpa(minimum: int, maximum: int = 9) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {"scaleTargetRef": target, "minReplicas": minimum, "maxReplicas": maximum},
    }


def _spec(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**body, "spec": {**body["spec"], **fields}}


def _metric(**fields: Any) -> dict[str, Any]:
    return canary(5, 25, 50, metrics=[{"name": "error-rate", "templateRef": {"name": "error-rate"}, **fields}])


GOOD = A_CANARY


def test_a_good_release_passes_every_rule_and_some_judge_it() -> None:
    said = Engine().analyze(GOOD[0])
    assert set(said) >= {"analysis-not-skipped", "first-step-weight", "weights-rise"}
    stack = Engine().analyze_stack(*GOOD)
    assert set(said) | set(stack) == applicable(GOOD)
    assert [message for found in (said, stack) for messages in found.values() for message in messages] == []


BAD: dict[str, tuple[str, tuple[dict[str, Any], ...], str]] = {
    "a large first weight": (
        "first-step-weight",
        (canary(40, 60),),
        "Canary shop/checkout: the first weight is 40 %, the limit is 10 %; begin spec.analysis.stepWeights with 10 "
        "or less",
    ),
    "a large first step up to the highest weight": (
        "first-step-weight",
        (canary(**NO_WEIGHTS, stepWeight=20, maxWeight=50),),
        "the first weight is 20 %, the limit is 10 %",
    ),
    "neither weights nor iterations": ("first-step-weight", (canary(),), "so that Flagger begins no release"),
    "a large jump": (
        "weight-jump",
        (canary(10, 50),),
        "the weight jumps from 10 % to 50 %, the limit is 30 points; set a weight between them in "
        "spec.analysis.stepWeights",
    ),
    "a large last jump": (
        "weight-jump",
        (canary(10, 40),),
        "the weight jumps from 40 % to 100 %, the limit is 50 points for the last jump",
    ),
    "a jump of steps up to the highest weight": (
        "weight-jump",
        (canary(**NO_WEIGHTS, stepWeight=10, maxWeight=40),),
        "the weight jumps from 40 % to 100 %",
    ),
    "weights that do not rise": (
        "weights-rise",
        (canary(5, 25, 25, 50),),
        "spec.analysis.stepWeights[2] is 25 after 25; set it above 25, or leave it out",
    ),
    "a weight that is none": ("weights-rise", (canary(5, 200),), "spec.analysis.stepWeights[1] is 200"),
    "nothing is measured": (
        "analysis-start",
        (canary(5, 25, 50, metrics=[]),),
        "the first analysis starts only when all traffic has moved, or never",
    ),
    "measured too late": (
        "analysis-start",
        (canary(60),),
        "the first analysis starts at a weight of 60 %; it has to start below 50 %; begin with a lower weight",
    ),
    "the analysis is skipped": (
        "analysis-not-skipped",
        (_spec(canary(5, 25, 50), skipAnalysis=True),),
        "spec.skipAnalysis is set, so every release is promoted without any check",
    ),
    "a range without bounds": (
        "metric-condition",
        (_metric(thresholdRange={}),),
        "spec.analysis.metrics[0].thresholdRange has neither min nor max, so every measurement is a success",
    ),
    "no threshold at all": (
        "metric-condition",
        (_metric(),),
        "spec.analysis.metrics[0] has no threshold, which means 0",
    ),
    "no latency": (
        "error-rate-and-latency",
        (_metric(thresholdRange={"max": 1}),),
        "its analyses do not measure the latency (templates: error-rate, which is not in this stack)",
    ),
    "not reverted": (
        "revert-on-deletion",
        (_spec(canary(5, 25, 50), revertOnDeletion=False),),
        "its Deployment stays without pods where the Canary is deleted",
    ),
    "an autoscaler with too low a minimum": (
        "minimum-replicas",
        (canary(5), deployment(), _hpa(2)),
        "spec.minReplicas of HorizontalPodAutoscaler shop/checkout is 2, the limit is 3",
    ),
    "too few replicas": (
        "minimum-replicas",
        (canary(5), deployment()),
        "spec.replicas of Deployment shop/checkout is absent, which means 1, the limit is 3",
    ),
    "replicas that are fixed": (
        "replicas-left-to-flagger",
        (canary(5), deployment(replicas=3)),
        "spec.replicas of Deployment shop/checkout is set, so each update starts pods that Flagger did not ask for",
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.trap(12, 36)
def test_a_bad_release_is_refused_with_value_limit_and_fix(name: str) -> None:
    rule, (subject, *others), message = BAD[name]
    said = messages(rule, subject, *others)
    assert len(said) == 1, said
    assert message in said[0]


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("first-step-weight", canary(**NO_WEIGHTS, stepWeight=10, maxWeight=50)),
        ("first-step-weight", canary(**NO_WEIGHTS, iterations=5)),
        ("weight-jump", canary(**NO_WEIGHTS, stepWeight=10)),
        ("weight-jump", canary(**NO_WEIGHTS, iterations=5)),
        ("analysis-start", canary(5, metrics=[], webhooks=[{"name": "load", "url": "http://x"}])),
        ("metric-condition", _metric(threshold=99)),
        ("metric-condition", _metric(thresholdRange={"min": 99})),
        ("analysis-not-skipped", _spec(canary(5), skipAnalysis=False)),
        ("weights-rise", rollout({"setWeight": 5}, {"pause": {}}, {"setWeight": 20})),
    ],
)
def test_what_is_fine_passes(rule: str, body: dict[str, Any]) -> None:
    assert messages(rule, body) == []


def test_a_metric_template_of_the_stack_tells_what_it_measures() -> None:
    template = {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "MetricTemplate",
        "metadata": {"name": "m", "namespace": "shop"},
        "spec": {"query": "histogram_quantile(0.99, errors)"},
    }
    body = canary(5, metrics=[{"name": "m", "templateRef": {"name": "m"}, "thresholdRange": {"max": 1}}])
    assert messages("error-rate-and-latency", body, template) == []
    elsewhere = {**template, "metadata": {"name": "m", "namespace": "other"}}
    assert len(messages("error-rate-and-latency", body, elsewhere)) == 1


def test_a_canary_of_an_app_goes_as_a_whole_so_that_nothing_is_reverted() -> None:
    assert messages("revert-on-deletion", _spec(canary(5, app="checkout"), revertOnDeletion=False)) == []


def test_weights_of_a_rollout_that_do_not_rise_are_refused_too() -> None:
    [said] = messages("weights-rise", rollout({"setWeight": 20}, {"pause": {}}, {"setWeight": 10}))
    assert "spec.strategy.canary.steps[2].setWeight is 10 after 20" in said


def test_the_fix_for_an_app_names_the_line_that_its_team_edits() -> None:
    [said] = messages("first-step-weight", canary(40, app="checkout"))
    assert said.endswith("in apps/checkout.yaml: delivery.steps[0].weight (a stack's overrides come first)")
    [said] = messages("minimum-replicas", canary(5, app="checkout"), deployment(), _hpa(2))
    assert "in apps/checkout.yaml: scaling.min" in said
    [said] = messages("minimum-replicas", canary(5, app="checkout"), deployment(), _hpa(2, maximum=2))
    assert "in apps/checkout.yaml: replicas" in said


def test_a_deployment_of_another_namespace_is_not_the_canarys() -> None:
    elsewhere = {**deployment(replicas=3), "metadata": {"name": "checkout", "namespace": "other"}}
    assert messages("replicas-left-to-flagger", canary(5), elsewhere) == []


@pytest.mark.parametrize(
    ("rule", "body", "path"),
    [
        ("first-step-weight", canary(UNKNOWN_NUMBER), "spec.analysis.stepWeights[0]"),
        ("weight-jump", canary(5, UNKNOWN_NUMBER), "spec.analysis.stepWeights[1]"),
        ("weights-rise", canary(stepWeights=UNKNOWN_TEXT), "spec.analysis.stepWeights"),
        ("analysis-start", canary(5, metrics=UNKNOWN_TEXT), "spec.analysis.metrics"),
        ("metric-condition", _metric(thresholdRange=UNKNOWN_TEXT), "spec.analysis.metrics[0].thresholdRange"),
        ("analysis-not-skipped", _spec(canary(5), skipAnalysis=UNKNOWN_TEXT), "spec.skipAnalysis"),
        ("revert-on-deletion", _spec(canary(5), revertOnDeletion=UNKNOWN_TEXT), "spec.revertOnDeletion"),
    ],
)
def test_what_only_the_update_knows_is_neither_refused_nor_passed_in_silence(
    rule: str, body: dict[str, Any], path: str
) -> None:
    said = Engine(rule).analyze(body)
    assert said[rule] == []
    [question] = said["undecided-in-preview"]
    assert question.endswith(f"'{rule}' is judged during the update, when {path} is known")


def test_a_target_only_the_update_knows_is_undecided() -> None:
    hidden = _spec(canary(5), targetRef={"kind": "Deployment", "name": UNKNOWN_TEXT})
    said = Engine(("minimum-replicas", "replicas-left-to-flagger")).analyze_stack(hidden)
    assert len(said["undecided-in-stack-preview"]) == 2


def test_a_stack_with_flagger_alone_is_judged_on_the_real_engine(project: ObjectsProject) -> None:
    answer = project.judge(*GOOD)
    assert (answer.code, answer.text.count("[mandatory]"), answer.text.count("[advisory]")) == (0, 0, 0), answer.text


def test_every_rule_refuses_on_the_real_engine_what_it_should(project: ObjectsProject) -> None:
    """In one preview, each case in a namespace of its own."""
    cases = {rule: (objects, message) for rule, objects, message in BAD.values()}
    everything = [_moved(one, rule) for rule, (objects, _) in cases.items() for one in objects]
    answer = project.judge(*everything, config={"all": "mandatory"})
    assert answer.code != 0, answer.text
    for rule, (_, message) in cases.items():
        where = f"Canary {rule}/checkout: "
        assert f"{rule} (kubernetes:flagger.app/v1beta1:Canary" in answer.text, f"{rule} refused nothing"
        said = message.replace("shop/checkout", f"{rule}/checkout").removeprefix(where)
        assert said in answer.text, f"{rule} did not say: {said}"


def _moved(item: dict[str, Any], namespace: str) -> dict[str, Any]:
    return {**item, "metadata": {**item["metadata"], "namespace": namespace}}
