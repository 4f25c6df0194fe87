"""What differs from what was expected, and how results are shown."""

import io
import json
from collections.abc import Callable

import pytest
from rich.console import Console

from components.operate.contract import Verdict
from localcluster.demo.display import Display, table
from localcluster.demo.results import StepResult, VersionResult, as_data
from localcluster.demo.shares import Share
from localcluster.demo.versions import ABORTED, PROMOTED, VERSIONS

GOOD, ERRORS, QUIET = VERSIONS[1], VERSIONS[2], VERSIONS[4]
FAILED = Verdict("error-rate", 5, passed=0, failed=1, value="5.3%", limit="1%", no_data=False)
PASSED = Verdict("error-rate", 5, passed=1, failed=0, value="0.1%", limit="1%", no_data=False)


def promoted() -> VersionResult:
    steps = [StepResult(Share(5, 6_000, 300), 15.0, (PASSED,)), StepResult(Share(25, 6_000, 1_500), 15.0, (PASSED,))]
    return VersionResult(GOOD, "", PROMOTED, steps=steps, after=Share(0, 1_500, 0))


def aborted() -> VersionResult:
    steps = [StepResult(Share(5, 6_000, 310), 15.0, (FAILED,))]
    made = VersionResult(ERRORS, "", ABORTED, FAILED.reason, steps, seconds_to_abort=15.2)
    made.after = Share(0, 1_500, 0)
    return made


def test_what_was_expected_does_not_differ() -> None:
    assert promoted().difference() == ""
    assert aborted().difference() == ""


def _other_outcome(result: VersionResult) -> None:
    result.outcome, result.reason = ABORTED, FAILED.reason


def _too_few(result: VersionResult) -> None:
    result.steps[0] = StepResult(Share(5, 4_999, 250), 15.0)


def _off(result: VersionResult) -> None:
    result.steps[1] = StepResult(Share(25, 6_000, 2_000), 15.0)


def _lost(result: VersionResult) -> None:
    result.after = Share(0, 1_500, 7)


def _silent(result: VersionResult) -> None:
    result.after = Share(0, 0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_other_outcome, "version 2 was expected to be promoted, but was aborted (error rate 5.3% > 1% in 1 of 1"),
        (_too_few, "version 2 at weight 5: 4999 requests were counted, 5000 are needed"),
        (_off, "version 2 at weight 25: the canary got 33.33%, +14.9 standard errors off (4.5)"),
        (_lost, "version 2: afterwards 7 of 1500 requests were not answered well by the stable version"),
        (_silent, "version 2: afterwards no requests were answered"),
    ],
)
def test_a_difference_is_said_in_one_line(change: Callable[[VersionResult], None], said: str) -> None:
    result = promoted()
    change(result)
    assert result.difference().startswith(said)


def test_an_abort_for_another_reason_differs() -> None:
    result = aborted()
    result.reason = "no data for error rate in 1 of 1 checks at weight 5"
    assert result.difference() == f"version 3 was expected to be aborted because of error rate, but: {result.reason}"


def test_a_version_without_traffic_needs_no_requests() -> None:
    steps = [StepResult(Share(5, 0, 0), 15.0)]
    result = VersionResult(QUIET, "", ABORTED, "no data for error rate in 1 of 1 checks at weight 5", steps)
    result.after = Share(0, 1_500, 0)
    assert result.difference() == ""


def test_results_become_json_without_nan() -> None:
    quiet = VersionResult(QUIET, steps=[StepResult(Share(5, 0, 0), 15.0)])
    data = json.loads(json.dumps([as_data(promoted()), as_data(quiet)], allow_nan=False))
    assert data[0]["steps"][0] == {
        "weight": 5,
        "seconds": 15.0,
        "requests": 6000,
        "canary_requests": 300,
        "share": 0.05,
        "z": 0.0,
        "checks": [{"name": "error-rate", "passed": 1, "failed": 0, "value": "0.1%", "limit": "1%"}],
    }
    assert data[1]["steps"][0]["share"] is None


def test_the_table_has_a_row_per_step() -> None:
    out = io.StringIO()
    Console(file=out, width=160).print(table("title", [promoted(), aborted(), VersionResult(QUIET)], 3))
    text = out.getvalue()
    assert "5.0 % (300 of 6,000)" in text
    assert "25.0 % (1,500 of 6,000)" in text
    assert "error rate 5.3% > 1%" in text
    assert "aborted in 15 s, 100 % stable" in text
    assert "waiting" in text


def test_plain_lines_are_said_once_and_when_they_are_final() -> None:
    out = io.StringIO()
    result = promoted()
    first, second = result.steps
    result.outcome, result.state, result.steps = "", "weight 5 %", [first]
    with Display(Console(file=out, width=40), "title", [result], 3) as display:
        display.update()
        assert "step 1" not in out.getvalue()
        result.state, result.steps = "weight 25 %", [first, second]
        display.update()
        display.update()
    lines = out.getvalue().splitlines()
    assert lines == [
        "title",
        "2.0.0 (good): weight 5 %",
        "2.0.0 (good): weight 25 %",
        "2.0.0: step 1 of 3, weight 5 %: canary got 5.0 % (300 of 6,000), 1 passed",
    ]
