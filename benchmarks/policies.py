"""What the policy pack adds to `pulumi preview`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, in_words, judged
from benchmarks.pairs import PAIRS, Pairs, alternated, middle, ratio
from benchmarks.programs import apps_for, own
from localcluster.shell import exports
from localcluster.state import REPO, StateDir
from policies.registry import discover

NAME = "policies"
SIZES = (10, 100, 1000)
PROMISED_MORE_PERCENT = 20
"""Of a preview of the largest stack."""
WITH, WITHOUT = "with the pack", "without"

_KEYS = ("seconds", "cpu_seconds")

Facts = dict[str, Any]


def measure(sizes: Sequence[int] = SIZES, pairs: int = PAIRS) -> Facts:
    """Previews of a new stack with the pack and without, in turn. Raises BenchmarkFailed."""
    facts: Facts = {"machine": describe(), "rules": len(discover()), "runs": []}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="coalmine-bench-") as folder:
            facts["runs"].append(_run(size, pairs, Path(folder)))
    return facts


def _run(size: int, pairs: int, folder: Path) -> Facts:
    environment = exports(StateDir("bench", folder / "cluster")) | {"KUBECONFIG": str(folder / "no-kubeconfig")}
    program = own(folder / "own", size, environment)
    program.renew()
    pack = ("--policy-pack", str(REPO / "policies"))
    program.run("preview", *pack)
    found = alternated(
        {WITH: lambda: program.run("preview", *pack), WITHOUT: lambda: program.run("preview")},
        pairs,
    )
    print(f"policies, {size} objects: {100 * (ratio(found, WITH, WITHOUT) - 1):.0f} % more", flush=True)
    return {"objects": apps_for(size)[1], "preview": found}


def missed(facts: Facts) -> list[str]:
    """What costs more than promised, a line each."""
    key, unit = judged(facts["machine"])
    largest = facts["runs"][-1]
    more = 100 * (ratio(largest["preview"], WITH, WITHOUT, key) - 1)
    if more <= PROMISED_MORE_PERCENT:
        return []
    promised = f"promised: at most {PROMISED_MORE_PERCENT} %"
    return [f"{largest['objects']:,} objects: the pack takes {more:.0f} % more {unit}, {promised}"]


def added(pairs: Pairs, key: str) -> float:
    """What the pack adds to one figure: the difference of the medians."""
    return middle(pairs[WITH], key) - middle(pairs[WITHOUT], key)


def each_object(runs: Sequence[Facts], key: str) -> float:
    """What the pack adds for one more object, by the smallest and the largest stack, without its start."""
    first, last = runs[0], runs[-1]
    more: float = (added(last["preview"], key) - added(first["preview"], key)) / (last["objects"] - first["objects"])
    return more


def section(facts: Facts) -> str:
    """The results as Markdown."""
    runs = facts["runs"]
    key, unit = judged(facts["machine"])
    each = 1000 * each_object(runs, key)
    lines = [
        "## What the policy pack adds to `pulumi preview`",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        f"Previews of a new stack with the pack ({facts['rules']} rules) and without, in turn, "
        f"{len(runs[0]['preview'][WITH])} pairs each;",
        "no cluster, as in a pull request. The stack is the one that `preview` is measured with above. Medians.",
        "",
        "| objects | with the pack, s | without, s | more | processor s | without, processor s |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for run in runs:
        pairs = run["preview"]
        seconds, cpu = ([f"{middle(pairs[name], key):.2f}" for name in (WITH, WITHOUT)] for key in _KEYS)
        more = f"{100 * (ratio(pairs, WITH, WITHOUT) - 1):.0f} %"
        lines.append(f"| {run['objects']} | {' | '.join([*seconds, more, *cpu])} |")
    lines += [
        "",
        f"In {unit}, the pack adds {added(runs[0]['preview'], key):.2f} s to the smallest stack, mostly its start;",
        f"each further object adds {each:.1f} ms, which is {each / facts['rules']:.2f} ms for each rule.",
        f"Promised: at most {PROMISED_MORE_PERCENT} % more for the largest stack, in {unit}.",
    ]
    return "\n".join([*lines, *(f"- Missed: {line}." for line in missed(facts))]) + "\n"
