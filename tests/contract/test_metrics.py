"""Every check, by every provider, on every router: measured on the canary alone, and silence never passes."""

import math
from collections.abc import Sequence
from typing import Any, get_args

import pytest

from components.contracts import Measured
from components.contracts_of.argo_rollouts import RolloutsMetrics
from components.plan import Plan, build_plan
from components.spec.app import AppSpec
from components.spec.delivery import Check, ErrorRate, Latency
from tests.specs import example_app

from .conditions import holds
from .promql import selectors
from .variants import CHECKS, Combination, supported

REVISION = "1.4.0-0123456789"
ARGUMENT = "{{args.revision}}"
NAN = math.nan
MEASURED = Measured(revision=ARGUMENT)


def plan_of(name: str) -> Plan:
    app = example_app()
    app["delivery"]["analysis"]["checks"] = [dict(CHECKS[name])]
    return build_plan(AppSpec.model_validate(app))


def is_measured(combination: Combination, name: str) -> bool:
    """Whether a router tells the versions apart while weights are shifted."""
    return not [path for path, _ in combination.router.problems(plan_of(name)) if path[:2] == ("delivery", "analysis")]


BOTH = [
    (one, name)
    for one in supported()
    if one.engine.kind == "argo-rollouts"
    for name in CHECKS
    if is_measured(one, name)
]


def metric_of(combination: Combination, name: str) -> dict[str, Any]:
    plan = plan_of(name)
    series = combination.router.request_series(plan, MEASURED)
    return RolloutsMetrics.of(combination.metrics).rollouts_metric(plan.checks[0], plan, series)


def limit_of(combination: Combination, name: str) -> float:
    plan = plan_of(name)
    check = plan.checks[0]
    if isinstance(check, ErrorRate):
        return float(check.max.fraction)
    return check.max.milliseconds / combination.router.request_series(plan, MEASURED).duration_unit_ms


def test_check_kinds_are_all_here() -> None:
    kinds = {model.model_fields["kind"].annotation for model in get_args(get_args(Check)[0])}
    assert {get_args(kind)[0] for kind in kinds} == {str(check["kind"]) for check in CHECKS.values()}
    quantiles = set(get_args(Latency.model_fields["quantile"].annotation))
    assert quantiles == {check["quantile"] for check in CHECKS.values() if "quantile" in check}


@pytest.mark.parametrize(("combination", "name"), BOTH, ids=str)
@pytest.mark.trap(12)
def test_a_metric_has_one_provider_and_both_conditions(combination: Combination, name: str) -> None:
    metric = metric_of(combination, name)
    assert set(metric) == {"provider", "successCondition", "failureCondition"}
    assert len(metric["provider"]) == 1


def answers(limit: float) -> dict[str, tuple[Sequence[float], bool]]:
    """Answers of a query, and whether the check passes."""
    return {
        "nothing": ([], False),
        "NaN": ([NAN], False),
        "infinity": ([math.inf], False),
        "zero": ([0.0], True),
        "just the limit": ([limit], True),
        "just above": ([math.nextafter(limit, math.inf)], False),
        "far above": ([limit * 100], False),
        "two good values": ([0.0, 0.0], False),
        "a good value and NaN": ([0.0, NAN], False),
        "two bad values": ([limit * 2, limit * 2], False),
    }


@pytest.mark.parametrize("answer", answers(1.0))
@pytest.mark.parametrize(("combination", "name"), BOTH, ids=str)
@pytest.mark.trap(11)
def test_an_answer_passes_or_fails_and_never_neither(combination: Combination, name: str, answer: str) -> None:
    result, passes = answers(limit_of(combination, name))[answer]
    metric = metric_of(combination, name)
    assert holds(metric["successCondition"], result) is passes
    assert holds(metric["failureCondition"], result) is not passes


def promql_of(combination: Combination, name: str) -> str:
    """The query as the engine sends it, with its arguments filled in."""
    provider = metric_of(combination, name)["provider"]
    return str(provider["prometheus"]["query"]).replace(ARGUMENT, REVISION)


PROMQL = [(one, name) for one, name in BOTH if "prometheus" in metric_of(one, name)["provider"]]


@pytest.mark.parametrize(("combination", "name"), PROMQL, ids=str)
def test_a_query_is_valid_and_has_no_argument_left(combination: Combination, name: str) -> None:
    query = promql_of(combination, name)
    assert "{{" not in query
    assert selectors(query)


@pytest.mark.parametrize(("combination", "name"), PROMQL, ids=str)
def test_every_selector_is_narrowed_to_the_canary(combination: Combination, name: str) -> None:
    series = combination.router.request_series(plan_of(name), Measured(revision=REVISION))
    only = {(match.label, match.operator, match.value) for match in series.only}
    exact = [value for _, operator, value in only if operator == "="]
    # Where a router counts by Service, that of the canary leads to the new version alone.
    assert REVISION in exact or any("shop-canary" in value.replace("_", "-") for value in exact), "no version is named"
    for metric, matchers in selectors(promql_of(combination, name)):
        assert only <= matchers, f"{metric} also counts other versions: {sorted(only - matchers)} is missing"


@pytest.mark.parametrize(("combination", "name"), PROMQL, ids=str)
def test_a_version_is_named_exactly_and_never_by_a_pattern(combination: Combination, name: str) -> None:
    """`version=~"1.4.*"` would let 1.4.1 answer for 1.4.0."""
    for _, matchers in selectors(promql_of(combination, name)):
        loose = [(label, operator) for label, operator, value in matchers if REVISION in value and operator != "="]
        assert not loose


@pytest.mark.parametrize(("combination", "name"), PROMQL, ids=str)
@pytest.mark.trap(15)
def test_a_query_looks_back_one_interval_and_asks_for_the_minimum(combination: Combination, name: str) -> None:
    query, plan = promql_of(combination, name), plan_of(name)
    assert query.count(f"[{plan.analysis.interval}]") == len(selectors(query)), "a window of another length"
    requests = combination.router.request_series(plan, Measured(revision=REVISION)).requests
    assert f"sum(increase({requests}{{" in query
    assert query.endswith(f">= {plan.analysis.minimum_requests})")


@pytest.mark.parametrize(("combination", "name"), PROMQL, ids=str)
def test_a_latency_is_the_quantile_that_was_asked_for(combination: Combination, name: str) -> None:
    check = plan_of(name).checks[0]
    query = promql_of(combination, name)
    if isinstance(check, Latency):
        assert f"histogram_quantile({check.fraction}, sum by (le) (rate(" in query
    else:
        assert "histogram_quantile" not in query


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_too_short_an_interval_for_the_provider_is_refused_and_a_long_one_is_not(combination: Combination) -> None:
    app = example_app()
    found = {}
    for interval in ("10s", "1h"):
        app["delivery"]["analysis"]["interval"] = interval
        app["delivery"]["steps"] = [{"weight": 10, "hold": "2h"}]
        found[interval] = list(combination.metrics.problems(build_plan(AppSpec.model_validate(app))))
    assert found["1h"] == []
    assert all(path[:2] == ("delivery", "analysis") for path, _ in found["10s"])


def test_the_contract_is_run_for_each_check_at_least_once() -> None:
    assert {name for _, name in PROMQL} == set(CHECKS)
    for combination in {str(one) for one, _ in BOTH}:
        assert {name for one, name in BOTH if str(one) == combination} == set(CHECKS), f"{combination} measures some"
