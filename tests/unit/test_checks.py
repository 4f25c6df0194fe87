"""The checks of an app: what they become, and what about them is refused and why."""

from pathlib import Path
from typing import Any

import pytest

from components.spec.checks import Query, describe
from components.spec.values import Quantity
from tests.specs import app_messages, changed, compiled_app, example_app, only, stack_keys

SHOP = example_app()
FAST = {"kind": "query", "name": "depth", "query": 'max(depth{pod=~"{{pods}}"})', "max": 5}
PODS = {"kind": "prometheus", "kube_metrics": True}
CHECKS = "delivery.analysis.checks[0]"


def app_with(*checks: dict[str, Any], **delivery: Any) -> dict[str, Any]:
    return changed(
        SHOP,
        "delivery",
        to={**SHOP["delivery"], **delivery, "analysis": {**SHOP["delivery"]["analysis"], "checks": list(checks)}},
    )


def stack_with(**delivery: Any) -> dict[str, Any]:
    keys = stack_keys()
    return {**keys, "delivery": {**keys["delivery"], **delivery}}


def metrics_of(tmp_path: Path, *checks: dict[str, Any], **delivery: Any) -> list[dict[str, Any]]:
    made = compiled_app(tmp_path, app_with(*checks), stack_with(**delivery)).manifests
    return list(only(made, "AnalysisTemplate")["spec"]["metrics"])


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({**FAST, "query": "depth{{pod}}"}, ".query: unknown placeholder '{{pod}}' (did you mean 'pods'?)"),
        ({**FAST, "query": '{{pods}} {{ "x"'}, ".query: '{{' opens a placeholder that is not closed: write it like"),
        ({**FAST, "query": "max(depth)"}, ".query: counts every version of the app: narrow it by one of {{revision}}"),
        ({**FAST, "query": 'max(depth{pod=~"{{pods}}"'}, ".query: is not PromQL: "),
        (
            {**FAST, "query": 'sum(errors{pod=~"{{pods}}"}) / sum(requests{app="{{app}}"})'},
            ".query: 'requests' counts other versions too: narrow it by one of {{revision}}, {{workload}}",
        ),
        (
            {**FAST, "query": 'max(depth{pod!~"{{pods}}"})'},
            ".query: 'depth' counts other versions too: narrow it by one of",
        ),
        (changed(FAST, "max", to=None), ": give it `min` or `max`: a query without a limit cannot fail"),
        ({**FAST, "min": 6}, ".min: 6 is above max, 5: no answer could pass"),
        ({**FAST, "max": True}, ".max: True is not a number: write it without quotes, like 5 or 0.25"),
        (
            {**FAST, "name": "request-duration"},
            ".name: 'request-duration' is the name of a check that Flagger has itself",
        ),
        ({**FAST, "not_per_version": "why"}, ".not_per_version: the query names the new version: leave this out"),
        ({**FAST, "provider": "promethues"}, ".provider: the cluster has no metrics 'promethues' (did you mean"),
        ({"kind": "cpu", "max": "1"}, ": 'cpu' needs the series of cAdvisor and kube-state-metrics: set kube_metrics"),
        (
            {"kind": "error_rate", "max": "1%", "compared_with_stable": {}},
            ".compared_with_stable: give one of factor and difference",
        ),
        (
            {"kind": "error_rate", "max": "1%", "compared_with_stable": {"factor": 0.5}},
            ".compared_with_stable.factor: ",
        ),
        (
            {**FAST, "query": 'depth{v="{{revision}}"}', "compared_with_stable": {"factor": 2}},
            ".compared_with_stable: stable's {{revision}} is not known beforehand: narrow the query by {{workload}}",
        ),
    ],
)
def test_a_check_that_cannot_decide_is_refused_with_what_can(
    tmp_path: Path, check: dict[str, Any], message: str
) -> None:
    [found] = app_messages(tmp_path, app_with(check))
    assert found.startswith(f"{CHECKS}{message}"), found


def test_two_checks_of_one_name_are_refused(tmp_path: Path) -> None:
    [found] = app_messages(tmp_path, app_with(FAST, FAST))
    assert found == "delivery.analysis.checks[1]: 'depth' is checked twice"
    compared = {**FAST, "compared_with_stable": {"factor": 2}}
    [found] = app_messages(tmp_path, app_with(compared, {**FAST, "name": "depth-vs-stable"}))
    assert found == "delivery.analysis.checks[1]: 'depth-vs-stable' is checked twice"


def test_after_a_switch_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    check = {"kind": "error_rate", "max": "1%", "compared_with_stable": {"factor": 2}}
    app = app_with(check)
    app["delivery"] = {"strategy": "blue-green", "hold": "9m", "analysis": app["delivery"]["analysis"]}
    [found] = app_messages(tmp_path, app)
    assert found.startswith(f"{CHECKS}.compared_with_stable: after the switch no user's request reaches the stable")


def test_a_query_is_asked_as_it_was_written_for_the_new_version_alone(tmp_path: Path) -> None:
    [metric] = metrics_of(tmp_path, FAST)
    asked = metric["provider"]["prometheus"]["query"]
    assert asked == 'max(depth{pod=~"shop-{{args.pod-hash}}-[bcdfghjklmnpqrstvwxz2456789]{5}"})'
    assert metric["successCondition"] == "len(result) == 1 && !isNaN(result[0]) && result[0] <= 5"


