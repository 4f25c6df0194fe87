"""Manifests as text: what a person and a diff can read, and what comes back as it was."""

import pytest
import yaml

from components.render import to_yaml


def test_several_lines_stay_lines() -> None:
    assert to_yaml({"query": "sum(a)\n/\nsum(b)"}) == "query: |-\n  sum(a)\n  /\n  sum(b)\n"


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
