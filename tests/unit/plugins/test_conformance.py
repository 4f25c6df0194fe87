"""The list of what the bundled plug-ins keep of Pulumi's own: every line is proven by a test, and nothing else is."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster.plugins.conformance import Line, contract, page

_ROOT = Path(__file__).resolve().parents[3]
_FOLDERS = ("tests/unit/plugins", "tests/cluster/plugins")
_PAGE = "docs/reference/bundled-plugins.md"
LINES = {line.id: line for section in contract() for line in section.lines}


def _marked(file: Path) -> Iterator[tuple[str, str]]:
    """The id of each line that a function of the file is marked with, and the function's name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.conformance":
                yield from ((ast.literal_eval(argument), node.name) for argument in mark.args)


def _proofs() -> dict[str, list[str]]:
    """The tests of every line, as `file::test`."""
    found = defaultdict(list)
    for file in sorted(path for folder in _FOLDERS for path in (_ROOT / folder).glob("*.py")):
        for identifier, function in _marked(file):
            found[identifier].append(f"{file.relative_to(_ROOT)}::{function}")
    return found


PROOFS = _proofs()


def test_every_line_has_an_id_of_its_own() -> None:
    listed = [line.id for section in contract() for line in section.lines]
    assert sorted(listed) == sorted(set(listed))


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_every_line_is_proven_by_a_test(line: Line) -> None:
    tests = PROOFS.get(line.id, [])
    assert tests, f"no test is marked with '{line.id}': {line.observed}"
    not_run = [test for test in tests if not test.partition("::")[2].startswith("test_")]
    assert not not_run, "marked, but pytest does not collect them"
    if line.refusal:
        assert any("refused" in test for test in tests), f"'{line.id}' is refused: a test has to show the refusal"


def test_no_test_is_marked_with_a_line_that_does_not_exist() -> None:
    unknown = {identifier: tests for identifier, tests in PROOFS.items() if identifier not in LINES}
    assert unknown == {}


def test_the_page_is_up_to_date() -> None:
    written = (_ROOT / _PAGE).read_text(encoding="utf-8")
    assert written == page(contract()), f"run 'python -m localcluster.plugins.conformance > {_PAGE}'"
