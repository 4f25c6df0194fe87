"""What is recorded of both versions, with every engine and router: told apart wherever the checks can compare them."""

import re
from decimal import Decimal

import pytest

from components.contracts import RequestSeries
from components.request_queries import error_percent, latency_milliseconds, request_rate
from components.spec.promql import selectors
from components.spec.values import Duration

from .test_metrics import is_measured, plan_of
from .variants import CHECKS, Combination, supported

CHECK = CHECKS["error_rate"]
COMBINATIONS = [one for one in supported() if one.metrics.kind == "prometheus" and is_measured(one, CHECK)]
WINDOW = Duration.of_seconds(60)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_the_queries_name_no_version(combination: Combination) -> None:
    """A rule that did would have to change with every release, and would be late."""
    plan = plan_of(CHECK)
    versions = combination.engine.versions(plan, combination.router)
    asked = [request_rate(versions, WINDOW), error_percent(versions, WINDOW)]
    asked.append(latency_milliseconds(versions, Decimal("0.99"), WINDOW))
    for text in asked:
        assert selectors(text)
        assert "{{" not in text
        assert plan.revision not in text


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_versions_are_told_apart_where_the_checks_can_compare_them(combination: Combination) -> None:
    plan = plan_of(CHECK)
    versions = combination.engine.versions(plan, combination.router)
    stable = combination.engine.stable_requests(plan, combination.router)
    # Knative's revisions have names of their own, which Flagger fills in: of the new one alone when it asks.
    filled = combination.router.kind == "knative"
    assert bool(versions.label) == (stable is not None or filled)
    if stable is not None:
        assert re.fullmatch(versions.pattern, value_of(stable, versions.label)) or stable_is_all_others(stable)
        assert versions.series.requests == stable.requests


def value_of(series: RequestSeries, label: str) -> str:
    [value] = [match.value for match in series.only if match.label == label]
    return value


def stable_is_all_others(stable: RequestSeries) -> bool:
    """Argo Rollouts does not know the stable revision beforehand: it is every one but the new."""
    return any(match.operator == "!=" for match in stable.only)
