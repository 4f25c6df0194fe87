"""Manifests as text: what a person and a diff can read, and what comes back as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.render import to_yaml, write_tree


def test_several_lines_stay_lines() -> None:
    assert to_yaml({"query": "sum(a)\n/\nsum(b)"}) == "query: |-\n  sum(a)\n  /\n  sum(b)\n"


def test_a_truth_is_no_number_and_a_number_no_text() -> None:
    """Equal in Python, and what is written for one must not be taken for the other."""
    mixed = {"a": 1, "b": True, "c": 1.0, "d": "1", "e": 0, "f": False, "g": -0.0, "h": None}
    expected = "a: 1\nb: true\nc: 1.0\nd: '1'\ne: 0\nf: false\ng: -0.0\nh: null\n"
    assert [to_yaml(mixed), to_yaml(mixed)] == [expected, expected]


def test_the_order_of_keys_is_kept() -> None:
    assert to_yaml({"b": 1, "a": 2}) == "b: 1\na: 2\n"


def test_a_part_that_is_used_twice_is_written_twice() -> None:
    part = {"a": 1}
    assert to_yaml({"one": part, "two": part}) == "one:\n  a: 1\ntwo:\n  a: 1\n"


@pytest.mark.parametrize(
    "text", ["on", "1.10", "0x1f", "null", "", " a", "a: b", "# a", "ä", "\t", "a\n b \n", "~", "1e3"]
)
def test_text_comes_back_as_the_text_it_was(text: str) -> None:
    assert yaml.safe_load(to_yaml({"a": text})) == {"a": text}


def test_a_long_line_is_not_wrapped() -> None:
    assert len(to_yaml({"a": "word " * 500}).splitlines()) == 1


def test_a_file_is_written_before_the_next_one_is_asked_for(tmp_path: Path) -> None:
    """Otherwise the objects of ten thousand apps would all be in memory."""

    def files() -> Iterator[tuple[str, str]]:
        yield "a/one.yaml", "a: 1\n"
        assert (tmp_path / "a/one.yaml").read_text() == "a: 1\n"
        yield "a/two.yaml", "a: 2\n"

    tree = write_tree(tmp_path, files())
    assert (tree.files, tree.written, tree.removed) == (["a/one.yaml", "a/two.yaml"], ["a/one.yaml", "a/two.yaml"], [])
