"""The record that describes a rule: what it looks at, what it wants, why, and how to comply."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from .facts import Kind, KubeObject, Step, number, shown
from .stack import Stack

Settings = Mapping[str, Any]
Example = tuple[Mapping[str, Any] | KubeObject, ...]
"""A stack, as manifests or as what an adapter makes of them: its first object is the one to look at."""


class Severity(StrEnum):
    """How bad a violation can get."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Enforcement(StrEnum):
    """What a violation does: mandatory stops the change, advisory only says so."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


@dataclass(frozen=True)
class Parameter:
    """A limit that a site may set. `minimum` and `maximum` are inclusive; `meaning` names the unit."""

    name: str
    default: float
    minimum: float
    maximum: float
    meaning: str
    whole: bool = True

    def problem(self, value: Any) -> str | None:
        """What is wrong with a given value, or None."""
        given = number(value)
        if given is None or (self.whole and given != int(given)):
            return f"'{self.name}' must be a {'whole ' if self.whole else ''}number, not {shown(value)}"
        if not self.minimum <= given <= self.maximum:
            limits = f"{shown(self.minimum)} to {shown(self.maximum)}"
            return f"'{self.name}' must be from {limits}, not {shown(given)}"
        return None

    @property
    def schema(self) -> dict[str, Any]:
        """What may be given, as JSON Schema."""
        kind = "integer" if self.whole else "number"
        return {"type": kind, "minimum": self.minimum, "maximum": self.maximum}

    @property
    def limits(self) -> str:
        """What may be given, in words."""
        return f"{shown(self.minimum)} to {shown(self.maximum)}, default {self.usual}"

    @property
    def usual(self) -> str:
        """The default, as people write it."""
        return shown(self.default)


@dataclass(frozen=True)
class Texts:
    """A list of texts that a site may set; `meaning` says of what."""

    name: str
    default: tuple[str, ...]
    meaning: str

    def problem(self, value: Any) -> str | None:
        """What is wrong with a given value, or None."""
        if not isinstance(value, list | tuple):
            return f"'{self.name}' must be a list of texts, not {shown(value)}"
        for one in value:
            if not isinstance(one, str) or not one:
                return f"'{self.name}' must hold texts, not {shown(one) if one != '' else 'an empty one'}"
        return None

    @property
    def schema(self) -> dict[str, Any]:
        """What may be given, as JSON Schema."""
        return {"type": "array", "items": {"type": "string", "minLength": 1}}

    @property
    def limits(self) -> str:
        """What may be given, in words."""
        return f"a list of texts, default {self.usual}"

    @property
    def usual(self) -> str:
        """The default, as people write it."""
        return " ".join(self.default) or "none"


@dataclass(frozen=True)
class Violation:
    """The rule is broken. `found`: the value and the limit; `fix`: the change that satisfies the rule."""

    found: str
    fix: str


@dataclass(frozen=True)
class Undecided:
    """The rule cannot be judged yet. `path`: the value that only the update will know."""

    path: str


Finding = Violation | Undecided


REMOVED = object()
"""The value of a Change that takes one away."""


@dataclass(frozen=True)
class Change:
    """Another value at a path, or none (REMOVED)."""

    path: tuple[Step, ...]
    value: Any


Remedy = Callable[[KubeObject, Settings], Iterable[Change]]


class SettingsError(ValueError):
    """A rule was configured with a parameter it does not have, or with a value out of range; one problem for each."""

    def __init__(self, rule: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{rule}: {'; '.join(problems)}")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One policy; how it judges is said by ObjectRule and StackRule.

    id: its name for users and configuration. code: its place in the catalogue. title: the demand, in a few words.
    why: what goes wrong without it. source: where that can be read. fix: how to comply, in general. kinds: the objects
    it judges, and no others. parameters: its limits. passes, fails: stacks that keep it and that break it.
    exemption_days: how many days away the end of an exemption may be, where that is less than for others.
    """

    id: str
    code: str
    severity: Severity
    enforcement: Enforcement
    title: str
    why: str
    fix: str
    kinds: tuple[Kind, ...]
    parameters: tuple[Parameter | Texts, ...] = ()
    source: str = ""
    passes: tuple[Example, ...] = ()
    fails: tuple[Example, ...] = ()
    exemption_days: int | None = None

    def settings(self, given: Mapping[str, Any]) -> Settings:
        """The defaults with the given values on top. Raises SettingsError with every problem at once."""
        known = {parameter.name: parameter for parameter in self.parameters}
        problems = [_unknown_parameter(name, known) for name in sorted(set(given) - set(known))]
        problems += [problem for name in known if name in given and (problem := known[name].problem(given[name]))]
        if problems:
            raise SettingsError(self.id, problems)
        return {name: given.get(name, parameter.default) for name, parameter in known.items()}


@dataclass(frozen=True, kw_only=True)
class ObjectRule(Rule):
    """A rule that one object alone decides.

    check: a pure function from an object and the settings to findings. remedy: one to the changes in place that make
    an object keep the rule, where there are safe ones.
    """

    check: Callable[[KubeObject, Settings], Iterable[Finding]]
    remedy: Remedy | None = None


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule about an object that other objects of its stack help to decide.

    context: the kinds of these other objects. check: a pure function from an object, all objects of the context's
    kinds in the stack, and the settings to findings.
    """

    context: tuple[Kind, ...]
    check: Callable[[KubeObject, Stack, Settings], Iterable[Finding]]


def _unknown_parameter(name: str, known: Mapping[str, Any]) -> str:
    return f"unknown parameter '{name}'" + (nearest(name, known) or " (known: none)")


def nearest(wanted: str, known: Iterable[str]) -> str:
    """` (did you mean 'max'?)` where a known name is near, else the list of what is known, empty where nothing is."""
    names = sorted(known)
    close = get_close_matches(wanted, names, n=1, cutoff=0.6)
    if close:
        return f" (did you mean '{close[0]}'?)"
    return f" (known: {', '.join(names)})" if names else ""


def sentence(subject: KubeObject, finding: Violation) -> str:
    """The message for users: the object, the value found and its limit, the fix."""
    return f"{subject}: {finding.found}; {finding.fix}"
