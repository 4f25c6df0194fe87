"""The shape of a YAML text, read before anything is built from it: how deep it nests, how large its aliases make it.

Building recurses once per level, in C where no exception stops it, and a few lines of aliases can stand for gigabytes.
"""

from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

DEEPEST = 100
"""Levels of nesting; a spec a person wrote has about fifteen."""
LARGEST = 200_000
"""Values in one file, an alias counted as often as it is used."""


@dataclass
class _Size:
    values: int = 1
    depth: int = 1

    def add(self, inner: "_Size") -> None:
        self.values += inner.values
        self.depth = max(self.depth, inner.depth + 1)


@dataclass
class _Open:
    """Containers that have begun and not ended, outermost first, and the sizes of what had an anchor."""

    stack: list[tuple[str | None, _Size]] = field(default_factory=list)
    anchors: dict[str, _Size] = field(default_factory=dict)

    def close(self, anchor: str | None, size: _Size) -> None:
        if anchor:
            self.anchors[anchor] = size
        if self.stack:
            self.stack[-1][1].add(size)


def check_shape(text: str) -> None:
    """Raises yaml.MarkedYAMLError where a text nests too deeply, is too large, or holds itself by an alias."""
    opened = _Open()
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.stack.append((event.anchor, _Size()))
        elif isinstance(event, yaml.CollectionEndEvent):
            opened.close(*opened.stack.pop())
        elif isinstance(event, yaml.ScalarEvent):
            opened.close(event.anchor, _Size())
        elif isinstance(event, yaml.AliasEvent):
            opened.close(None, _aliased(opened, event))
        _limit(opened, event)


def _aliased(opened: _Open, event: yaml.AliasEvent) -> _Size:
    if any(anchor == event.anchor for anchor, _ in opened.stack):
        _refuse(event, f"'*{event.anchor}' stands inside itself")
    # An unknown name is left to the loader, whose message says so.
    return opened.anchors.get(str(event.anchor), _Size())


def _limit(opened: _Open, event: yaml.Event) -> None:
    below = opened.stack[-1][1] if opened.stack else _Size()
    if len(opened.stack) + below.depth - 1 > DEEPEST:
        _refuse(event, f"nested too deeply: at most {DEEPEST} levels")
    if sum(size.values for _, size in opened.stack) > LARGEST:
        _refuse(event, f"too large once its aliases are written out: at most {LARGEST} values")


def _refuse(event: yaml.Event, problem: str) -> NoReturn:
    mark: Any = event.start_mark
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
