"""How long real releases take: until a bad version is gone, and until a good one has all traffic.

The demo is played on a cluster of its own; what it measured is held against bounds that follow from the app's spec.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, in_words
from benchmarks.process import BenchmarkFailed
from components.discovery import discover
from components.metrics.prometheus import PrometheusProvider
from components.plan import Plan
from components.spec.load import load_stack
from components.spec.values import Duration
from localcluster.demo.bounds import ALLOWANCE, longest_promotion, longest_rollback
from localcluster.demo.scene import RATE
from localcluster.demo.stage import STACK, Stage
from localcluster.demo.versions import ABORTED, PROMOTED, VERSIONS, Version
from localcluster.state import REPO

NAME = "release"

Facts = dict[str, Any]


def measure() -> Facts:
    """The releases of one demo. Raises BenchmarkFailed where the demo does not come to its end."""
    machine = describe()
    bounds = allowed()
    return {"machine": machine, "requests_per_second": RATE, "releases": compared(_demo(), bounds)}


def allowed() -> dict[str, float]:
    """The longest time of every version's release, in seconds, by its tag."""
    discover()
    metrics = load_stack(REPO, REPO / "stacks" / f"Pulumi.{STACK}.yaml").spec.delivery.metrics
    if not isinstance(metrics, PrometheusProvider):
        raise BenchmarkFailed("the demo measures with Prometheus, but its stack does not")
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(REPO, Path(folder))
        decided = [version for version in VERSIONS if version.expected in (PROMOTED, ABORTED)]
        plans = {version.tag: stage.with_version(version)[1] for version in decided}
    return {version.tag: _longest(version, plans[version.tag], metrics.scrape_interval) for version in decided}


def _longest(version: Version, plan: Plan, scrape_interval: Duration) -> float:
    if version.expected == PROMOTED:
        return longest_promotion(plan)
    return longest_rollback(plan, RATE if version.traffic else 0, scrape_interval)


def compared(played: list[Facts], bounds: dict[str, float]) -> list[Facts]:
    """What was measured and what is allowed, of every release that is not a first deployment."""
    return [_compared(_result(played, version), bounds[version.tag]) for version in VERSIONS if version.tag in bounds]


def _result(played: list[Facts], version: Version) -> Facts:
    return next(one for one in played if one["version"] == version.tag)


def _compared(one: Facts, bound: float) -> Facts:
    seconds = one["seconds_to_promote"] if one["outcome"] == PROMOTED else one["seconds_to_abort"]
    kept = {key: one[key] for key in ("version", "what", "expected", "outcome", "reason")}
    return {**kept, "seconds": seconds, "allowed": round(bound, 1)}


def _demo() -> list[Facts]:
    command = str(Path(sys.executable).with_name("coalmine"))
    name = ["--name", f"bench-{os.getpid()}"]
    try:
        done = subprocess.run([command, "demo", "--json", *name], stdout=subprocess.PIPE, text=True, check=False)
    finally:
        subprocess.run([command, "local", "down", *name], capture_output=True, check=False)
    facts: Facts = json.loads(done.stdout or '{"versions": [], "problem": "no result"}')
    if any(not one["outcome"] for one in facts["versions"]) or not facts["versions"]:
        raise BenchmarkFailed(f"the demo did not come to its end: {facts['problem']}")
    versions: list[Facts] = facts["versions"]
    return versions


def missed(facts: Facts) -> list[str]:
    """The releases that ended otherwise than they should, or later, a line each."""
    lines = []
    for one in facts["releases"]:
        name = f"version {one['version']} ({one['what']})"
        if one["outcome"] != one["expected"]:
            lines.append(f"{name} was {one['outcome']}, promised: {one['expected']}")
        elif one["seconds"] > one["allowed"]:
            lines.append(f"{name} was {one['outcome']} in {one['seconds']} s, promised: at most {one['allowed']} s")
    return lines


def section(facts: Facts) -> str:
    """The results as Markdown."""
    lines = [
        "## Rollback and promotion under real traffic, against their bounds",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        f"`coalmine demo`: releases decided by {facts['requests_per_second']} requests/s through Envoy. A bad version:",
        "from the canary's first bad answer (its first answer, where it is slow; its first weight, where no requests",
        "come) to its last answer. A good one: from its first weight until it has all traffic. The bounds follow from",
        f"the app's spec: {ALLOWANCE} times the failing checks' intervals, one scrape and the time to the minimum of",
        f"requests; {ALLOWANCE} times the holds.",
        "",
        "| version | what it is | outcome | why | seconds | allowed |",
        "|---|---|---|---|---:|---:|",
    ]
    for one in facts["releases"]:
        cells = (one["version"], one["what"], one["outcome"], one["reason"], f"{one['seconds']:.1f}")
        lines.append(f"| {' | '.join(cells)} | {one['allowed']:.1f} |")
    late = [f"- Missed: {line}." for line in missed(facts)]
    return "\n".join([*lines, *([""] if late else []), *late]) + "\n"
