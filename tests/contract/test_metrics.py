"""Every check, by every provider, on every router: measured on the canary alone, and silence never passes."""

import math
import re
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from components.contracts import Providers
from components.contracts_of.flagger import FlaggerRouter
from components.engines.argo_rollouts.analysis import analysis_template
from components.engines.flagger.analysis import look_of, metrics_of
from components.engines.flagger.targets import target_of
from components.measurable import unmeasurable
from components.plan import Plan, build_plan
from components.spec.app import AppSpec
from components.spec.checks import Check, ErrorRate, Latency, Query
from components.spec.promql import Selector, selectors
from components.spec.values import Duration
from tests.specs import example_app

from .answers import ANSWERS, VERDICTS
from .conditions import holds
from .variants import CHECKS, Combination, example_query, supported

REVISION = "1.4.0-0123456789"
POD_HASH = "5f7d9c8b6d"
ARGUMENTS = {"{{args.revision}}": REVISION, "{{args.pod-hash}}": POD_HASH, "{{args.stable-pod-hash}}": "7c6b5d4f9b"}
NAN = math.nan


def plan_of(check: Mapping[str, Any], **analysis: Any) -> Plan:
    app = example_app()
    app["delivery"]["analysis"] |= {"interval": "60s", "checks": [dict(check)], **analysis}
    hold = "5m" if "interval" not in analysis else "2h"
    app["delivery"]["steps"] = [{"weight": weight, "hold": hold} for weight in (5, 25, 50)]
    app["delivery"].pop("rollback", None)
    return build_plan(AppSpec.model_validate(app))


def is_measured(combination: Combination, check: Mapping[str, Any]) -> bool:
    """Whether a router tells the versions apart while weights are shifted."""
    return not [path for path, _ in combination.router.problems(plan_of(check)) if path[:2] == ("delivery", "analysis")]


def asked_by(combination: Combination) -> dict[str, Mapping[str, Any]]:
    """Every check that a combination's provider can be asked, by name."""
    own = {"query": example_query(combination.metrics)}
    if combination.metrics.bounds == {"min", "max"}:
        own["query-within"] = {**own["query"], "min": 1, "max": 10}
    built_in = {
        name: check
        for name, check in CHECKS.items()
        if check["kind"] in combination.metrics.built_in and is_measured(combination, check)
    }
    told = combination.engine.stable_requests(plan_of(own["query"]), combination.router) is not None
    compared = (
        {
            f"{name}-compared": {**check, "compared_with_stable": {"factor": 1.5}}
            for name, check in {**built_in, "query": own["query"]}.items()
            if name != "restarts" and (name == "query" or told)
        }
        if combination.engine.kind in combination.metrics.compares
        else {}
    )
    return {**built_in, **own, **compared}


ASKED = [(one, name) for one in supported() for name in asked_by(one)]
ON_ROLLOUTS = [(one, name) for one, name in ASKED if one.engine.kind == "argo-rollouts"]
ON_FLAGGER = [(one, name) for one, name in ASKED if one.engine.kind == "flagger"]
JUDGED = [(one, name) for one, name in ON_ROLLOUTS if one.metrics.kind not in VERDICTS]


def providers_of(combination: Combination) -> Providers:
    return Providers(combination.metrics, {combination.metrics.kind: combination.metrics})


def refusals(combination: Combination, check: Mapping[str, Any]) -> list[str]:
    found = unmeasurable(plan_of(check), combination.engine, combination.router, providers_of(combination))
    return [message for _, message in found]


def metric_of(combination: Combination, name: str, **said: Any) -> dict[str, Any]:
    """The last metric that a check becomes: the comparison with stable, where there is one."""
    plan = plan_of({**asked_by(combination)[name], **said})
    template = analysis_template(plan, combination.router, providers_of(combination))
    return dict(template["spec"]["metrics"][-1])


def template_of(combination: Combination, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A check's MetricTemplate, and what the Canary says of it."""
    plan = plan_of(asked_by(combination)[name])
    target = target_of(plan, FlaggerRouter.of(combination.router))
    made = list(metrics_of(plan, combination.router, target, providers_of(combination)))[-1]
    return dict(made.template["spec"]), dict(made.reference)


def test_check_kinds_are_all_here() -> None:
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(Check)}
    assert kinds == {str(check["kind"]) for check in CHECKS.values()} | {"query"}
    quantiles = set(get_args(Latency.model_fields["quantile"].annotation))
    assert quantiles == {check["quantile"] for check in CHECKS.values() if "quantile" in check}


@pytest.mark.parametrize(("combination", "name"), ASKED, ids=str)
def test_what_a_provider_offers_can_be_asked(combination: Combination, name: str) -> None:
    assert refusals(combination, asked_by(combination)[name]) == []


