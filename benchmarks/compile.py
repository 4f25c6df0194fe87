"""How fast specs become YAML, validation included, next to cdk8s and helm making the same objects."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe, in_words
from benchmarks.process import BenchmarkFailed, Usage, measured
from benchmarks.rivals import Cdk8s, Helm, Object, Task, objects_in
from components.cli.output import open_stack
from components.compile import compile_app
from components.discovery import discover
from localcluster.tools.layout import CHECKOUT

NAME = "compile"
SIZES = (1, 100, 1_000, 10_000)
EXAMPLE = CHECKOUT / "examples" / "canary"
FASTER_THAN_CDK8S = 10
LARGEST_GROWTH = 11
LARGEST_MB = 300
LONGEST_IMPORT = 0.4
"""Seconds."""
OFFLINE_VERBS = ("validate", "plan", "render")
_SAMPLED = 100
"""Apps of a run whose objects are compared; of smaller runs all."""

Facts = dict[str, Any]
Rival = Cdk8s | Helm


def measure(sizes: Sequence[int] = SIZES) -> Facts:
    """Every program at every size, one after the other. Raises BenchmarkFailed where ours fails or objects differ."""
    rivals, absent = _rivals()
    facts: Facts = {"machine": describe(), "absent": absent, "imports": imports(), "runs": []}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="coalmine-bench-", dir=_scratch()) as folder:
            facts["runs"].append(_run(size, rivals, Path(folder)))
    return facts


def imports(rounds: int = 5) -> dict[str, float]:
    """Processor seconds to import what an offline verb needs, the interpreter's own start left out: medians."""
    return {verb: median(_import_seconds(verb) for _ in range(rounds)) for verb in OFFLINE_VERBS}


