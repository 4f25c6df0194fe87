"""The pack on Pulumi's real engine: what a user sees of a refusal, a pass, an unknown value and a configuration."""

from .project import ObjectsProject
from .support import metric, rollout, template

GOOD = (rollout({"setWeight": 5}), template(metric(successCondition="result[0] < 0.01")))
TOO_MUCH = rollout({"setWeight": 50}, app="checkout")
LATE = {"known only during the update": 50}


def test_a_good_change_passes_without_a_cluster(project: ObjectsProject) -> None:
    answer = project.judge(*GOOD)
    assert (answer.code, answer.text.count("[mandatory]"), answer.text.count("[advisory]")) == (0, 0, 0), answer.text
    assert "coalmine@v0.1.0" in answer.text


def test_a_large_first_weight_is_refused_once_with_name_reason_and_fix(project: ObjectsProject) -> None:
    answer = project.judge(TOO_MUCH, GOOD[1])
    assert answer.code != 0, answer.text
    assert answer.text.count("[mandatory]") == 1, answer.text
    assert "first-step-weight (kubernetes:argoproj.io/v1alpha1:Rollout: rollout)" in answer.text
    assert "The first weight of a canary is small." in answer.text
    assert (
        "Rollout shop/checkout: the first weight is 50 %, the limit is 10 %; "
        "set the first step's weight to 10 or less in apps/checkout.yaml: delivery.steps[0].weight "
        "(a stack's overrides come first)"
    ) in answer.text


def test_a_metric_without_a_condition_is_refused_once_with_name_reason_and_fix(project: ObjectsProject) -> None:
    answer = project.judge(GOOD[0], template(metric()))
    assert answer.code != 0, answer.text
    assert answer.text.count("[mandatory]") == 1, answer.text
    assert "metric-condition (kubernetes:argoproj.io/v1alpha1:AnalysisTemplate: analysistemplate)" in answer.text
    assert "counts each measurement of a metric without a condition as a success" in answer.text
    assert "give spec.metrics[0] a successCondition that is true only for a good release" in answer.text


def test_a_value_only_the_update_knows_is_announced_and_then_refused(project: ObjectsProject) -> None:
    late = rollout({"setWeight": LATE})
    preview = project.judge(late)
    assert preview.code == 0, preview.text
    assert preview.text.count("[advisory]") == 1, preview.text
    assert "'first-step-weight' is judged during the update" in preview.text
    assert "can't run policy" not in preview.text

    update = project.judge(late, verb="up")
    assert update.code != 0, update.text
    assert "[mandatory] [severity: high] first-step-weight" in update.text
    assert "unreachable" not in update.text, "the update went on to the cluster after the refusal"


def test_the_configuration_sets_limits_and_levels(project: ObjectsProject) -> None:
    assert project.judge(TOO_MUCH, config={"first-step-weight": {"max": 50}}).code == 0

    advisory = project.judge(TOO_MUCH, config={"all": "advisory"})
    assert (advisory.code, advisory.text.count("[advisory]")) == (0, 1), advisory.text

    wrong = project.judge(*GOOD, config={"first-step-weight": {"max": 120}})
    assert wrong.code != 0, wrong.text
    assert "first-step-weight: max: Must be less than or equal to 100" in wrong.text
