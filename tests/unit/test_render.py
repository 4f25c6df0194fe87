"""Manifests as text: what a person and a diff can read, and what comes back as it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.render import by_library, to_yaml, write_tree

# Letters that mean something in YAML, among others; words and numbers that readers take for no text.
_LETTERS = st.sampled_from(list("ab1 \n:#-?'\"|>%@`[]{},&*!~=<.+_/\\\t\r\x07\x85\u2028\ufeffä😀"))
_WORDS = st.sampled_from(
    ["on", "Yes", "n", "null", "~", "1.10", "08", "0x1f", "1e3", "1_0", ".5", ".inf", "<<", "=", "---"]
)
_TEXT = st.text(_LETTERS, max_size=12) | st.text(max_size=8) | _WORDS | st.just("word " * 60)
_DATA = st.recursive(
    _TEXT | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.dictionaries(_TEXT, _DATA, max_size=4))
def test_any_data_is_written_as_the_library_writes_it_and_comes_back(data: dict[str, Any]) -> None:
    assert to_yaml(data) == by_library(data)
    assert yaml.safe_load(to_yaml(data)) == data


@pytest.mark.parametrize("text", ["y", "N", "08", "1e3", "0o17", "0b1", "1_000", "+5", ".5", "0x_1f", "1.e+3"])
def test_text_that_kubernetes_would_read_as_something_else_is_quoted(text: str) -> None:
    """go-yaml 2, which reads what `kubectl apply` is given, knows more truths and numbers than PyYAML."""
    assert to_yaml({"a": text, text: ["b"]}) == f"a: '{text}'\n'{text}':\n- b\n"


@pytest.mark.parametrize("text", ["1.4.0", "1.4.0-16eb92568e", "25%", "100m", "30s", "yes-or-no", "x:y", "none"])
def test_text_that_everyone_reads_as_text_stays_as_it_is(text: str) -> None:
    assert to_yaml({"a": text}) == f"a: {text}\n"


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
