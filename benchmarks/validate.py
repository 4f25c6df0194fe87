"""What `coalmine validate` needs for many apps in many files."""

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from benchmarks.machine import describe, in_words
from benchmarks.pairs import middle
from benchmarks.process import BenchmarkFailed, measured
from localcluster.state import REPO

NAME = "validate"
APPS = 10_000
FILES = 1_000
RUNS = 3
PROMISED_CPU_SECONDS = 20
PROMISED_MB = 300

_EXAMPLE = REPO / "examples" / "canary"
_STACK = "stacks/Pulumi.example.yaml"

Facts = dict[str, Any]


def write_project(root: Path, apps: int, files: int) -> None:
    """The canary example with so many apps, each under a name and a host of its own, in so many files."""
    (root / "stacks").mkdir()
    (root / "apps").mkdir()
    (root / "Pulumi.yaml").write_bytes((_EXAMPLE / "Pulumi.yaml").read_bytes())
    stack = yaml.safe_load((_EXAMPLE / _STACK).read_text(encoding="utf-8"))
    stack["config"]["coalmine:apps"] = ["apps/*.yaml"]
    (root / _STACK).write_text(yaml.safe_dump(stack), encoding="utf-8")
    [example] = (_EXAMPLE / "apps").glob("*.yaml")
    app = yaml.safe_load(example.read_text(encoding="utf-8"))
    for number in range(files):
        documents = []
        for index in range(number, apps, files):
            app["name"], app["traffic"]["hosts"] = f"app-{index}", [f"app-{index}.example.com"]
            documents.append(yaml.dump(app, Dumper=yaml.CSafeDumper, sort_keys=False))
        (root / "apps" / f"{number}.yaml").write_text("---\n".join(documents), encoding="utf-8")


def measure(apps: int = APPS, files: int = FILES, runs: int = RUNS) -> Facts:
    """`coalmine validate` on such a project. Raises BenchmarkFailed."""
    machine = describe()
    command = [Path(sys.executable).with_name("coalmine"), "validate"]
    with tempfile.TemporaryDirectory(prefix="coalmine-bench-") as folder:
        root, output = Path(folder) / "project", Path(folder) / "output"
        root.mkdir()
        write_project(root, apps, files)
        used = [asdict(measured(command, root, output, {})) for _ in range(runs)]
        said = output.read_text().strip()
    if said != f"example: valid, {apps} app{'' if apps == 1 else 's'}":
        raise BenchmarkFailed(f"`coalmine validate` said: {said}")
    print(f"validate, {apps} apps: {middle(used, 'cpu_seconds'):.1f} CPU seconds", flush=True)
    return {"machine": machine, "apps": apps, "files": files, "used": used}


def missed(facts: Facts) -> list[str]:
    """What needs more than promised, a line each."""
    cpu, memory = middle(facts["used"], "cpu_seconds"), middle(facts["used"], "peak_mb")
    lines = []
    if cpu >= PROMISED_CPU_SECONDS:
        lines.append(f"{facts['apps']:,} apps take {cpu:.1f} CPU seconds, promised: under {PROMISED_CPU_SECONDS}")
    if memory >= PROMISED_MB:
        lines.append(f"{facts['apps']:,} apps need {memory:.0f} MB, promised: under {PROMISED_MB}")
    return lines


def section(facts: Facts) -> str:
    """The results as Markdown."""
    used = facts["used"]
    figures = f"{middle(used):.2f} | {middle(used, 'cpu_seconds'):.2f} | {middle(used, 'peak_mb'):.0f}"
    lines = [
        "## Validating many apps",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        "`coalmine validate`, Python's start included: every app is read, checked and compiled. Medians.",
        "",
        "| apps | files | runs | seconds | CPU seconds | peak memory, MB |",
        "|---:|---:|---:|---:|---:|---:|",
        f"| {facts['apps']:,} | {facts['files']:,} | {len(used)} | {figures} |",
        "",
        f"Promised: under {PROMISED_CPU_SECONDS} CPU seconds and {PROMISED_MB} MB.",
    ]
    return "\n".join([*lines, *(f"- Missed: {line}." for line in missed(facts))]) + "\n"
