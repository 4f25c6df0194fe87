"""Files that are not a spec at all: one line with the file and the place, whatever is in them."""

from pathlib import Path

import pytest

from components.spec.errors import SpecError
from components.spec.yaml_files import parse_manifests, read_documents
from components.spec.yaml_shape import DEEPEST

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
LADDER = "a0: &a0 {x: 1}\n" + "".join(f"a{level}: &a{level} {{x: *a{level - 1}}}\n" for level in range(1, 200))

CASES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty"),
    "only comments": (b"# later\n---\n# later\n", "the file is empty"),
    "an open bracket": (b"a: [1,\n", "line 2, column 1: not valid YAML: did not find expected node content"),
    "a tab": (b"a:\n\tb: 1", "line 2, column 1: not valid YAML: found character that cannot start any token"),
    "a key twice": (b"a: 1\nb: 2\na: 3\n", "line 3, column 1: not valid YAML: key 'a' is written twice"),
    "a key twice, inside": (b"a: {b: 1, b: 2}\n", "line 1, column 11: not valid YAML: key 'b' is written twice"),
    "a key that is a number": (b"1: a\n", "line 1, column 1: not valid YAML: key 1 must be text"),
    "a key that is a truth": (b"on: a\n", "line 1, column 1: not valid YAML: key True must be text"),
    "a key that is a list": (b"? [a]\n: 1\n", "line 1, column 3: not valid YAML: key [] must be text"),
    "a list as a key, merged in": (b"<<: {? [a] : 1}\n", "line 1, column 8: not valid YAML: key [] must be text"),
    "a number as a key, merged in": (b"<<: {1: a}\n", "line 1, column 6: not valid YAML: key 1 must be text"),
    "an unknown alias": (b"a: *b\n", "line 1, column 4: not valid YAML: found undefined alias"),
    "an alias inside itself": (b"a: &b [*b]\n", "line 1, column 8: not valid YAML: '*b' stands inside itself"),
    "code": (
        b"a: !!python/object/apply:os.system [x]\n",
        "line 1, column 4: not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.system'",
    ),
    "a set": (
        b"a: !!set {b, c}\n",
        "line 1, column 4: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:set'",
    ),
    "a number that is none": (b"a: !!int x\n", "line 1, column 4: not valid YAML: not a number"),
    "a number that is empty": (b"a: !!int ''\n", "line 1, column 4: not valid YAML: not a number"),
    "a fraction that is empty": (b"a: !!float ''\n", "line 1, column 4: not valid YAML: not a number"),
    "a truth that is none": (b"a: !!bool maybe\n", "line 1, column 4: not valid YAML: not true or false"),
    "a number of 5000 digits": (b"a: " + b"9" * 5000, "line 1, column 4: not valid YAML: not a number"),
    "lists without end": (
        b"[" * 100_000,
        f"line 1, column {DEEPEST + 1}: not valid YAML: nested too deeply: at most {DEEPEST} levels",
    ),
    "mappings without end": (
        b"{a: " * 100_000,
        f"line 1, column {4 * DEEPEST - 2}: not valid YAML: nested too deeply: at most {DEEPEST} levels",
    ),
    "depth by aliases": (
        LADDER.encode(),
        f"line {DEEPEST - 1}, column 15: not valid YAML: nested too deeply: at most {DEEPEST} levels",
    ),
    "size by aliases": (
        BOMB.encode(),
        "line 6, column 10: not valid YAML: too large once its aliases are written out: at most 200000 values",
    ),
    "10 MB": (b"# " + b"x" * 10_000_000, "10.0 MB is too large: at most 1 MB a file"),
    "not UTF-8": (b"a: \xff\n", "not valid YAML: the file is not UTF-8 text"),
    "control characters": (
        b"a: \x01\n",
        "not valid YAML: unacceptable character #x0001: control characters are not allowed",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_yaml_is_said_in_one_line(name: str, tmp_path: Path) -> None:
    content, expected = CASES[name]
    file = tmp_path / "shop.yaml"
    file.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        read_documents(file, "apps/shop.yaml")
    assert [str(problem) for problem in caught.value.problems] == [f"apps/shop.yaml: {expected}"]


@pytest.mark.parametrize(("name", "expected"), [("missing.yaml", "no such file or directory"), (".", "is a directory")])
def test_what_cannot_be_read_is_said_in_one_line(name: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_documents(tmp_path / name, name)
    assert str(caught.value) == f"{name}: cannot be read: {expected}"


def test_a_manifest_may_have_any_scalar_as_a_key_merged_in_too() -> None:
    [found] = parse_manifests(b"base: &base {1: a, on: b}\ndata: {<<: *base, on: c}\n", "a.yaml")
    assert found["data"] == {"1": "a", "on": "c"}


def test_plain_yaml_is_read_as_plain_data(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "base: &base {a: 1, b: [x, 1.5, true, null]}\nmore: {<<: *base, a: 2}\nday: 2026-05-04\n---\n---\n- 1\n"
    )
    mapping = {"base": {"a": 1, "b": ["x", 1.5, True, None]}, "more": {"a": 2, "b": ["x", 1.5, True, None]}}
    assert read_documents(file, "a.yaml") == [{**mapping, "day": "2026-05-04"}, [1]]
