"""The policy benchmark tells the pack's start from what every object adds."""

from typing import Any

import pytest

from benchmarks.policies import WITH, WITHOUT, each_object, missed, section

MACHINE = {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7", "load": 0.1}


def run(objects: int, with_pack: float, without: float) -> dict[str, Any]:
    pairs = {name: [{"seconds": s, "cpu_seconds": s}] for name, s in ((WITH, with_pack), (WITHOUT, without))}
    return {"objects": objects, "preview": pairs}


RUNS = [run(10, 4.0, 2.5), run(110, 6.5, 4.0)]


def test_an_object_costs_what_the_stacks_differ_by() -> None:
    assert each_object(RUNS, "seconds") == pytest.approx((2.5 - 1.5) / 100)


def test_the_page_says_both_and_what_is_promised() -> None:
    facts = {"machine": MACHINE, "rules": 8, "runs": RUNS}
    text = section(facts)
    assert "| 110 | 6.50 | 4.00 | 62 % | 6.50 | 4.00 |" in text
    assert "In seconds, the pack adds 1.50 s to the smallest stack" in text
    assert "each further object adds 10.0 ms, which is 1.25 ms for each rule." in text
    assert "- Missed: 110 objects: the pack takes 62 % more seconds, promised: at most 20 %." in text


def test_only_the_largest_stack_is_held_against_the_promise() -> None:
    assert missed({"machine": MACHINE, "rules": 8, "runs": [run(10, 4.0, 2.5), run(1000, 4.8, 4.0)]}) == []
    late = missed({"machine": MACHINE, "rules": 8, "runs": [run(10, 2.5, 2.5), run(1000, 5.0, 4.0)]})
    assert late == ["1,000 objects: the pack takes 25 % more seconds, promised: at most 20 %"]


def test_where_other_work_keeps_the_cores_busy_the_processors_count() -> None:
    pairs = {WITH: [{"seconds": 9.0, "cpu_seconds": 4.4}], WITHOUT: [{"seconds": 4.0, "cpu_seconds": 4.0}]}
    facts = {"machine": {**MACHINE, "load": 3.0}, "rules": 8, "runs": [{"objects": 1000, "preview": pairs}]}
    assert missed(facts) == []
