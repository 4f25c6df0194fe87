"""The compile benchmark compares what is equal, says what is absent, and judges by what it measured."""

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.compile import make_project, middle, missed, require_same, section, template_of
from benchmarks.process import BenchmarkFailed, Usage, measured
from benchmarks.rivals import Helm, Object, Task, objects_in
from components.cli.output import open_stack
from components.discovery import discover

ONE: Object = {"kind": "Service", "metadata": {"namespace": "a", "name": "a"}, "spec": {"ports": []}}
MACHINE = {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7", "load": 0.1}


def used(seconds: float, peak: float = 50) -> dict[str, float]:
    return {"seconds": seconds, "cpu_seconds": seconds, "peak_mb": peak}


def facts(**runs: Any) -> dict[str, Any]:
    listed = [{"apps": int(k[1:]), "objects": 9, "compared": 9, "used": v} for k, v in runs.items()]
    return {"machine": MACHINE, "absent": {}, "runs": listed}


def test_another_object_or_one_too_few_ends_the_benchmark() -> None:
    require_same("x", (1, [ONE]), (1, [dict(ONE)]))
    with pytest.raises(BenchmarkFailed, match="x made another Service a a than coalmine"):
        require_same("x", (1, [ONE]), (1, [{**ONE, "spec": {"ports": [1]}}]))
    with pytest.raises(BenchmarkFailed, match="x made 0 objects, not the 1 that coalmine made"):
        require_same("x", (1, [ONE]), (0, []))


def test_every_broken_promise_is_named() -> None:
    good = facts(
        a1000={"coalmine": used(2.0), "cdk8s": used(20.0)}, a10000={"coalmine": used(22.0, 300), "cdk8s": used(1)}
    )
    assert missed(good) == []
    bad = facts(
        a1000={"coalmine": used(2.0), "cdk8s": used(19.0)}, a10000={"coalmine": used(22.1, 301), "cdk8s": used(1)}
    )
    assert missed(bad) == [
        "1,000 apps: 9.5 times as fast as cdk8s, promised: 10",
        "ten times the apps take 11.1 times as long, promised: at most 11",
        "10,000 apps need 301 MB, promised: at most 300",
    ]
    assert "- Missed: 10,000 apps need 301 MB" in section(bad)
    assert missed({**good, "imports": {"plan": 0.39, "render": 0.4}}) == [
        "`coalmine render` takes 0.40 s to import, promised: under 0.4"
    ]


def test_of_several_rounds_the_median_time_counts_and_the_most_memory() -> None:
    rounds = [Usage(3.0, 1.0, 50.0), Usage(1.0, 3.0, 70.0), Usage(2.0, 2.0, 60.0)]
    assert middle(rounds) == Usage(2.0, 2.0, 70.0)


def test_an_absent_program_is_named_with_the_reason() -> None:
    absent = {**facts(a100={"coalmine": used(0.5)}), "absent": {"cdk8s": "cdk8s needs Node.js"}}
    assert missed(absent) == []
    assert "cdk8s is absent: cdk8s needs Node.js." in section(absent)
    assert "| 100 | coalmine | 0.50 | 200 | 0.50 | 50 |" in section(absent)


def test_the_project_is_valid_and_its_template_holds_nothing_of_its_first_app(tmp_path: Path) -> None:
    discover()
    project = make_project(tmp_path / "project", ["app-00000", "app-00001"])
    assert [app.spec.name for app in open_stack("example", project).apps] == ["app-00000", "app-00001"]
    text = str(template_of(project))
    assert (len(template_of(project)), "app-0" in text, "@revision@" in text) == (9, False, True)


def test_the_stream_of_helm_is_read_by_app(tmp_path: Path) -> None:
    task = Task(tmp_path, [], [])
    documents = [f"# Source: x\nkind: Service\nmetadata:\n  name: s\n  namespace: {name}\n" for name in ("a", "b")]
    task.output.write_text("---\n" + "---\n".join(documents))
    count, chosen = Helm().made(task, {"b"})
    assert (count, [one["metadata"]["namespace"] for one in chosen]) == (2, ["b"])


def test_a_tree_is_read_by_app(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.yaml").write_text(f"name: {name}\n")
    assert objects_in(tmp_path, {"a"}) == (2, [{"name": "a"}])


def test_memory_and_time_of_a_commands_own_commands_count(tmp_path: Path) -> None:
    child = (
        "import time; held = bytearray(60_000_000); end = time.monotonic() + 0.3\nwhile time.monotonic() < end: pass"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True); print('done')"
    usage = measured([sys.executable, "-c", parent], tmp_path, tmp_path / "out", {})
    assert (tmp_path / "out").read_text() == "done\n"
    assert usage.peak_mb > 65
    assert usage.cpu_seconds > 0.1
    with pytest.raises(BenchmarkFailed, match="exited with 1: no"):
        measured([sys.executable, "-c", "raise SystemExit('no')"], tmp_path, tmp_path / "out", {})
