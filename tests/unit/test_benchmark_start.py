"""The benchmark reports whole cold builds only, and what it reports is what was measured."""

import json
from pathlib import Path

from benchmarks.start import cold_build, missed, section
from components.releases import GO_MODULES


def _record(run: str, module: str, *, cold: bool = True, seconds: float = 60.0, ended: float = 1000.0) -> str:
    facts = {"run": run, "cold": cold, "module": module, "version": "v1", "go": "1.2.3", "cores": 2}
    return json.dumps(facts | {"seconds": seconds, "cpu_seconds": 90.0, "peak_mb": 500, "ended": ended})


def _write(file: Path, records: list[str]) -> Path:
    file.write_text("".join(f"{record}\n" for record in records))
    return file


def test_without_a_record_nothing_is_reported(tmp_path: Path) -> None:
    assert cold_build(tmp_path / "none") is None


def test_only_the_newest_whole_cold_run_counts(tmp_path: Path) -> None:
    names = [module.name for module in GO_MODULES]
    records = [_record("old", name, seconds=10) for name in names]
    records += [_record("new", name, seconds=100 + number, ended=2000 + number) for number, name in enumerate(names)]
    records += [_record("warm", name, cold=False) for name in names]
    records += [_record("interrupted", names[0])]
    build = cold_build(_write(tmp_path / "builds.jsonl", records))
    assert build is not None
    assert build["seconds"] == 100 + len(names) - 1
    assert [row["module"] for row in build["modules"]] == names[::-1]


def test_the_report_says_what_was_measured(tmp_path: Path) -> None:
    records = [_record("run", module.name) for module in GO_MODULES]
    facts = {
        "machine": {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7"},
        "warm_start_seconds": [9.0, 11.0, 10.0],
        "cold_build": cold_build(_write(tmp_path / "builds.jsonl", records)),
    }
    text = section(facts)
    assert "Measured on 2 cores (A CPU), 8 GB, Linux 6.1, Python 3.11.7." in text
    assert "3 starts: median 10.0 s, fastest 9.0 s, slowest 11.0 s (promised: under 20 s)." in text
    assert "All of it: 1.0 minutes on 2 cores with Go 1.2.3, downloads included." in text
    assert "| etcd | v1 | 60 | 90 | 500 |" in text
    assert "Not measured on this machine" in section(facts | {"cold_build": None})


def test_one_start_that_is_too_slow_breaks_the_promise() -> None:
    assert missed({"warm_start_seconds": [9.0, 19.9]}) == []
    assert missed({"warm_start_seconds": [9.0, 20.0]}) == ["20.0 s, promised: under 20 s"]