@pytest.mark.parametrize(("combination", "name"), ON_ROLLOUTS, ids=str)
@pytest.mark.trap(12)
def test_a_metric_has_one_provider_and_both_conditions_or_a_verdict(combination: Combination, name: str) -> None:
    metric = metric_of(combination, name)
    assert len(metric["provider"]) == 1
    conditions = {"successCondition", "failureCondition"} & set(metric)
    verdict = combination.metrics.kind in VERDICTS
    assert conditions == (set() if verdict else {"successCondition", "failureCondition"})
    assert set(metric["provider"]) <= set(VERDICTS.values()) if verdict else True


def limits_of(combination: Combination, name: str) -> tuple[float, float]:
    """The numbers between which an answer passes, in the answer's unit."""
    plan = plan_of(asked_by(combination)[name])
    check = plan.checks[0]
    if name.endswith("-compared"):
        return -math.inf, 0.0
    match check:
        case ErrorRate():
            return -math.inf, float(check.max.fraction)
        case Latency():
            unit = 1000 if "_seconds" in str(metric_of(combination, name)["provider"]) else 1
            return -math.inf, check.max.milliseconds / unit
        case Query():
            return (
                -math.inf if check.min is None else float(check.min),
                math.inf if check.max is None else float(check.max),
            )
        case _:
            return -math.inf, float(getattr(check.max, "value", check.max))


def numbers(low: float, high: float) -> dict[str, tuple[float, bool]]:
    """Numbers on both sides of every limit, and whether they pass."""
    found = {"infinity": (math.inf, False), "NaN": (NAN, False)}
    if high < math.inf:
        found |= {"at most": (high, True), "above": (math.nextafter(high, math.inf), False), "far": (high + 1e9, False)}
    if low > -math.inf:
        found |= {"at least": (low, True), "below": (math.nextafter(low, -math.inf), False), "under": (-1e9, False)}
    return found


@pytest.mark.parametrize(("combination", "name"), JUDGED, ids=str)
@pytest.mark.trap(11)
def test_an_answer_passes_or_fails_and_never_neither(combination: Combination, name: str) -> None:
    metric, shape = metric_of(combination, name), ANSWERS[combination.metrics.kind]
    for said, (number, passes) in numbers(*limits_of(combination, name)).items():
        answer = shape.of(number)
        assert holds(metric["successCondition"], answer) is passes, f"{said}: {metric['successCondition']}"
        assert holds(metric["failureCondition"], answer) is not passes, f"{said}: {metric['failureCondition']}"


@pytest.mark.parametrize(("combination", "name"), JUDGED, ids=str)
def test_no_data_fails_and_is_never_undecided(combination: Combination, name: str) -> None:
    metric, shape = metric_of(combination, name), ANSWERS[combination.metrics.kind]
    for nothing in shape.nothing:
        assert holds(metric["successCondition"], nothing) is False, nothing
        assert holds(metric["failureCondition"], nothing) is True, nothing


@pytest.mark.parametrize(("combination", "name"), JUDGED, ids=str)
def test_held_without_data_is_neither_good_nor_bad(combination: Combination, name: str) -> None:
    shape = ANSWERS[combination.metrics.kind]
    if not combination.metrics.holds:
        assert any("ends the release" in one for one in refusals(combination, {**asked_by(combination)[name], **HOLD}))
        return
    metric = metric_of(combination, name, **HOLD)
    assert metric["inconclusiveLimit"] == metric["failureLimit"]
    for nothing in (*shape.nothing, shape.of(NAN)):
        assert [holds(metric[one], nothing) for one in ("successCondition", "failureCondition")] == [False, False]
    for _, (number, passes) in numbers(*limits_of(combination, name)).items():
        if math.isfinite(number):
            assert holds(metric["successCondition"], shape.of(number)) is passes
            assert holds(metric["failureCondition"], shape.of(number)) is not passes


HOLD = {"on_no_data": "hold"}
KNATIVES = ("{{ route }}", "shop-00002")
"""What Flagger fills in of a Knative Service, and one with it."""


@pytest.mark.parametrize(("combination", "name"), ON_FLAGGER, ids=str)
def test_flagger_is_given_a_limit_it_can_keep_and_a_template_it_knows(combination: Combination, name: str) -> None:
    template, reference = template_of(combination, name)
    low, high = reference["thresholdRange"].get("min"), reference["thresholdRange"].get("max")
    assert (low, high) != (None, None)
    left = template["query"].replace(*KNATIVES) if combination.router.kind == "knative" else template["query"]
    assert "{{" not in left, "Flagger would read it as a template of its own"
    assert template["provider"]["type"]
    assert Duration.parse(reference["interval"]).milliseconds > 0


