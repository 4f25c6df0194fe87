"""How long the offline verbs of the `coalmine` command take to load."""

import pkgutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, in_words, judged
from benchmarks.pairs import middle
from benchmarks.process import measured
from components import cli

NAME = "verbs"
RUNS = 5
PROMISED_SECONDS = 0.4
_OFFLINE = ("validate", "plan", "render", "check", "schema")

Facts = dict[str, Any]


def offline() -> list[str]:
    """The offline verbs that this version of the command has."""
    there = {module.name for module in pkgutil.iter_modules(cli.__path__)}
    return [verb for verb in _OFFLINE if verb in there]


def measure(verbs: Sequence[str] = (), runs: int = RUNS) -> Facts:
    """`coalmine VERB --help`, which loads all that the verb needs and does nothing. Raises BenchmarkFailed."""
    machine = describe()
    command = Path(sys.executable).with_name("coalmine")
    used: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="coalmine-bench-") as folder:
        output = Path(folder) / "output"
        for verb in verbs or offline():
            taken = [measured([command, verb, "--help"], Path(folder), output, {}) for _ in range(runs + 1)]
            # The first one may have to compile what it loads.
            used[verb] = [asdict(usage) for usage in taken[1:]]
            print(f"verbs, {verb}: {middle(used[verb]):.2f} s", flush=True)
    return {"machine": machine, "used": used}


def missed(facts: Facts) -> list[str]:
    """The verbs that take longer than promised, a line each."""
    key, unit = judged(facts["machine"])
    found = {verb: middle(used, key) for verb, used in facts["used"].items()}
    return [
        f"coalmine {verb} takes {seconds:.2f} {unit} to load, promised: under {PROMISED_SECONDS}"
        for verb, seconds in found.items()
        if seconds >= PROMISED_SECONDS
    ]


def section(facts: Facts) -> str:
    """The results as Markdown."""
    lines = [
        "## Loading the offline verbs",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        "`coalmine VERB --help`: the whole command, Python's start included. Medians.",
        "",
        "| verb | runs | seconds | CPU seconds | peak memory, MB |",
        "|---|---:|---:|---:|---:|",
    ]
    for verb, used in facts["used"].items():
        figures = f"{middle(used):.2f} | {middle(used, 'cpu_seconds'):.2f} | {middle(used, 'peak_mb'):.0f}"
        lines.append(f"| {verb} | {len(used)} | {figures} |")
    promised = f"Promised: under {PROMISED_SECONDS} s. Judged here: {judged(facts['machine'])[1]}."
    return "\n".join([*lines, "", promised, *(f"- Missed: {line}." for line in missed(facts))]) + "\n"
