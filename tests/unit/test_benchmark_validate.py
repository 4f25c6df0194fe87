"""The benchmark of many apps validates them all, and names what needs too much."""

from typing import Any

import pytest

from benchmarks import validate
from benchmarks.process import BenchmarkFailed
from benchmarks.validate import measure, missed, section

CALM = {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7", "load": 0.1}


def facts(cpu_seconds: float, peak_mb: float) -> dict[str, Any]:
    used = [{"seconds": 5.0, "cpu_seconds": cpu_seconds, "peak_mb": peak_mb}]
    return {"machine": CALM, "apps": 10_000, "files": 1_000, "used": used}


def test_what_needs_too_much_is_named() -> None:
    assert missed(facts(19.9, 299.0)) == []
    assert missed(facts(20.0, 299.0)) == ["10,000 apps take 20.0 CPU seconds, promised: under 20"]
    assert missed(facts(19.9, 300.0)) == ["10,000 apps need 300 MB, promised: under 300"]
    assert "| 10,000 | 1,000 | 1 | 5.00 | 4.50 | 120 |" in section(facts(4.5, 120.0))


def test_every_app_of_every_file_is_validated() -> None:
    found = measure(apps=5, files=2, runs=1)
    assert (found["apps"], found["files"], len(found["used"])) == (5, 2, 1)


def test_another_answer_than_valid_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "write_project", lambda root, apps, files: _with_one_app(root))
    with pytest.raises(BenchmarkFailed, match="example: valid, 1 app"):
        measure(apps=3, files=1, runs=1)


_write_project = validate.write_project


def _with_one_app(root: Any) -> None:
    _write_project(root, 1, 1)