@pytest.mark.parametrize(("combination", "name"), ON_FLAGGER, ids=str)
def test_flagger_never_looks_further_back_than_one_step(combination: Combination, name: str) -> None:
    """Some of its providers look back ten of a metric's intervals: an old answer would stand for a silent canary."""
    _, reference = template_of(combination, name)
    step = look_of(plan_of(asked_by(combination)[name])).window
    times = LOOKS_BACK.get(combination.metrics.kind, 1)
    assert Duration.parse(reference["interval"]).milliseconds * times <= step.milliseconds


LOOKS_BACK = {"datadog": 10, "cloudwatch": 10, "dynatrace": 10, "splunk": 10}
"""By how much Flagger multiplies a metric's interval. Source: flagger v1.36, pkg/metrics/providers."""


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_a_hold_is_refused_where_an_engine_knows_no_third_answer(combination: Combination) -> None:
    found = refusals(combination, {**example_query(combination.metrics), **HOLD})
    assert ("knows no answer but good and bad" in " ".join(found)) is (combination.engine.kind == "flagger")


def _named(combination: Combination, name: str) -> list[Selector]:
    query = str(metric_of(combination, name)["provider"]["prometheus"]["query"])
    for argument, value in ARGUMENTS.items():
        query = query.replace(argument, value)
    assert "{{" not in query
    return selectors(query)


PROMQL = [(one, name) for one, name in ON_ROLLOUTS if one.metrics.kind == "prometheus"]


@pytest.mark.parametrize(("combination", "name"), PROMQL, ids=str)
def test_every_selector_is_narrowed_to_one_version(combination: Combination, name: str) -> None:
    found = _named(combination, name)
    assert found
    for selector in found:
        telling = [
            value for _, _, value in selector.matchers if REVISION in value or "shop-" in value.replace("_", "-")
        ]
        assert telling, f"{selector.metric} counts every version"
    if not name.endswith("-compared"):
        assert not any(operator == "!=" and value for one in found for _, operator, value in one.matchers)


@pytest.mark.parametrize(("combination", "name"), PROMQL, ids=str)
def test_a_version_is_named_exactly_and_never_by_a_pattern(combination: Combination, name: str) -> None:
    """`version=~"1.4.*"` would let 1.4.1 answer for 1.4.0."""
    for selector in _named(combination, name):
        loose = [(label, op) for label, op, value in selector.matchers if REVISION in value and op not in ("=", "!=")]
        assert not loose


BUILT_IN = [(one, name) for one, name in PROMQL if not name.startswith("query")]


@pytest.mark.parametrize(("combination", "name"), BUILT_IN, ids=str)
@pytest.mark.trap(15)
def test_a_query_looks_back_one_interval_and_asks_for_the_minimum(combination: Combination, name: str) -> None:
    query = str(metric_of(combination, name)["provider"]["prometheus"]["query"])
    plan = plan_of(asked_by(combination)[name])
    assert set(re.findall(r"\[([0-9][^\]]*[smh])\]", query)) == {str(plan.analysis.interval)}
    assert query.endswith(f">= {plan.analysis.minimum_requests})")
    guards = query.count("sum(increase(")
    assert guards == (2 if name.endswith("-compared") else 1), "stable needs enough requests to be compared with, too"


@pytest.mark.parametrize(("combination", "name"), BUILT_IN, ids=str)
def test_a_latency_is_the_quantile_that_was_asked_for(combination: Combination, name: str) -> None:
    check = plan_of(asked_by(combination)[name]).checks[0]
    query = str(metric_of(combination, name)["provider"]["prometheus"]["query"])
    if isinstance(check, Latency):
        assert f"histogram_quantile({check.fraction}, sum by (le) (rate(" in query
    else:
        assert "histogram_quantile" not in query


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_too_short_an_interval_for_the_provider_is_refused_and_a_long_one_is_not(combination: Combination) -> None:
    found = {}
    for interval in ("10s", "1h"):
        plan = plan_of(example_query(combination.metrics), interval=interval)
        found[interval] = list(combination.metrics.problems(plan))
    assert found["1h"] == []
    assert all(path[:2] == ("delivery", "analysis") for path, _ in found["10s"])


def test_every_provider_that_gives_numbers_is_tried_with_answers_of_its_own() -> None:
    kinds = {one.metrics.kind for one, _ in ON_ROLLOUTS}
    assert kinds == set(ANSWERS) | set(VERDICTS)
    assert {name for _, name in BUILT_IN if not name.endswith("-compared")} == set(CHECKS)
