"""Manifests as YAML text, and text as a tree of files; deterministic, and only what changed is written."""

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml.representer import SafeRepresenter
from yaml.resolver import Resolver

INDEX = ".coalmine-files"
"""Lists what was rendered, so that the next run removes what is gone and nothing else."""


class _Texts(SafeRepresenter):
    """Several lines of text stay lines."""


def _text(representer: SafeRepresenter, text: str) -> yaml.ScalarNode:
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Texts.add_representer(str, _text)
_representer = _Texts()
_resolver: Any = Resolver()

_MAPPING = yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
_MAPPING_END = yaml.MappingEndEvent()
_SEQUENCE = yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False)
_SEQUENCE_END = yaml.SequenceEndEvent()
_BEGIN: tuple[yaml.Event, ...] = (yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False))
_END: tuple[yaml.Event, ...] = (yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent())


def to_yaml(manifest: Mapping[str, Any]) -> str:
    """One object as a YAML document, keys in the order of the manifest; the same part twice is written twice.

    Events go straight to the emitter: `yaml.dump` builds a tree of nodes first, which took two thirds of its time.
    """
    text = io.StringIO()
    emit = yaml.CSafeDumper(text, width=10_000, allow_unicode=True).emit
    for event in _BEGIN:
        emit(event)
    _write_value(emit, dict(manifest))
    for event in _END:
        emit(event)
    return text.getvalue()


def _write_value(emit: Callable[[yaml.Event], None], value: Any) -> None:
    if isinstance(value, str | int):
        emit(_frequent(value))
    elif isinstance(value, dict):
        emit(_MAPPING)
        for key, inner in value.items():
            emit(_frequent(key))
            _write_value(emit, inner)
        emit(_MAPPING_END)
    elif isinstance(value, list):
        emit(_SEQUENCE)
        for inner in value:
            _write_value(emit, inner)
        emit(_SEQUENCE_END)
    else:
        emit(_scalar(value))


@lru_cache(maxsize=4096, typed=True)
def _frequent(value: str | int) -> yaml.ScalarEvent:
    """The objects of many apps are made of the same few words; whether one needs quotes is found out once."""
    return _scalar(value)


def _scalar(value: Any) -> yaml.ScalarEvent:
    node: Any = _representer.represent_data(value)
    plain = _resolver.resolve(yaml.ScalarNode, node.value, (True, False)) == node.tag
    quoted = _resolver.resolve(yaml.ScalarNode, node.value, (False, True)) == node.tag
    return yaml.ScalarEvent(None, node.tag, (plain, quoted), node.value, style=node.style)


@dataclass(frozen=True)
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
    made: set[Path] = set()
    written: list[str] = []
    for path, text in files:
        there.add(path)
        file = folder / path
        if file.parent not in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        if _write(file, text.encode()):
            written.append(path)
    removed = [path for path in before if path not in there and (folder / path).is_file()]
    for path in removed:
        (folder / path).unlink()
    index.write_text("".join(f"{path}\n" for path in sorted(there)))
    return Tree(sorted(there), sorted(written), removed)


def _write(file: Path, content: bytes) -> bool:
    if file.is_file() and file.read_bytes() == content:
        return False
    file.write_bytes(content)
    return True
