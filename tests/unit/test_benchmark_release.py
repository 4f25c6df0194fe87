"""The release benchmark holds what was measured against what the app's own spec allows."""

from typing import Any

from benchmarks.release import allowed, compared, missed, section

MACHINE = {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7", "load": 0.1}


def played(version: int, what: str, outcome: str, seconds: float, expected: str = "") -> dict[str, Any]:
    """One release as `coalmine demo --json` tells it."""
    key = "seconds_to_promote" if outcome == "promoted" else "seconds_to_abort"
    both = {"seconds_to_promote": None, "seconds_to_abort": None}
    told = {"version": f"{version}.0.0", "what": what, "outcome": outcome, "expected": expected or outcome}
    return {**told, "reason": "", **both, key: seconds}


def demo(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    releases = {
        "first": played(1, "the first one", "deployed", 0),
        "good": played(2, "good", "promoted", 46.1),
        "errors": played(3, "5 % errors", "aborted", 16.0),
        "slow": played(4, "slow", "aborted", 16.2),
        "silent": played(5, "no traffic", "aborted", 15.3),
    }
    return list((releases | changes).values())


def facts(releases: list[dict[str, Any]]) -> dict[str, Any]:
    return {"machine": MACHINE, "requests_per_second": 500, "releases": compared(releases, allowed())}


def test_every_release_but_the_first_has_a_bound_that_follows_from_its_spec() -> None:
    bounds = allowed()
    assert list(bounds) == ["2.0.0", "3.0.0", "4.0.0", "5.0.0"]
    # Three holds of 15 s; one check of 15 s, a scrape of 2 s, and 50 requests at 5 % of 500/s; no requests at all.
    assert [round(seconds, 1) for seconds in bounds.values()] == [1.2 * 45, 1.2 * 19, 1.2 * 19, 1.2 * 17]


def test_what_ends_in_time_as_it_should_is_shown_beside_its_bound() -> None:
    assert missed(facts(demo())) == []
    assert "| 2.0.0 | good | promoted |  | 46.1 | 54.0 |" in section(facts(demo()))
    assert "| 5.0.0 | no traffic | aborted |  | 15.3 | 20.4 |" in section(facts(demo()))


def test_a_late_end_and_a_wrong_one_are_named() -> None:
    late = played(3, "5 % errors", "aborted", 22.9)
    wrong = played(4, "slow", "promoted", 46.0, expected="aborted")
    found = facts(demo(errors=late, slow=wrong))
    assert missed(found) == [
        "version 3.0.0 (5 % errors) was aborted in 22.9 s, promised: at most 22.8 s",
        "version 4.0.0 (slow) was promoted, promised: aborted",
    ]
    assert "- Missed: version 4.0.0 (slow) was promoted" in section(found)
