"""The benchmark of the offline verbs measures whole commands, and names those that load too slowly."""

from typing import Any

from benchmarks.verbs import measure, missed, offline, section

CALM = {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7", "load": 0.1}
BUSY = {**CALM, "load": 7.5}


def facts(machine: dict[str, Any], seconds: float, cpu_seconds: float) -> dict[str, Any]:
    return {
        "machine": machine,
        "used": {"plan": [{"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": 60.0}]},
    }


def test_a_slow_verb_is_named_and_the_page_says_what_was_judged() -> None:
    assert missed(facts(CALM, 0.39, 0.5)) == []
    assert missed(facts(CALM, 0.4, 0.3)) == ["coalmine plan takes 0.40 seconds to load, promised: under 0.4"]
    assert missed(facts(BUSY, 3.0, 0.39)) == []
    assert missed(facts(BUSY, 3.0, 0.41)) == ["coalmine plan takes 0.41 CPU seconds to load, promised: under 0.4"]
    assert "| plan | 1 | 3.00 | 0.39 | 60 |" in section(facts(BUSY, 3.0, 0.39))
    assert "Judged here: CPU seconds." in section(facts(BUSY, 3.0, 0.39))
    assert "Judged here: seconds." in section(facts(CALM, 0.3, 0.3))


def test_every_verb_that_needs_no_cluster_is_measured() -> None:
    assert set(offline()) >= {"validate", "plan", "render", "schema"}
    found = measure(["plan"], runs=1)["used"]["plan"]
    assert (len(found), found[0]["cpu_seconds"] > 0.05) == (1, True)
