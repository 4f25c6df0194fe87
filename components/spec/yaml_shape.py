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


_SCALAR = _Size()


@dataclass
class _Open:
    """Containers that have begun and not ended, outermost first, and the sizes of what had an anchor.

    `values` counts those of all documents so far.
    """

    stack: list[tuple[str | None, _Size]] = field(default_factory=list)
    anchors: dict[str, _Size] = field(default_factory=dict)
    values: int = 0

    def begin(self, anchor: str | None) -> None:
        self.values += 1
        self.stack.append((anchor, _Size()))

    def end(self) -> None:
        self._close(*self.stack.pop())

    def add(self, anchor: str | None, size: _Size) -> None:
        self.values += size.values
        self._close(anchor, size)

    def _close(self, anchor: str | None, size: _Size) -> None:
        if anchor:
            self.anchors[anchor] = size
        if self.stack:
            self.stack[-1][1].add(size)


def check_shape(text: str, largest: int = LARGEST) -> None:
    """Raises yaml.MarkedYAMLError where a text nests too deeply, is too large, or holds itself by an alias.

    `largest`: values in all documents together, an alias counted as often as it is used.
    """
    opened = _Open()
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent):
            opened.add(event.anchor, _SCALAR)
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.begin(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            opened.end()
        elif isinstance(event, yaml.AliasEvent):
            opened.add(None, _aliased(opened, event))
        if opened.stack:
            _limit(opened, event, largest)


def _aliased(opened: _Open, event: yaml.AliasEvent) -> _Size:
    if any(anchor == event.anchor for anchor, _ in opened.stack):
        _refuse(event, f"'*{event.anchor}' stands inside itself")
    # An unknown name is left to the loader, whose message says so.
    return opened.anchors.get(str(event.anchor), _SCALAR)


def _limit(opened: _Open, event: yaml.Event, largest: int) -> None:
    if len(opened.stack) + opened.stack[-1][1].depth - 1 > DEEPEST:
        _refuse(event, f"nested too deeply: at most {DEEPEST} levels")
    if opened.values > largest:
        _refuse(event, f"too large once its aliases are written out: at most {largest} values")


def _refuse(event: yaml.Event, problem: str) -> NoReturn:
    mark: Any = event.start_mark
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
