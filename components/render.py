"""Manifests as YAML text, and text as a tree of files; deterministic, and only what changed is written."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from .record import record

INDEX = ".coalmine-files"
"""Lists what was rendered, so that the next run removes what is gone and nothing else."""

_REMEMBERED = 4096
"""Texts that are kept as they are written: the objects of many apps are made of the same few words."""

# Text that the YAML reader of Kubernetes (go-yaml 2) takes for a truth or a number although PyYAML does not.
_MISTAKABLE = re.compile(
    r"[yYnN]|[-+]?(?:0[xX][0-9a-fA-F_]+|0[oObB][0-9_]+|(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?)"
).fullmatch
# What surely needs no quotes, and whose lines surely can stay lines; about all other text the library decides.
_PLAIN = re.compile(
    r"(?!(?i:y|n|yes|no|on|off|true|false|null)\Z)[A-Za-z][A-Za-z0-9_.:/-]*(?<!:)|[0-9]+\.[0-9]+\.[A-Za-z0-9_.-]+"
).fullmatch
_LINES = re.compile(r"[!-~](?:[ -~]*[!-~])?(?:\n(?:[ -~]*[!-~])?)*(?<!\n)\n?").fullmatch


class _Library(yaml.CSafeDumper):
    """Several lines of text stay lines; the same part twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represented(library: _Library, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _MISTAKABLE(text) else None
    return library.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Library.add_representer(str, _represented)


def by_library(manifest: Mapping[str, Any]) -> str:
    """What `to_yaml` gives, as PyYAML writes it: ten times slower, and for any data."""
    return str(yaml.dump(dict(manifest), Dumper=_Library, width=10**9, allow_unicode=True, sort_keys=False))


def to_yaml(manifest: Mapping[str, Any]) -> str:
    """One object as a YAML document, keys in the order of the manifest; the same part twice is written twice."""
    parts: list[str] = []
    try:
        _write_mapping(manifest, "", "\n", parts.append)
    except _Unusual:
        return by_library(manifest)
    return "".join(parts) + "\n" if parts else "{}\n"


class _Unusual(Exception):
    """Data whose document is left to the library."""


class _Values(dict[str, str]):
    """Text as it is written as a value; where it has several lines, the further ones are not indented yet."""

    def __missing__(self, text: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        if _PLAIN(text):
            written = text
        elif "\n" in text and _LINES(text):
            written = "|\n" + text[:-1] if text.endswith("\n") else "|-\n" + text
        else:
            written = _one_line(by_library({"k": text}).removeprefix("k: "))
        self[text] = written
        return written


class _Keys(dict[str, str]):
    """Text as it is written as a key."""

    def __missing__(self, text: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        if not isinstance(text, str):
            raise _Unusual
        written = by_library({text: 0})
        if written.startswith("? "):
            raise _Unusual
        self[text] = written = _one_line(written).removesuffix(": 0")
        return written


def _one_line(document: str) -> str:
    line = document.removesuffix("\n")
    if not line.isprintable():
        raise _Unusual
    return line


_values = _Values()
_keys = _Keys()
_Add = Callable[[str], None]


def _write_mapping(mapping: Mapping[str, Any], lead: str, indent: str, add: _Add) -> None:
    """`indent` is a line break and the spaces before each key; `lead` stands before the first one instead."""
    for key, value in mapping.items():
        kind = type(value)
        if kind is str:
            written = _values[value]
            if "\n" in written:
                written = _indented(written, indent)
            add(f"{lead}{_keys[key]}: {written}")
        elif kind is dict and value:
            add(f"{lead}{_keys[key]}:")
            _write_mapping(value, indent + "  ", indent + "  ", add)
        elif kind is list and value:
            add(f"{lead}{_keys[key]}:")
            _write_sequence(value, indent + "- ", indent, add)
        else:
            add(f"{lead}{_keys[key]}: {_scalar(value)}")
        lead = indent


def _write_sequence(sequence: list[Any], lead: str, indent: str, add: _Add) -> None:
    for value in sequence:
        kind = type(value)
        if kind is str:
            written = _values[value]
            add(lead + (_indented(written, indent) if "\n" in written else written))
        elif kind is dict and value:
            _write_mapping(value, lead, indent + "  ", add)
        elif kind is list and value:
            _write_sequence(value, lead + "- ", indent + "  ", add)
        else:
            add(lead + _scalar(value))
        lead = indent + "- "


def _indented(written: str, indent: str) -> str:
    """Several lines, the empty ones without spaces."""
    head, *lines = written.split("\n")
    return head + "".join(indent + "  " + line if line else "\n" for line in lines)


def _scalar(value: Any) -> str:
    if type(value) is int:
        return str(value)
    if value is True or value is False:
        return "true" if value else "false"
    if value is None:
        return "null"
    if value in ({}, []):
        return "[]" if type(value) is list else "{}"
    raise _Unusual


@record
class Tree:
    """What `write_tree` did: all files, those it wrote, those it removed; sorted paths below the folder."""

    files: list[str]
    written: list[str]
    removed: list[str]


def write_tree(folder: Path, files: Iterable[tuple[str, str]]) -> Tree:
    """Writes files, given as path and text, below a folder; removes those that an earlier run wrote and this did not.

    A file is written as soon as it is given, so that the tree need not fit into memory.
    """
    index = folder / INDEX
    before = index.read_text().split() if index.is_file() else []
    folder.mkdir(parents=True, exist_ok=True)
    there: set[str] = set()
    made: set[str] = set()
    written: list[str] = []
    for path, text in files:
        there.add(path)
        parent = path.rpartition("/")[0]
        if parent not in made:
            os.makedirs(f"{folder}/{parent}", exist_ok=True)  # noqa: PTH103
            made.add(parent)
        if _write(f"{folder}/{path}", text.encode()):
            written.append(path)
    removed = [path for path in before if path not in there and (folder / path).is_file()]
    for path in removed:
        (folder / path).unlink()
    index.write_text("".join(f"{path}\n" for path in sorted(there)))
    return Tree(sorted(there), sorted(written), removed)


def differences(folder: Path, files: Iterable[tuple[str, str]]) -> list[str]:
    """What `write_tree` would change, and what it would leave although nobody rendered it: one line for each file.

    What is hidden, by a name that begins with a dot, nobody delivers.
    """
    wanted = {path: text.encode() for path, text in files}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    missing = [f"{path}: is missing" for path in wanted if path not in there]
    stale = [f"{path}: is stale" for path in wanted if path in there and (folder / path).read_bytes() != wanted[path]]
    more = [f"{path}: is superfluous" for path in there - wanted.keys() if not _is_hidden(path)]
    return sorted([*missing, *stale, *more])


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _write(path: str, content: bytes) -> bool:
    """Whether the file was not there as it should be."""
    try:
        # Half the time of `Path.write_bytes`, of which rendering many apps would mostly consist.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        there = Path(path)
        if there.is_file() and there.read_bytes() == content:
            return False
        there.write_bytes(content)
        return True
    try:
        while content:
            content = content[os.write(file, content) :]
    finally:
        os.close(file)
    return True
