"""How a rule reads an object: by steps that know where they are, and that stop the rule at what only an update knows.

A check that is marked `decided` reads with `read(subject)(...)`. As soon as it meets an Unknown it is left, and what it
could not judge is reported: so a value that may be wrong never passes in silence, and one that may be right is never
refused. What it had found before stays found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from .facts import KubeObject, Step, Unknown, at, dotted, items, number, shown
from .rule import Finding, Undecided

_More = ParamSpec("_More")
_Check = Callable[Concatenate[KubeObject, _More], Iterable[Finding]]


class Hidden(Exception):
    """A value was read that will be known only during the update. `path`: where; `owner`: of which object."""

    def __init__(self, path: str, owner: KubeObject) -> None:
        super().__init__(path)
        self.path = path
        self.owner = owner


@dataclass(slots=True, eq=False)
class Place:
    """A value in an object. Fields: `value`: plain data or None where absent; `path`: where; `owner`: in which object.

    Every way deeper raises Hidden where the value there is unknown.
    """

    value: Any
    path: tuple[Step, ...]
    owner: KubeObject

    def __call__(self, *steps: Step) -> "Place":
        found = at(self.value, *steps)
        if type(found) is Unknown:
            raise Hidden(found.path, self.owner)
        return Place(found, (*self.path, *steps), self.owner)

    @property
    def each(self) -> Iterator["Place"]:
        """The entries of a list in their order; an unknown one ends it by Hidden."""
        for index, found in enumerate(items(self.value)):
            if type(found) is Unknown:
                raise Hidden(found.path, self.owner)
            yield Place(found, (*self.path, index), self.owner)

    @property
    def given(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    @property
    def keys(self) -> list[str]:
        """Of an object, those that hold something, or may."""
        return [key for key, one in self.value.items() if one is not None] if isinstance(self.value, dict) else []

    @property
    def number(self) -> float | None:
        """A finite number; None for everything else."""
        return number(self.value)

    def or_default(self, absent: float) -> tuple[float | None, str]:
        """The number that counts, None where it is none, and what messages call it; `absent`: if nothing is given."""
        if self.given:
            return self.number, self.shown
        return absent, f"absent, which means {shown(absent)}"

    @property
    def count(self) -> float | None:
        """A number, also one that is written as a text, as counts of analyses may be."""
        if isinstance(self.value, str) and self.value.strip().lstrip("-").isdecimal() and len(self.value) < 20:
            return float(self.value)
        return self.number

    @property
    def text(self) -> str:
        """A text; empty for everything else."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def here(self) -> str:
        """Its path, as people write it."""
        return dotted(self.path)

    @property
    def shown(self) -> str:
        """The value as messages may show it."""
        return shown(self.value)


def read(subject: KubeObject) -> Place:
    """An object as a whole."""
    return Place(subject.body, (), subject)


def decided(check: _Check[_More]) -> Callable[Concatenate[KubeObject, _More], Iterator[Finding]]:
    """Makes what a check cannot know a finding of it."""

    @wraps(check)
    def judged(subject: KubeObject, /, *more: _More.args, **named: _More.kwargs) -> Iterator[Finding]:
        try:
            yield from check(subject, *more, **named)
        except Hidden as hidden:
            yield Undecided(hidden.path if hidden.owner is subject else f"{hidden.path} of {hidden.owner}")

    return judged
