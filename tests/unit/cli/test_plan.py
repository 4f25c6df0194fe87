"""`coalmine plan`: the release in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.cli.plan import remarks
from tests.coalmine import coalmine
from tests.specs import EXAMPLES, changed, compiled_app, example_app


def test_the_table_says_what_happens_and_what_decides() -> None:
    done = coalmine("plan", "--stack", "example", "--root", EXAMPLES / "full-workload")
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        "checkout 2.8.1",
        "5 times, every 1m",
        "2 checks fail",
        "error rate at most 0.5%; p50 latency at most 80ms; p99 latency at most 400ms",
        "Fewer than 200 requests in an interval, or no data, is a failed check.",
        "Without progress for 15m the release is aborted.",
    ):
        assert words in done.stdout
    rows = [line.split("│")[1:3] for line in done.stdout.splitlines() if line.startswith("│")]
    assert [(step.strip(), share.strip()) for step, share in rows] == [
        ("1", "5%"),
        ("2", "20%"),
        ("3", "50%"),
        ("4", "100%"),
    ]


def test_json_holds_every_app_or_the_one_that_is_named() -> None:
    root = EXAMPLES / "many-apps"
    every = json.loads(coalmine("plan", "--stack", "example", "--root", root, "--json").stdout)
    assert [plan["app"] for plan in every] == ["reports", "thumbnails", "transcode"]
    [one] = json.loads(coalmine("plan", "--stack", "example", "--root", root, "--json", "thumbnails").stdout)
    assert one == every[1]
    assert (one["version"], one["revision"][:6]) == ("1.1.0", "1.1.0-")
    assert one["stages"][0] == {
        "weight": 10,
        "audience": None,
        "mirror": None,
        "experiment": None,
        "approval": False,
        "hold": "1m",
        "checks": 2,
        "every": "30s",
        "tolerated_failures": 0,
    }


ERRORS = {"kind": "error_rate", "max": "1%"}
LATENCY = {"kind": "latency", "quantile": "p99", "max": "300ms"}
DEPTH = {"kind": "query", "name": "depth", "max": 9, "query": 'depth{version="{{revision}}"}'}
HELD = {"on_no_data": "hold"}
STANDS = "the release stands still until people promote or abort it"


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([ERRORS, LATENCY], ["Fewer than 50 requests in an interval, or no data, is a failed check."]),
        (
            [ERRORS, DEPTH],
            [
                "Fewer than 50 requests in an interval, or no data, is a failed check.",
                "No data is a failed check for depth, however many requests there were.",
            ],
        ),
        (
            [ERRORS, {**LATENCY, **HELD}],
            [
                "Fewer than 50 requests in an interval, or no data, is a failed check for error-rate.",
                "Fewer than 50 requests in an interval, or no data, is neither good nor bad for latency-p99; "
                f"after more than 1 of them in a step {STANDS}.",
            ],
        ),
        (
            [{**ERRORS, **HELD}, {**DEPTH, **HELD}],
            [
                "Fewer than 50 requests in an interval, or no data, is neither good nor bad; "
                f"after more than 1 of them in a step {STANDS}.",
                "No data is neither good nor bad for depth, however many requests there were; "
                f"after more than 1 of them in a step {STANDS}.",
            ],
        ),
    ],
)
def test_what_no_answer_means_is_said_of_every_check(
    checks: list[dict[str, Any]], said: list[str], tmp_path: Path
) -> None:
    analysis = {"interval": "1m", "tolerated_failures": 1, "checks": checks}
    made = compiled_app(tmp_path, changed(example_app(), "delivery", "analysis", to=analysis))
    assert [line for line in remarks(made) if "no data" in line.lower()] == said


def test_where_nothing_is_tolerated_the_first_check_without_data_holds(tmp_path: Path) -> None:
    analysis = {"interval": "1m", "checks": [{**ERRORS, **HELD}]}
    made = compiled_app(tmp_path, changed(example_app(), "delivery", "analysis", to=analysis))
    assert f"Fewer than 50 requests in an interval, or no data, is neither good nor bad; {STANDS}." in remarks(made)
