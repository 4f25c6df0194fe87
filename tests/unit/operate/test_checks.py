"""What checks found, in words: the failing value, its limit, how often and at which weight."""

import copy
from pathlib import Path

import pytest

from components.access.client import Object
from components.operate.contract import Verdict, why
from components.operate.engines.argo_rollouts.checks import of_last_try, read_runs, until_step, verdicts

from .fake_api import RUNS, api_of, serving
from .objects import CANARY, STABLE, measured, result, run, run_at_switch

WEIGHTS = (5, 5, 10, 10, 10, 50, 50)
GOOD = measured("Successful", "[0.002]")
BAD = measured("Failed", "[0.0493]")
REFUSED = measured("Error", message='Post "http://prometheus:9090":\n connection refused')


def only(phase: str, *results: Object, step: int = 3) -> Verdict:
    """The one verdict of a run at weight 10."""
    [verdict] = verdicts([run(step, phase, *results)], WEIGHTS)
    return verdict


def test_a_failed_check_says_value_limit_count_and_weight() -> None:
    verdict = only("Failed", result("error-rate", "Failed", BAD, BAD, BAD))
    assert verdict.reason == "error rate 4.9% > 1% in 3 of 3 checks at weight 10"
    assert verdict.decisive


def test_a_slow_version_is_said_in_milliseconds() -> None:
    slow = result("latency-p99", "Failed", measured("Successful", "[120]"), measured("Failed", "[812.4]"))
    assert only("Failed", slow).reason == "p99 latency 812ms > 300ms in 1 of 2 checks at weight 10"


def test_a_histogram_in_seconds_is_said_in_milliseconds_too() -> None:
    made = run(3, "Failed", result("latency-p99", "Failed", measured("Failed", "[0.8124]")))
    made["spec"]["metrics"][1] = {
        "name": "latency-p99",
        "successCondition": "result[0] <= 0.3",
        "provider": {
            "prometheus": {"query": "histogram_quantile(0.99, rate(http_request_duration_seconds_bucket[1m]))"}
        },
    }
    assert verdicts([made], WEIGHTS)[0].reason == "p99 latency 812ms > 300ms in 1 of 1 checks at weight 10"


@pytest.mark.parametrize("value", ["[]", "[NaN]", "", "[0.1,0.2]"])
def test_silence_is_said_to_be_no_data(value: str) -> None:
    verdict = only("Failed", result("error-rate", "Failed", measured("Failed", value)))
    assert verdict.reason == "no data for error rate in 1 of 1 checks at weight 10"
    assert (verdict.value, verdict.no_data) == ("no data", True)


def test_a_metric_that_cannot_be_asked_says_why_in_one_line() -> None:
    verdict = only("Error", result("error-rate", "Error", *[REFUSED] * 5))
    expected = 'in 5 of 5 checks at weight 10 (Post "http://prometheus:9090": connection refused)'
    assert verdict.reason == f"error rate could not be measured {expected}"


def test_the_last_failing_value_counts_not_a_later_good_one() -> None:
    verdict = only("Failed", result("error-rate", "Failed", BAD, GOOD))
    assert (verdict.value, verdict.passed, verdict.failed) == ("4.9%", 1, 1)


def test_tolerated_failures_are_shown_but_decide_nothing() -> None:
    verdict = only("Successful", result("error-rate", "Successful", BAD, GOOD, GOOD))
    assert (verdict.failed, verdict.decisive) == (1, False)
    assert why([verdict]) == ""


def test_a_check_without_a_measurement_yet_has_no_value() -> None:
    verdict = only("Running", result("error-rate", "Running"))
    assert (verdict.value, verdict.passed, verdict.failed, verdict.no_data) == ("", 0, 0, False)


def test_a_measurement_that_goes_on_is_neither_good_nor_bad() -> None:
    verdict = only("Running", result("error-rate", "Running", measured("Running")))
    assert (verdict.passed, verdict.failed, verdict.no_data) == (0, 0, False)


def test_a_foreign_metric_is_said_by_its_name() -> None:
    made = run(3, "Failed", result("queue", "Failed", measured("Failed", "[17]")))
    made["spec"]["metrics"] = [{"name": "queue", "failureCondition": "result[0] > 5"}]
    assert verdicts([made], WEIGHTS)[0].reason == "queue 17 did not pass in 1 of 1 checks at weight 10"