def test_the_hash_of_the_pods_is_read_when_an_analysis_starts(tmp_path: Path) -> None:
    made = compiled_app(tmp_path, app_with(FAST)).manifests
    [step] = [one for one in only(made, "Rollout")["spec"]["strategy"]["canary"]["steps"] if "analysis" in one][:1]
    given = {one["name"]: one.get("valueFrom") for one in step["analysis"]["args"]}
    assert given["pod-hash"] == {"podTemplateHashValue": "Latest"}
    assert given["stable-pod-hash"] == {"podTemplateHashValue": "Stable"}
    assert {"name": "pod-hash"} in only(made, "AnalysisTemplate")["spec"]["args"]


def test_a_comparison_is_a_metric_of_its_own_beside_the_limit(tmp_path: Path) -> None:
    check = {"kind": "error_rate", "max": "2%", "compared_with_stable": {"difference": "0.5%"}}
    own, compared = metrics_of(tmp_path, check)
    assert [own["name"], compared["name"]] == ["error-rate", "error-rate-vs-stable"]
    assert own["successCondition"].endswith("result[0] <= 0.02")
    assert compared["successCondition"].endswith("result[0] <= 0.005")
    query = compared["provider"]["prometheus"]["query"]
    assert 'destination_version="{{args.revision}}"' in query
    assert 'destination_version!="{{args.revision}}"' in query


def test_flagger_compares_with_the_primary(tmp_path: Path) -> None:
    check = {"kind": "latency", "max": "2s", "compared_with_stable": {"factor": 1.2}}
    app = app_with(check, steps=[{"weight": 5, "hold": "5m"}, {"weight": 50, "hold": "5m"}])
    app["delivery"].pop("rollback", None)
    made = compiled_app(tmp_path, app, stack_with(engine="flagger")).manifests
    template = only(made, "MetricTemplate", "shop-latency-p99-vs-stable")
    assert "1.2 * histogram_quantile" in template["spec"]["query"]
    assert 'destination_workload="shop-primary"' in template["spec"]["query"]
    # Flagger calls the primary's pods shop-primary too, and Istio's metrics call an app as its pods are called.
    assert 'canonical_service="shop"' not in template["spec"]["query"], "no request of the primary would be found"
    metrics = only(made, "Canary")["spec"]["analysis"]["metrics"]
    assert [(one["name"], one["thresholdRange"]) for one in metrics] == [
        ("latency-p99", {"max": 2000}),
        ("latency-p99-vs-stable", {"max": 0}),
    ]


def test_a_query_compared_with_stable_answers_nan_where_either_is_missing(tmp_path: Path) -> None:
    _, compared = metrics_of(tmp_path, {**FAST, "compared_with_stable": {"difference": 3}})
    query = " ".join(compared["provider"]["prometheus"]["query"].split())
    assert query.startswith("vector( scalar(max(depth{")
    assert "shop-{{args.stable-pod-hash}}-" in query
    assert compared["failureCondition"].endswith("|| result[0] > 3")


def test_the_pods_own_figures_are_those_of_the_busiest(tmp_path: Path) -> None:
    checks = [{"kind": "cpu", "max": "750m"}, {"kind": "memory", "max": "1Gi"}, {"kind": "restarts"}]
    cpu, memory, restarts = metrics_of(tmp_path, *checks, metrics=PODS)
    assert cpu["successCondition"].endswith("result[0] <= 0.75")
    assert memory["successCondition"].endswith("result[0] <= 1073741824")
    assert restarts["successCondition"].endswith("result[0] <= 0")
    assert cpu["provider"]["prometheus"]["query"].startswith(
        "max(sum by (pod) (rate(container_cpu_usage_seconds_total{"
    )


def test_flagger_holds_nothing(tmp_path: Path) -> None:
    app = app_with({**FAST, "on_no_data": "hold"}, engine="flagger", steps=[{"weight": 5, "hold": "5m"}])
    app["delivery"].pop("rollback", None)
    from tests.specs import Project

    project = Project(tmp_path)
    project.stack(stack_with(other_engines=["flagger"]))
    project.apps(app)
    [found] = project.messages()
    assert found.endswith("knows no answer but good and bad: leave it out, or choose 'argo-rollouts'")


@pytest.mark.parametrize(
    ("text", "value"), [("750m", "0.75"), ("2", "2"), ("512Mi", "536870912"), ("1k", "1000"), ("1.5Gi", "1610612736")]
)
def test_a_quantity_is_a_number(text: str, value: str) -> None:
    assert Quantity.parse(text).value == pytest.approx(float(value)) or str(Quantity.parse(text).value) == value


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "depth at most 5"),
        ({"min": 1, "unit": "messages"}, "depth at least 1 and at most 5 messages"),
        ({"on_no_data": "hold"}, "depth at most 5, held without data"),
        ({"compared_with_stable": {"factor": 1.5}}, "depth at most 5 and at most 1.5 times stable's"),
        ({"query": "max(depth)", "not_per_version": "one queue"}, "depth at most 5, not per version"),
    ],
)
def test_a_query_is_said_in_words(said: dict[str, Any], words: str) -> None:
    assert describe(Query.model_validate({**FAST, **said})) == words
