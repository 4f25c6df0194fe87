"""Reading in one pass: the same data as the library's loader gives, or nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.spec.errors import SpecError
from components.spec.yaml_files import LARGEST_FILE, load_text
from components.spec.yaml_plain import NotPlain, read_plain
from components.spec.yaml_shape import DEEPEST, LARGEST
from tests.specs import EXAMPLES

# Pieces of YAML, right and wrong, in any order.
_PLAIN = ["a", "b: ", "a: ", "- ", "-\n", "\n", "\n  ", "\n- ", "\nb: ", "{", "}", "[", "]", ", ", ": ", "? ", "'", '"']
_ODD = ["---\n", "...\n", "&a ", "*a", "!!str ", "! ", "<<: ", "|\n  ", ">-\n ", "# ", "\t", "%", "@", "\u2028", "\x07"]
_SCALARS = ["=", "~", "null", "on", "No", "1", "0x1f", "010", "1_000", "1:30", "1.5", ".inf", "0b2", "2001-01-01"]
_TEXTS = st.lists(st.sampled_from([*_PLAIN, *_ODD, *_SCALARS]), max_size=14).map("".join)


def _loaded(text: str) -> str | None:
    """What the loader makes of a text, types included; None where it refuses the text."""
    try:
        return repr(load_text(text, "a.yaml"))
    except SpecError:
        return None


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(_TEXTS)
def test_any_text_is_read_as_the_loader_reads_it_or_left_to_it(text: str) -> None:
    try:
        data = repr(read_plain(text))
    except NotPlain:
        return
    assert data == _loaded(text)


_WRITTEN = [file for file in sorted(EXAMPLES.glob("*/apps/*.yaml")) if "&" not in file.read_text()]


@pytest.mark.parametrize("file", _WRITTEN, ids=lambda file: file.name)
def test_what_people_write_is_read_in_one_pass(file: Path) -> None:
    assert repr(read_plain(file.read_text())) == _loaded(file.read_text())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * DEEPEST + "]" * DEEPEST, "as deep as it may be"),
        ("[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1), "as deep as it may be, with a value in it"),
        ("[" * DEEPEST + "1" + "]" * DEEPEST, "too deep"),
        ("[" * LARGEST_FILE, "deeper than any stack"),
        (f"[{'1,' * (LARGEST - 1)}]", "as large as it may be"),
        (f"[{'1,' * LARGEST}]", "too large"),
        (f"a: {'9' * 5000}", "a number of 5000 digits"),
    ],
    ids=lambda value: value if len(value) < 50 else "",
)
def test_the_limits_are_the_loaders(text: str, why: str) -> None:
    try:
        data = repr(read_plain(text))
    except NotPlain:
        return
    assert data == _loaded(text), why
