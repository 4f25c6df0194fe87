"""What `coalmine check` needs for many objects in many files, beside Checkov where it is installed."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from benchmarks.machine import describe, in_words
from benchmarks.pairs import middle
from benchmarks.process import BenchmarkFailed, measured
from policies.examples import A_CANARY, A_ROLLOUT
from policies.facts import KubeObject
from policies.registry import discover

NAME = "check"
OBJECTS = 10_000
FILES = 100
RUNS = 3
PROMISED_CPU_SECONDS = 10
CHECKOV = "checkov"
_ONLY_LOCAL = ("--framework", "kubernetes", "--skip-download", "--soft-fail", "--quiet", "--output", "json")

Facts = dict[str, Any]


def write_objects(folder: Path, objects: int, files: int) -> int:
    """Releases on both engines with all that belongs to them, each in a namespace of its own; how many objects."""
    release = [dict(one.body if isinstance(one, KubeObject) else one) for one in (*A_ROLLOUT, *A_CANARY)]
    documents: list[list[str]] = [[] for _ in range(files)]
    for number in range(-(-objects // len(release))):
        for one in release:
            body = deepcopy(one)
            body["metadata"]["namespace"] = f"shop-{number}"
            documents[number % files].append(yaml.dump(body, Dumper=yaml.CSafeDumper, sort_keys=False))
    for number, texts in enumerate(documents):
        (folder / f"{number}.yaml").write_text("---\n".join(texts), encoding="utf-8")
    return sum(map(len, documents))


def measure(objects: int = OBJECTS, files: int = FILES, runs: int = RUNS) -> Facts:
    """`coalmine check` on such files. Raises BenchmarkFailed."""
    machine = describe()
    with tempfile.TemporaryDirectory(prefix="coalmine-bench-") as folder:
        root, output = Path(folder) / "objects", Path(folder) / "output"
        root.mkdir()
        written = write_objects(root, objects, files)
        command = [Path(sys.executable).with_name("coalmine"), "check", root]
        used = [asdict(measured(command, root, output, {})) for _ in range(runs)]
        said = output.read_text().strip().splitlines()
        others = [_beside(root, output, runs)] if shutil.which(CHECKOV) else []
    if len(said) != 1 or not said[0].endswith(f" of {written} objects: passed"):
        raise BenchmarkFailed(f"`coalmine check` said: {said[-1]}")
    print(f"check, {written} objects: {middle(used, 'cpu_seconds'):.1f} CPU seconds", flush=True)
    facts = {"machine": machine, "rules": len(discover()), "objects": written, "files": files, "used": used}
    return facts | {"others": others}


def _beside(root: Path, output: Path, runs: int) -> Facts:
    """Checkov on the same files, without what it would ask its vendor. Raises BenchmarkFailed."""
    command = [CHECKOV, "--directory", root, *_ONLY_LOCAL]
    used = [asdict(measured(command, root, output, {})) for _ in range(runs)]
    judged = _checks(json.loads(output.read_text()))
    if not judged:
        raise BenchmarkFailed("checkov judged nothing")
    version = subprocess.run([CHECKOV, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"check, Checkov {version}: {middle(used, 'cpu_seconds'):.1f} CPU seconds", flush=True)
    return {"name": "Checkov", "version": version, "evaluations": judged, "used": used}


def _checks(report: Any) -> int:
    """How many evaluations Checkov made."""
    summary = report["summary"]
    return int(summary["passed"] + summary["failed"] + summary["skipped"])


def missed(facts: Facts) -> list[str]:
    """What needs more than promised, a line each."""
    cpu = middle(facts["used"], "cpu_seconds")
    late = cpu >= PROMISED_CPU_SECONDS
    line = f"{facts['objects']:,} objects take {cpu:.1f} CPU seconds, promised: under {PROMISED_CPU_SECONDS}"
    return [line] if late else []


def section(facts: Facts) -> str:
    """The results as Markdown."""
    used = facts["used"]
    figures = f"{middle(used):.2f} | {middle(used, 'cpu_seconds'):.2f} | {middle(used, 'peak_mb'):.0f}"
    lines = [
        "## Checking many objects",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        f"`coalmine check` with all {facts['rules']} rules, Python's start included: releases on both engines with all",
        "that belongs to them. One process on one core. Medians.",
        "",
        "| objects | files | runs | seconds | CPU seconds | peak memory, MB |",
        "|---:|---:|---:|---:|---:|---:|",
        f"| {facts['objects']:,} | {facts['files']:,} | {len(used)} | {figures} |",
        "",
        f"Promised: under {PROMISED_CPU_SECONDS} CPU seconds.",
        *_table_of_others(facts.get("others", [])),
    ]
    return "\n".join([*lines, *(f"- Missed: {line}." for line in missed(facts))]) + "\n"


def _table_of_others(others: Sequence[Facts]) -> Iterator[str]:
    if not others:
        yield "Checkov, which would be measured on the same files, was not installed."
        return
    yield ""
    yield "Beside it, on the same files. It applies other rules, to other kinds: this compares no quality."
    yield ""
    yield "| | evaluations | seconds | CPU seconds | peak memory, MB |"
    yield "|---|---:|---:|---:|---:|"
    for one in others:
        figures = " | ".join(f"{middle(one['used'], key):.2f}" for key in ("seconds", "cpu_seconds", "peak_mb"))
        yield f"| {one['name']} {one['version']} | {one['evaluations']:,} | {figures} |"
