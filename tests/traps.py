"""What passes the engines' own validation and goes wrong later, listed: how each is caught here, and what proves it.

The list is traps.yaml. `python -m tests.traps > docs/reference/traps.md` writes the page that people read.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
COMMAND = "python -m tests.traps > docs/reference/traps.md"
CAUGHT: Mapping[str, str] = {
    "compiler": "error",
    "construction": "never made",
    "policy": "policy",
    "open": "**open**",
}
"""How a trap can be caught, and what the page calls it."""
_HEAD = f"""# Traps: what validates and goes wrong later

<!-- Generated from tests/traps.yaml and the tests' marks: `{COMMAND}`. -->
<!-- Do not edit. -->

Both engines accept objects that cannot do what they say. This page lists what is known of it, and how it is caught:

| | means |
|---|---|
| error | `coalmine validate`, a preview and a render refuse it, with app and path |
| never made | no app has it, whatever a user writes: tests look for it in all objects of many apps, on every router |
| policy | a rule of the [policy pack](policies.md) refuses it, in objects of any origin |
| **open** | not caught, or nothing is made yet in which it could arise |

"Many apps" are those of the examples and thousands that differ from one of them in one key.

Every line has a number; the tests that prove it carry it as a mark (`@pytest.mark.trap(4)`). A line without a test has
to be open, and an open one with a test fails the tests.
"""


@dataclass(frozen=True)
class Trap:
    """One trap. Fields: `n`: its number; `trap`: what goes wrong; `caught`: a key of CAUGHT; `how`: in a few words."""

    n: int
    trap: str
    caught: str
    how: str


@dataclass(frozen=True)
class Section:
    """The traps of one engine."""

    engine: str
    traps: tuple[Trap, ...]


def listed() -> tuple[Section, ...]:
    """The list, in order. Raises TypeError for a key that no line has."""
    text = Path(__file__).with_name("traps.yaml").read_text(encoding="utf-8")
    return tuple(Section(one["engine"], tuple(Trap(**trap) for trap in one["traps"])) for one in yaml.safe_load(text))


def proofs() -> Mapping[int, Sequence[str]]:
    """By number, the tests that are marked with it, as `file::test`."""
    found: dict[int, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for number, function in _marked(file):
            found[number].append(f"{file.relative_to(ROOT).as_posix()}::{function}")
    return found


def _marked(file: Path) -> Iterator[tuple[int, str]]:
    text = file.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if "mark.trap(" in text else ():
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.trap":
                yield from ((ast.literal_eval(argument), node.name) for argument in mark.args)


def page(sections: Iterable[Section], tests: Mapping[int, Sequence[str]]) -> str:
    """The whole page as Markdown."""
    return _HEAD + "".join(_section(section, tests) for section in sections)


def _section(section: Section, tests: Mapping[int, Sequence[str]]) -> str:
    rows = "".join(_row(one, tests.get(one.n, [])) for one in section.traps)
    return f"\n## {section.engine}\n\n| | what goes wrong | here | proven by |\n|---|---|---|---|\n{rows}"


def _row(trap: Trap, tests: Sequence[str]) -> str:
    proof = "<br>".join(map(_linked, tests))
    return f"| {trap.n} | {trap.trap} | {CAUGHT[trap.caught]}: {trap.how} | {proof} |\n"


def _linked(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../../{file})"


if __name__ == "__main__":
    sys.stdout.write(page(listed(), proofs()))
