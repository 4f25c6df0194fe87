"""How long `pulumi preview` and `pulumi up` take, next to a bare program that registers the same from a file."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.cluster import fresh_cluster, remove_namespace
from benchmarks.machine import describe, in_words, judged
from benchmarks.pairs import PAIRS, Pairs, alternated, middle, ratio
from benchmarks.process import BenchmarkFailed, Usage
from benchmarks.programs import NAMESPACE, Program, bare, own
from benchmarks.registrations import Resource, difference, objects, registrations
from localcluster.cluster import Cluster

NAME = "update"
SIZES = (10, 100, 400)
VERBS = ("preview", "up")
OWN, BARE, UNHOOKED = "coalmine", "bare", "bare without hooks"
LARGEST_RATIO = 1.10

Facts = dict[str, Any]


def measure(sizes: Sequence[int] = SIZES, pairs: int = PAIRS) -> Facts:
    """Both programs in turn, at every size. Raises BenchmarkFailed where one fails, or their states differ."""
    facts: Facts = {"machine": describe(), "runs": []}
    with fresh_cluster() as cluster, tempfile.TemporaryDirectory(prefix="coalmine-bench-") as folder:
        for size in sizes:
            facts["runs"].append(_run(size, pairs, cluster, Path(folder) / str(size)))
    return facts


def _run(size: int, pairs: int, cluster: Cluster, folder: Path) -> Facts:
    ours = own(folder / "own", size, cluster.environment())
    _, registered = _up(ours, cluster)
    other = bare(folder / "bare", registrations(registered), cluster.environment())
    _, others = _up(other, cluster)
    unlike = difference(registered, others)
    if unlike:
        raise BenchmarkFailed(f"the bare program does not do the same: {unlike}")
    unhooked = bare(folder / "unhooked", registrations(registered), cluster.environment(), hooks=False)
    programs = {OWN: ours, BARE: other}
    for program in programs.values():
        program.renew()
    previews = alternated({name: _previewing(program) for name, program in programs.items()}, pairs)
    updated = {**programs, UNHOOKED: unhooked}
    ups = alternated({name: _updating(program, cluster) for name, program in updated.items()}, pairs)
    found: Facts = {"preview": previews, "up": ups}
    _say(size, found)
    return {"objects": objects(registered), "resources": len(registered), **found}


def _previewing(program: Program) -> Any:
    return lambda: program.run("preview")


def _updating(program: Program, cluster: Cluster) -> Any:
    return lambda: _up(program, cluster)[0]


def _up(program: Program, cluster: Cluster) -> tuple[Usage, list[Resource]]:
    """Everything made from nothing, and gone again afterwards."""
    program.renew()
    usage = program.run("up")
    made = program.resources()
    remove_namespace(cluster.api, NAMESPACE)
    program.renew()
    return usage, made


def _say(size: int, found: dict[str, Pairs]) -> None:
    each = ", ".join(f"{verb} {ratio(pairs, OWN, BARE):.2f}" for verb, pairs in found.items())
    print(f"update, {size} objects, times the bare program's time: {each}", flush=True)


def missed(facts: Facts) -> list[str]:
    """The promises that do not hold, a line each."""
    return [line for run in facts["runs"] for verb in VERBS for line in _too_slow(run, verb, *judged(facts["machine"]))]


def _too_slow(run: Facts, verb: str, key: str, unit: str) -> Iterator[str]:
    pairs = run[verb]
    found = ratio(pairs, OWN, BARE, key)
    if found > LARGEST_RATIO:
        each = f"{middle(pairs[OWN], key):.2f} and {middle(pairs[BARE], key):.2f} {unit}"
        yield (
            f"{run['objects']} objects: `pulumi {verb}` takes {found:.2f} times as long as the bare program ({each}), "
            f"promised: at most {LARGEST_RATIO:.2f}"
        )


def section(facts: Facts) -> str:
    """The results as Markdown."""
    lines = [
        "## `pulumi preview` and `pulumi up` of a new stack, next to a bare program",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        "The stack holds apps (examples/canary under other names) in one namespace, and no platform. The bare program",
        "(benchmarks/bare) reads the same resources, computed beforehand, from a JSON file, and registers them with",
        "the same parents, dependencies, ignored fields, timeouts, providers and hooks; its hooks do nothing, ours ask",
        "the API server whose an object is. Both leave the same state, which is compared. They run in turn against one",
        "API server, which knows every kind and has none of their controllers; each `up` begins with an empty state,",
        "and with no namespace. Medians; the ratio is the median over the pairs.",
        "",
        "| objects | resources | command | coalmine, s | bare, s | ratio | coalmine, CPU s | bare, CPU s | ratio |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for run in facts["runs"]:
        for verb in VERBS:
            cells = [cell for key in ("seconds", "cpu_seconds") for cell in _cells(run[verb], key)]
            lines.append(f"| {run['objects']} | {run['resources']} | `{verb}` | {' | '.join(cells)} |")
    pairs = min(len(run[verb][BARE]) for run in facts["runs"] for verb in VERBS)
    promised = [
        f"{pairs} pairs each. Promised: at most {LARGEST_RATIO:.2f} times the bare program's seconds. "
        f"Judged here: {judged(facts['machine'])[1]}",
        "(on a machine whose cores are all busy with other work, seconds tell of that).",
    ]
    without = [_without_hooks(run) for run in facts["runs"] if UNHOOKED in run["up"]]
    told = (
        ["", "Times a bare program that has no hooks, whose `up` takes over what it finds:", *without]
        if without
        else []
    )
    return "\n".join([*lines, "", *promised, *(f"- Missed: {line}." for line in missed(facts)), *told]) + "\n"


def _without_hooks(run: Facts) -> str:
    pairs = run["up"]
    found, other = ratio(pairs, OWN, UNHOOKED), middle(pairs[UNHOOKED])
    return f"- {run['objects']} objects: `up` {found:.2f} ({middle(pairs[OWN]):.2f} and {other:.2f} s)."


def _cells(pairs: Pairs, key: str) -> tuple[str, str, str]:
    return (
        f"{middle(pairs[OWN], key):.2f}",
        f"{middle(pairs[BARE], key):.2f}",
        f"{ratio(pairs, 'coalmine', 'bare', key):.2f}",
    )
