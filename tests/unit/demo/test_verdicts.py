"""What the checks found, read from AnalysisRuns."""

from typing import Any

import pytest

from components.spec.delivery import Analysis
from localcluster.demo.verdicts import Verdict, verdicts, why

ANALYSIS = Analysis.model_validate(
    {
        "interval": "15s",
        "checks": [
            {"kind": "error_rate", "max": "1%"},
            {"kind": "latency", "quantile": "p99", "max": "500ms"},
        ],
    }
)
WEIGHTS = (5, 5, 25, 25)


def run(step: int, *results: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": {"step-index": str(step)}}, "status": {"metricResults": list(results)}}


def result(name: str, *measured: tuple[str, str]) -> dict[str, Any]:
    """As Argo Rollouts v1.9 writes it: counts of zero are left out."""
    counts = {"successful": 0, "failed": 0, "error": 0}
    for phase, _ in measured:
        counts[{"Successful": "successful", "Failed": "failed", "Error": "error"}[phase]] += 1
    measurements = [{"phase": phase, "value": value} if value else {"phase": phase} for phase, value in measured]
    return {"name": name, "measurements": measurements, **{key: number for key, number in counts.items() if number}}


def only(found: list[Verdict]) -> Verdict:
    assert len(found) == 1
    return found[0]


def test_a_failed_error_rate_is_said_in_percent() -> None:
    found = only(verdicts([run(1, result("error-rate", ("Failed", "[0.0487]")))], WEIGHTS, ANALYSIS))
    assert found.reason == "error rate 4.9% > 1% in 1 of 1 checks at weight 5"


def test_a_failed_latency_is_said_in_milliseconds() -> None:
    measured = (("Successful", "[120.5]"), ("Failed", "[994.6]"))
    found = only(verdicts([run(3, result("latency-p99", *measured))], WEIGHTS, ANALYSIS))
    assert found.reason == "p99 latency 995ms > 500ms in 1 of 2 checks at weight 25"


@pytest.mark.parametrize("value", ["[]", "[NaN]", "[1,2]", ""])
def test_a_failure_without_one_number_is_no_data(value: str) -> None:
    found = only(verdicts([run(1, result("error-rate", ("Failed", value)))], WEIGHTS, ANALYSIS))
    assert found.no_data
    assert found.reason == "no data for error rate in 1 of 1 checks at weight 5"


def test_a_query_that_was_not_answered_counts_as_failed() -> None:
    found = only(verdicts([run(1, result("error-rate", ("Error", "")))], WEIGHTS, ANALYSIS))
    assert (found.passed, found.failed, found.no_data) == (0, 1, True)


def test_a_check_that_passed_shows_its_last_value() -> None:
    passed = (("Successful", "[0.002]"), ("Successful", "[0.004]"))
    found = only(verdicts([run(1, result("error-rate", *passed))], WEIGHTS, ANALYSIS))
    assert (found.passed, found.failed, found.value, found.limit) == (2, 0, "0.4%", "1%")


def test_a_run_that_has_not_measured_yet_says_nothing() -> None:
    assert verdicts([{"metadata": {"labels": {"step-index": "1"}}}], WEIGHTS, ANALYSIS) == []


def test_why_names_only_what_failed_more_often_than_tolerated() -> None:
    errors = Verdict("error-rate", 5, passed=1, failed=1, value="4.0%", limit="1%", no_data=False)
    slow = Verdict("latency-p99", 5, passed=0, failed=2, value="900ms", limit="500ms", no_data=False)
    assert why([errors, slow], tolerated=1) == "p99 latency 900ms > 500ms in 2 of 2 checks at weight 5"
    assert why([errors, slow], tolerated=2) == ""