@pytest.mark.parametrize(
    ("metric", "measurement", "value", "reason"),
    [
        (
            {"name": "load-test", "provider": {"job": {}}},
            measured("Failed"),
            "Job",
            "load-test Job did not pass in 1 of 1 checks at weight 10",
        ),
        (
            {"name": "gate-incident", "successCondition": "true", "provider": {"web": {}}},
            measured("Error", message="received non 2xx response code: 503"),
            "answer",
            "gate incident did not agree in 1 of 1 checks at weight 10 (received non 2xx response code: 503)",
        ),
    ],
)
def test_a_job_and_a_gate_have_no_number_and_no_missing_one(
    metric: Object, measurement: Object, value: str, reason: str
) -> None:
    made = run(3, "Failed", result(metric["name"], "Failed", measurement))
    made["spec"]["metrics"] = [metric]
    [verdict] = verdicts([made], WEIGHTS)
    assert (verdict.value, verdict.no_data, verdict.reason) == (value, False, reason)


def test_every_check_that_decided_is_named_in_the_order_of_the_spec() -> None:
    slow = result("latency-p99", "Failed", measured("Failed", "[800]"))
    found = verdicts([run(1, "Failed", slow, result("error-rate", "Failed", BAD))], WEIGHTS)
    expected = (
        "error rate 4.9% > 1% in 1 of 1 checks at weight 5; p99 latency 800ms > 300ms in 1 of 1 checks at weight 5"
    )
    assert why(found) == expected


def test_an_earlier_try_is_not_blamed() -> None:
    first = [run(1, "Successful", created=1), run(3, "Failed", created=20)]
    again = [run(1, "Successful", created=40), run(3, "Running", created=50)]
    assert of_last_try([*first, *again]) == again
    assert of_last_try([run(1, "Failed", created=1), run(3, "Running", created=20)])[0]["status"]["phase"] == "Running"
    assert of_last_try([]) == []


def test_runs_of_steps_not_reached_are_left_from_an_earlier_try() -> None:
    assert until_step([run(1, "Successful"), run(3, "Failed")], 1) == [run(1, "Successful")]


def test_a_step_that_the_spec_has_no_more_does_not_fail() -> None:
    assert only("Failed", result("error-rate", "Failed", BAD), step=9).weight == 100


def test_the_check_after_a_switch_of_all_traffic_says_why(tmp_path: Path) -> None:
    """It belongs to no step, and is looked for beside those of steps."""
    bad = run_at_switch("PostPromotion", "Failed", result("error-rate", "Failed", BAD))
    with serving(tmp_path) as fake:
        fake.lists[RUNS] = [bad]
        found = read_runs(api_of(fake), "shop", "shop", CANARY)
    assert found == [bad]
    assert why(verdicts(found, ())) == "error rate 4.9% > 1% in 1 of 1 checks at weight 100"


def test_a_check_between_the_steps_says_at_which_weight_it_ended_the_release() -> None:
    background = run_at_switch("Background", "Failed", result("error-rate", "Failed", BAD))
    steps = [run(1, "Successful", created=1), run(3, "Successful", created=9)]
    found = of_last_try([background, *steps])
    assert found == [background, *steps], "its failure comes after the steps that passed, although it began before"
    assert why(verdicts(found, (5, 5, 25, 25))) == "error rate 4.9% > 1% in 1 of 1 checks at weight 25"


def test_a_retry_forgets_what_failed_between_the_steps() -> None:
    failed_before = run_at_switch("Background", "Failed", result("error-rate", "Failed", BAD))
    again = run_at_switch("Background", "Running")
    first = run(1, "Running", created=30)
    assert of_last_try([failed_before, run(1, "Successful", created=1), again, first]) == [again, first]


def test_the_runs_of_an_experiment_are_found_by_its_name(tmp_path: Path) -> None:
    bad = run(0, "Failed", result("error-rate", "Failed", BAD))
    bad["metadata"]["labels"] = {"app.kubernetes.io/name": "shop", "step-index": "0"}
    mine, other = (copy.deepcopy(bad) for _ in range(2))
    mine["metadata"]["ownerReferences"] = [{"kind": "Experiment", "name": f"shop-{CANARY}-2-0"}]
    other["metadata"]["ownerReferences"] = [{"kind": "Experiment", "name": f"shop-{STABLE}-1-0"}]
    with serving(tmp_path) as fake:
        fake.lists[RUNS] = [mine, other]
        found = read_runs(api_of(fake), "shop", "shop", CANARY)
    assert found == [mine], "an experiment of another version decides nothing about this one"
    assert why(verdicts(found, (20,))) == "error rate 4.9% > 1% in 1 of 1 checks at weight 20"


def test_a_comparison_is_said_in_the_checks_own_unit() -> None:
    worse = run(0, "Failed", result("error-rate-vs-stable", "Failed", BAD))
    worse["spec"]["metrics"] = [
        {"name": "error-rate-vs-stable", "successCondition": "len(result) == 1 && result[0] <= 0.005"}
    ]
    said = why(verdicts([worse], (20,)))
    assert said == "error rate compared with stable's 4.9% > 0.5% in 1 of 1 checks at weight 20"
