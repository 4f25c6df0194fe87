"""How long the local cluster takes to be ready, and how long building its tools took."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, in_words
from benchmarks.process import BenchmarkFailed
from components.releases import GO_MODULES
from localcluster.tools.layout import build_records_path

NAME = "start"
STARTS = 5
PROMISED_SECONDS = 20.0

Facts = dict[str, Any]


def measure() -> Facts:
    """Starts of new clusters, and the newest cold build that this machine has seen. Raises BenchmarkFailed."""
    return {
        "machine": describe(),
        "warm_start_seconds": [_start_seconds(number) for number in range(1, STARTS + 1)],
        "cold_build": cold_build(build_records_path()),
    }


def missed(facts: Facts) -> list[str]:
    """The promise that does not hold, if it does not."""
    slowest = max(facts["warm_start_seconds"])
    return [] if slowest < PROMISED_SECONDS else [f"{slowest:.1f} s, promised: under {PROMISED_SECONDS:.0f} s"]


def _start_seconds(number: int) -> float:
    """One start of a new cluster in a folder of its own, so that a cluster of the user's is left alone."""
    command = str(Path(sys.executable).with_name("coalmine"))
    # Unix sockets below it have short names only.
    with tempfile.TemporaryDirectory(prefix="cm-") as folder:
        environment = os.environ | {"COALMINE_LOCAL_DIR": folder}
        began = time.monotonic()
        try:
            _run([command, "local", "up"], environment)
            seconds = round(time.monotonic() - began, 2)
        finally:
            _run([command, "local", "down"], environment)
    print(f"start {number} of {STARTS}: {seconds:.1f} s", flush=True)
    return seconds


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = ((done.stderr or done.stdout).strip().splitlines() or ["no message"])[-1]
        raise BenchmarkFailed(f"`{' '.join(command[1:])}` exited with {done.returncode}: {said}")


def cold_build(records: Path) -> Facts | None:
    """The newest run that built every module from an empty cache; None when this machine has not seen one."""
    lines = records.read_text().splitlines() if records.exists() else []
    runs: dict[str, list[Facts]] = {}
    for line in lines:
        record = json.loads(line)
        if record["cold"]:
            runs.setdefault(record["run"], []).append(record)
    wanted = {module.name for module in GO_MODULES}
    whole = [run for run in runs.values() if {record["module"] for record in run} == wanted]
    return _summary(whole[-1]) if whole else None


def _summary(run: list[Facts]) -> Facts:
    first = min(record["ended"] - record["seconds"] for record in run)
    return {
        "seconds": round(max(record["ended"] for record in run) - first, 1),
        "cores": run[0]["cores"],
        "go": run[0]["go"],
        "modules": sorted(
            (
                {key: record[key] for key in ("module", "version", "seconds", "cpu_seconds", "peak_mb")}
                for record in run
            ),
            key=lambda record: -float(record["seconds"]),
        ),
    }


def section(facts: Facts) -> str:
    """The results as Markdown."""
    starts = facts["warm_start_seconds"]
    lines = [
        "## Warm start: `coalmine local up` of a new cluster until it is ready",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        f"{len(starts)} starts: median {statistics.median(starts):.1f} s, fastest {min(starts):.1f} s, "
        f"slowest {max(starts):.1f} s (promised: under {PROMISED_SECONDS:.0f} s).",
        "",
        "## Cold build of the tools, empty cache, two at a time",
        "",
    ]
    build = facts["cold_build"]
    if build is None:
        return "\n".join([*lines, "Not measured on this machine: its cache was not empty."]) + "\n"
    lines += [
        f"All of it: {build['seconds'] / 60:.1f} minutes on {build['cores']} cores with Go {build['go']}, "
        "downloads included.",
        "",
        "| module | version | seconds | CPU seconds | largest process, MB |",
        "|---|---|---:|---:|---:|",
    ]
    for row in build["modules"]:
        cells = (row["module"], row["version"], f"{row['seconds']:.0f}", f"{row['cpu_seconds']:.0f}", row["peak_mb"])
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"
