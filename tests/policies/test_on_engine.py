"""The pack on Pulumi's real engine: what a user sees of a refusal, a pass, an unknown value and a configuration."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.examples import A_ROLLOUT, ROLLOUT

from .project import ObjectsProject
from .support import exempted, metric, rollout, template

PAUSE = {"pause": {"duration": "10m"}}
ANALYSIS = {"analysis": {"templates": [{"templateName": "checkout"}]}}
GUARD = "len(result) == 1 && !isNaN(result[0]) && result[0]"
ASKED = {"interval": "10s", "count": 3, "provider": {"prometheus": {"query": 'up{service="shop-canary"}'}}}
ERRORS = metric(**ASKED, successCondition=f"{GUARD} < 0.01")
LATENCY = metric(**ASKED, successCondition=f"{GUARD} < 200") | {"name": "latency-p99"}
TEMPLATE = template(ERRORS, LATENCY)
LONG = ERRORS | {"interval": "1m"}
SWITCH = {
    "activeService": "shop-stable",
    "previewService": "shop-canary",
    "postPromotionAnalysis": {"templates": [{"templateName": "checkout"}]},
    "scaleDownDelaySeconds": 120,
}
AROUND = [one if one["kind"] != "VirtualService" else {**one, "ignoreChanges": ["spec.http"]} for one in A_ROLLOUT[2:]]
"""The Services and all else that a release has around it."""
LATE = {"known only during the update": 50}


ROUTED = {key: value for key, value in ROLLOUT["spec"]["strategy"]["canary"].items() if key != "steps"}


def _rollout(*steps: dict[str, Any], app: str | None = None, **spec: Any) -> dict[str, Any]:
    body = rollout(*steps, app=app, **ROUTED)
    body["spec"] |= {key: value for key, value in ROLLOUT["spec"].items() if key != "strategy"}
    body["spec"] |= {"replicas": 3, **spec}
    return body


STEPS = ({"setWeight": 5}, ANALYSIS, {"setWeight": 30}, PAUSE, {"setWeight": 50}, PAUSE)
GOOD = (_rollout(*STEPS), TEMPLATE, *AROUND)
LAST = ({"setWeight": 70}, PAUSE)
TOO_MUCH = _rollout({"setWeight": 40}, ANALYSIS, {"setWeight": 60}, PAUSE, *LAST, app="checkout")

BAD = {
    "first-step-weight": ((TOO_MUCH, TEMPLATE, *AROUND), "the first weight is 40 %, the limit is 10 %"),
    "weight-jump": (
        (_rollout({"setWeight": 10}, ANALYSIS, {"setWeight": 50}, PAUSE, *LAST), TEMPLATE, *AROUND),
        "the weight jumps from 10 % to 50 %, the limit is 30 points; set a weight between them",
    ),
    "weight-held": (
        (_rollout({"setWeight": 10}, ANALYSIS, {"setWeight": 40}, {"setWeight": 60}, PAUSE), TEMPLATE, *AROUND),
        "steps[2].setWeight (40) is left at once: neither a pause nor an analysis follows it",
    ),
    "analysis-start": (
        (_rollout({"setWeight": 10}, PAUSE, {"setWeight": 40}, PAUSE, {"setWeight": 60}, ANALYSIS), TEMPLATE, *AROUND),
        "the first analysis starts at a weight of 60 %; it has to start below 50 %",
    ),
    "metric-condition": (
        (GOOD[0], template(LATENCY, metric(**ASKED)), *AROUND),
        "metric 'error-rate' has neither a successCondition nor a failureCondition",
    ),
    "deadline-abort": (
        (_rollout(*STEPS, progressDeadlineAbort=False), TEMPLATE, *AROUND),
        "spec.progressDeadlineAbort is not true",
    ),
    "old-pods-stay": (
        (_rollout(strategy={"blueGreen": SWITCH}), template(LONG, LATENCY), *AROUND),
        "the old pods go after 120 s, and AnalysisTemplate shop/checkout measures until 120 s",
    ),
    "minimum-replicas": (
        (_rollout(*STEPS, replicas=2), TEMPLATE, *AROUND),
        "spec.replicas is 2, the limit is 3; set spec.replicas to 3 or more",
    ),
}


def test_a_good_change_passes_without_a_cluster(project: ObjectsProject) -> None:
    answer = project.judge(*GOOD)
    assert (answer.code, answer.text.count("[mandatory]"), answer.text.count("[advisory]")) == (0, 0, 0), answer.text
    assert "coalmine@v0.1.0" in answer.text


@pytest.mark.parametrize("rule", BAD)
def test_a_bad_change_is_refused_once_with_name_reason_and_fix(project: ObjectsProject, rule: str) -> None:
    objects, reason = BAD[rule]
    answer = project.judge(*objects)
    assert answer.code != 0, answer.text
    assert answer.text.count("[mandatory]") == 1, answer.text
    assert f"{rule} (kubernetes:argoproj.io/v1alpha1:" in answer.text
    assert reason in answer.text


def test_a_release_that_measures_no_latency_is_only_advised_about(project: ObjectsProject) -> None:
    answer = project.judge(GOOD[0], template(ERRORS), *AROUND)
    assert (answer.code, answer.text.count("[mandatory]"), answer.text.count("[advisory]")) == (0, 0, 1), answer.text
    assert "error-rate-and-latency (kubernetes:argoproj.io/v1alpha1:Rollout: rollout)" in answer.text
    assert "its analyses do not measure the latency (templates: checkout)" in answer.text


def test_the_fix_names_the_line_of_the_app_and_the_title_of_the_rule(project: ObjectsProject) -> None:
    answer = project.judge(TOO_MUCH, TEMPLATE, *AROUND)
    assert "first-step-weight (kubernetes:argoproj.io/v1alpha1:Rollout: rollout)" in answer.text
    assert "The first weight of a canary is small." in answer.text
    assert (
        "Rollout shop/checkout: the first weight is 40 %, the limit is 10 %; "
        "set the first step's weight to 10 or less in apps/checkout.yaml: delivery.steps[0].weight "
        "(a stack's overrides come first)"
    ) in answer.text


def test_a_number_of_replicas_only_the_update_knows_is_announced(project: ObjectsProject) -> None:
    # Before any update of the project: after one, the late value is in the state and so known to a preview.
    answer = project.judge(GOOD[0] | {"spec": {**GOOD[0]["spec"], "replicas": LATE}}, TEMPLATE, *AROUND)
    assert (answer.code, answer.text.count("[mandatory]")) == (0, 0), answer.text
    advised = re.findall(r"\[advisory\] \[severity: low\] (\S+)", answer.text)
    assert len(advised) == answer.text.count("[advisory]"), "something else than open questions is advised about"
    assert "undecided-in-stack-preview" in answer.text
    assert "'minimum-replicas' is judged during the update, when spec.replicas of Rollout shop/checkout" in answer.text


def test_a_value_only_the_update_knows_is_announced_and_then_refused(project: ObjectsProject) -> None:
    late = _rollout({"setWeight": LATE}, ANALYSIS)
    only = {"all": "disabled", "first-step-weight": "mandatory", "undecided-in-preview": "advisory"}
    preview = project.judge(late, config=only)
    assert preview.code == 0, preview.text
    assert preview.text.count("[advisory]") == 1, preview.text
    assert "'first-step-weight' is judged during the update" in preview.text
    assert "can't run policy" not in preview.text

    update = project.judge(late, verb="up", config=only)
    assert update.code != 0, update.text
    assert "[mandatory] [severity: high] first-step-weight" in update.text
    assert "unreachable" not in update.text, "the update went on to the cluster after the refusal"


def test_the_configuration_sets_limits_and_levels(project: ObjectsProject) -> None:
    assert project.judge(TOO_MUCH, TEMPLATE, *AROUND, config={"first-step-weight": {"max": 40}}).code == 0

    advisory = project.judge(TOO_MUCH, TEMPLATE, *AROUND, config={"all": "advisory"})
    assert (advisory.code, advisory.text.count("[advisory]")) == (0, 1), advisory.text

    wrong = project.judge(*GOOD, config={"first-step-weight": {"max": 120}})
    assert wrong.code != 0, wrong.text
    assert "first-step-weight: max: Must be less than or equal to 100" in wrong.text


def _exempted(days: int, rule: str = "first-step-weight") -> dict[str, Any]:
    """The release that begins with too much, with an exemption that ends in so many days."""
    return exempted(TOO_MUCH, rule, (datetime.now(UTC).date() + timedelta(days=days)).isoformat())


def test_an_exempted_change_passes_and_says_so(project: ObjectsProject) -> None:
    answer = project.judge(_exempted(30), TEMPLATE, *AROUND)
    assert (answer.code, answer.text.count("[mandatory]"), answer.text.count("[advisory]")) == (0, 0, 1), answer.text
    assert "exempted (kubernetes:argoproj.io/v1alpha1:Rollout: rollout)" in answer.text
    assert "Rollout shop/checkout: exempted from 'first-step-weight' until " in answer.text
    assert " by shop (the router comes in spring): the first weight is 40 %, the limit is 10 %" in answer.text


def test_what_is_no_exemption_any_more_or_never_was_refuses(project: ObjectsProject) -> None:
    bodies = [_exempted(-1), _exempted(100), _exempted(30, "first-step-wait")]
    only = {"all": "disabled", "first-step-weight": "mandatory", "exemptions": "mandatory"}
    answer = project.judge(*bodies, config=only)
    assert (answer.code != 0, answer.text.count("[mandatory]")) == (True, 3 + 2), answer.text
    assert "; the exemption by shop ended on " in answer.text
    assert "'until' is 100 days away, and at most 90 are allowed" in answer.text
    assert "no rule has this name (did you mean 'first-step-weight'?)" in answer.text


def test_the_configuration_exempts_objects_and_may_refuse_all_exemptions(project: ObjectsProject) -> None:
    day = (datetime.now(UTC).date() + timedelta(days=5)).isoformat()
    given = {"objects": ["Rollout shop/checkout"], "owner": "shop", "reason": "it is tried", "until": day}
    config: dict[str, Any] = {"exemptions": {"entries": [{"rule": "first-step-weight", **given}]}}
    assert project.judge(TOO_MUCH, TEMPLATE, *AROUND, config=config).code == 0

    strict = project.judge(TOO_MUCH, TEMPLATE, *AROUND, config={**config, "exempted": "mandatory"})
    assert (strict.code != 0, strict.text.count("[mandatory]")) == (True, 1), strict.text

    config["exemptions"]["entries"][0].pop("owner")
    wrong = project.judge(TOO_MUCH, TEMPLATE, *AROUND, config=config)
    assert wrong.code != 0, wrong.text
    assert "the policy configuration is wrong: exemptions: entries[0]: 'owner' is missing" in wrong.text
