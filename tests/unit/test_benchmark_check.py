"""The benchmark of many objects judges them all, and names what needs too much."""

from typing import Any

import pytest

from benchmarks import check
from benchmarks.check import measure, missed, section
from benchmarks.process import BenchmarkFailed
from policies.examples import TEMPLATE, drop

CALM = {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7", "load": 0.1}


def facts(cpu_seconds: float) -> dict[str, Any]:
    used = [{"seconds": 5.0, "cpu_seconds": cpu_seconds, "peak_mb": 100.0}]
    return {"machine": CALM, "rules": 100, "objects": 10_000, "files": 100, "used": used}


def test_what_needs_too_much_is_named() -> None:
    assert missed(facts(9.9)) == []
    assert missed(facts(10.0)) == ["10,000 objects take 10.0 CPU seconds, promised: under 10"]
    assert "| 10,000 | 100 | 1 | 5.00 | 4.50 | 100 |" in section(facts(4.5))


def test_every_object_of_every_file_is_judged() -> None:
    found = measure(objects=20, files=2, runs=1)
    assert (found["objects"], found["files"], len(found["used"])) == (24, 2, 1)


def test_a_violation_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "A_ROLLOUT", (drop(TEMPLATE, "spec.metrics[0].successCondition"),))
    with pytest.raises(BenchmarkFailed, match="exited with 1"):
        measure(objects=1, files=1, runs=1)


def test_what_stands_beside_it_is_named_with_what_it_did_or_as_missing() -> None:
    used = [{"seconds": 90.0, "cpu_seconds": 80.0, "peak_mb": 700.0}]
    other = {"name": "Checkov", "version": "3.3", "evaluations": 1234, "used": used}
    assert "| Checkov 3.3 | 1,234 | 90.00 | 80.00 | 700.00 |" in section({**facts(4.5), "others": [other]})
    assert "was not installed" in section(facts(4.5))
