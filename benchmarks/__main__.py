"""`python -m benchmarks [NAME...]`: measures all, or the named ones, and writes a JSON file of each and RESULTS.md.

Exit 1 where a promise does not hold or a measurement failed.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from benchmarks import check, policies, release, start, update, validate, verbs
from benchmarks import compile as compile_rate
from benchmarks.process import BenchmarkFailed

FOLDER = Path(__file__).resolve().parent
BENCHMARKS: Mapping[str, ModuleType] = {
    module.NAME: module for module in (compile_rate, validate, verbs, update, policies, check, release, start)
}
"""In the order of the page; each has `measure`, `missed` and `section`."""


def main(names: list[str]) -> int:
    """Measures, writes the results, and returns the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"benchmark: unknown: {', '.join(unknown)} (known: {', '.join(BENCHMARKS)})", file=sys.stderr)
        return 2
    missed: list[str] = []
    failed = False
    for name in names or BENCHMARKS:
        try:
            facts = BENCHMARKS[name].measure()
        except BenchmarkFailed as failure:
            print(f"benchmark: {name}: {failure}", file=sys.stderr)
            failed = True
            continue
        (FOLDER / f"{name}.json").write_text(json.dumps(facts, indent=2) + "\n")
        missed += [f"{name}: {line}" for line in BENCHMARKS[name].missed(facts)]
        (FOLDER / "RESULTS.md").write_text(page(FOLDER))
    print("\n".join([*(f"missed: {line}" for line in missed), "see benchmarks/RESULTS.md"]))
    return 1 if missed or failed else 0


def page(folder: Path) -> str:
    """What all benchmarks measured last, as Markdown."""
    sections = ["# Results\n\nMade by `make bench`.\n"]
    for name, benchmark in BENCHMARKS.items():
        file = folder / f"{name}.json"
        if file.is_file():
            section = benchmark.section(json.loads(file.read_text()))
            sections.append(f"{section}\n`python -m benchmarks {name}` measures this again.\n")
    return "\n".join(sections)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
