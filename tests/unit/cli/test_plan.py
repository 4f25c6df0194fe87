"""`coalmine plan`: the release in words."""

import json

from tests.coalmine import coalmine
from tests.specs import EXAMPLES


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