def _import_seconds(verb: str) -> float:
    code = (
        "import time; began = time.process_time()\nfrom components.cli import build, discover\n"
        f"discover(); build({verb!r}); print(time.process_time() - began)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkFailed(f"{verb} could not be imported: {done.stderr.strip().splitlines()[-1]}")
    return round(float(done.stdout), 3)


def _rivals() -> tuple[list[Rival], dict[str, str]]:
    """The programs to compare with, and why others are absent."""
    try:
        return [Cdk8s(), Helm()], {}
    except BenchmarkFailed as failure:
        return [Helm()], {Cdk8s.name: str(failure)}


def _run(size: int, rivals: Iterable[Rival], folder: Path) -> Facts:
    """All programs in turn, several times over: what else the machine does meets each of them."""
    names = [f"app-{number:05}" for number in range(size)]
    project = make_project(folder / "project", names)
    usages: dict[str, list[Usage]] = {}
    facts: Facts = {}
    for _ in range(_rounds(size)):
        usage, count, ours = _render(project, names, folder)
        usages.setdefault("coalmine", []).append(usage)
        values = [{"name": name, "revision": revision_in(folder / "ours", name)} for name in names]
        shutil.rmtree(folder / "ours")
        for rival in rivals:
            task = Task(folder / rival.name.replace(" ", "-"), template_of(project), values)
            task.folder.mkdir()
            done = measured(rival.prepare(task), task.folder, task.output, rival.environment)
            usages.setdefault(rival.name, []).append(done)
            require_same(rival.name, (count, ours), rival.made(task, _sample(names)))
            shutil.rmtree(task.folder)
        facts = {"apps": size, "objects": count, "compared": len(ours)}
    used = {name: asdict(middle(measurements)) for name, measurements in usages.items()}
    _say(size, used)
    return {**facts, "rounds": _rounds(size), "used": used}


def _rounds(size: int) -> int:
    return 5 if size <= 100 else 3 if size <= 1_000 else 1


def _sample(names: Sequence[str]) -> set[str]:
    return set(names[:: max(1, len(names) // _SAMPLED)])


def _render(project: Path, names: Sequence[str], folder: Path) -> tuple[Usage, int, list[Object]]:
    render = ["-m", "components", "render", "--stack", "example", "--out", "ours", "--root"]
    command: list[str | Path] = [sys.executable, *render, project]
    usage = measured(command, folder, folder / "stdout", {"PYTHONPATH": str(CHECKOUT)})
    return usage, *objects_in(folder / "ours", _sample(names))


def middle(usages: Sequence[Usage]) -> Usage:
    """The median of each figure but memory, of which the highest."""
    seconds, cpu_seconds = (median(getattr(one, name) for one in usages) for name in ("seconds", "cpu_seconds"))
    return Usage(seconds, cpu_seconds, max(one.peak_mb for one in usages))


def make_project(folder: Path, names: Iterable[str]) -> Path:
    """A project with one file for every app: the thinnest example under other names."""
    shutil.copytree(EXAMPLE, folder)
    (only,) = (folder / "apps").iterdir()
    text = only.read_text()
    only.unlink()
    for name in names:
        (folder / "apps" / f"{name}.yaml").write_text(text.replace("shop", name))
    stack = folder / "stacks" / "Pulumi.example.yaml"
    stack.write_text(stack.read_text().replace("apps/shop.yaml", '"apps/*.yaml"'))
    return folder


def template_of(project: Path) -> list[Object]:
    """The objects of the first app, with `@name@` and `@revision@` where they are its own."""
    discover()
    first = sorted((project / "apps").iterdir())[0].stem
    stack = open_stack("example", project)
    compiled = compile_app(next(app for app in stack.apps if app.spec.name == first), stack.spec.delivery)
    text = json.dumps(compiled.manifests).replace(compiled.plan.revision, "@revision@").replace(first, "@name@")
    objects: list[Object] = json.loads(text)
    return objects


def revision_in(tree: Path, name: str) -> str:
    """The revision that a rendered app's pods are labelled with."""
    text = (tree / name / name / f"rollout-{name}.yaml").read_text()
    found = re.search(r"^ +version: (\S+)$", text, re.MULTILINE)
    if found is None:
        raise BenchmarkFailed(f"the Rollout of {name} has no revision")
    return found[1]


def require_same(name: str, ours: tuple[int, list[Object]], theirs: tuple[int, list[Object]]) -> None:
    """Raises BenchmarkFailed unless both are as many, and those that are compared are equal."""
    mine, others = (by_identity(objects) for _, objects in (ours, theirs))
    if ours[0] != theirs[0] or mine.keys() != others.keys():
        raise BenchmarkFailed(f"{name} made {theirs[0]} objects, not the {ours[0]} that coalmine made")
    for identity, one in mine.items():
        if one != others[identity]:
            raise BenchmarkFailed(f"{name} made another {' '.join(identity)} than coalmine")


def by_identity(objects: Iterable[Object]) -> dict[tuple[str, str, str], Object]:
    """Objects by kind, namespace and name."""
    return {(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]): one for one in objects}


def _scratch() -> str | None:
    """Memory rather than a disk, whose other users would be measured too; None where there is too little of it."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 4e9 else None


def _say(size: int, used: Facts) -> None:
    each = ", ".join(f"{name} {usage['seconds']:.1f} s" for name, usage in used.items())
    print(f"compile {size} apps: {each}", flush=True)


def missed(facts: Facts) -> list[str]:
    """The promises that do not hold, a line each; what was not measured is not judged."""
    runs = {run["apps"]: run["used"] for run in facts["runs"]}
    return [*_too_slow(runs), *_too_steep(runs), *_too_large(runs), *_too_late(facts)]


def _too_slow(runs: dict[int, Facts]) -> Iterator[str]:
    used = runs.get(1_000, {})
    if "cdk8s" in used:
        faster = used["cdk8s"]["seconds"] / used["coalmine"]["seconds"]
        if faster < FASTER_THAN_CDK8S:
            yield f"1,000 apps: {faster:.1f} times as fast as cdk8s, promised: {FASTER_THAN_CDK8S}"


def _too_steep(runs: dict[int, Facts]) -> Iterator[str]:
    if {1_000, 10_000} <= runs.keys():
        growth = runs[10_000]["coalmine"]["seconds"] / runs[1_000]["coalmine"]["seconds"]
        if growth > LARGEST_GROWTH:
            yield f"ten times the apps take {growth:.1f} times as long, promised: at most {LARGEST_GROWTH}"


def _too_large(runs: dict[int, Facts]) -> Iterator[str]:
    peak = runs[10_000]["coalmine"]["peak_mb"] if 10_000 in runs else 0
    if peak > LARGEST_MB:
        yield f"10,000 apps need {peak:.0f} MB, promised: at most {LARGEST_MB}"


def _too_late(facts: Facts) -> Iterator[str]:
    for verb, seconds in facts.get("imports", {}).items():
        if seconds >= LONGEST_IMPORT:
            yield f"`coalmine {verb}` takes {seconds:.2f} s to import, promised: under {LONGEST_IMPORT}"


def section(facts: Facts) -> str:
    """The results as Markdown."""
    lines = [
        "## Compile rate: spec files to YAML files",
        "",
        f"Measured {in_words(facts['machine'])}.",
        "",
        "Whole commands, start included, in turn: medians of five rounds up to 100 apps, of three at 1,000, one round",
        "at 10,000. `coalmine render` reads a file per app (examples/canary under other names),",
        "validates it and writes a file per object, and so does cdk8s; `helm template` is one run of one chart with a",
        "loop, into one stream. Both get the computed values ready-made, read no spec and check nothing. Memory is the",
        "sum of the highest of each process, Node.js included.",
        "",
        "| apps | program | seconds | apps/s | processor seconds | peak memory, MB |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for run in facts["runs"]:
        for name, used in run["used"].items():
            rate = run["apps"] / used["seconds"]
            cells = (f"{run['apps']:,}", name, f"{used['seconds']:.2f}", f"{rate:,.0f}")
            lines.append(f"| {' | '.join(cells)} | {used['cpu_seconds']:.2f} | {used['peak_mb']:.0f} |")
    lines += ["", *(f"{name} is absent: {why}.\n" for name, why in facts["absent"].items())]
    compared = ", ".join(f"{run['compared']:,} of {run['objects']:,}" for run in facts["runs"])
    lines += [f"Objects compared, all equal: {compared}.", ""]
    each = ", ".join(f"`{verb}` {seconds:.2f} s" for verb, seconds in facts.get("imports", {}).items())
    lines += [f"Processor time to import a verb, without the interpreter's start: {each}.", "", *_promises(facts)]
    return "\n".join(lines) + "\n"


def _promises(facts: Facts) -> list[str]:
    promised = (
        f"Promised: {FASTER_THAN_CDK8S} times as many apps/s as cdk8s at 1,000; ten times the apps in at most "
        f"{LARGEST_GROWTH} times the time; at most {LARGEST_MB} MB for 10,000; imports under {LONGEST_IMPORT} s."
    )
    return [promised, *(f"- Missed: {line}." for line in missed(facts))]
