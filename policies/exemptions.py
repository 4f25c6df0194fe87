"""Exemptions: who lets an object break a rule, why, and until when.

One stands on the object itself, as the annotation `exemptions.coalmine.dev/RULE` with JSON, or in the policy
configuration (terms.py). Only a whole one exempts: whatever is missing, misspelt or too far away is said, and the rule
holds. What is exempted is said as well, and so is an exemption that is over, beside the violation.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Any

from .facts import KubeObject, Unknown, shown
from .rule import Enforcement, Finding, Rule, Severity, Undecided, nearest, sentence

PREFIX = "exemptions.coalmine.dev/"
FIELDS = ("owner", "reason", "until")
GLASS = "break-glass"
"""In place of a rule: one promotion skips its checks, and all of GLASS_RULES let it."""
GLASS_RULES = ("analysis-not-skipped", "analysis-start", "some-metric-counts")
_LONGEST_TEXT = 500
_LONGEST_NAME = 63
_MOST_TEXT = 4_096
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Exemption:
    """Somebody lets a rule be broken.

    rule: its id. owner, reason: who answers for it, and why. until: as written, the last day or a moment, in UTC.
    end: the first moment at which it is over. objects: which ones, as messages name them, with `*` in the name; none
    for the object that it stands on.
    """

    rule: str
    owner: str
    reason: str
    until: str
    end: datetime
    objects: tuple[str, ...] = ()

    def over(self, now: datetime) -> bool:
        """Whether it has ended."""
        return now >= self.end

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; 0 on its last one, below 0 when it is over."""
        return (self.end - now) // _ONE_DAY

    def covers(self, subject: KubeObject) -> bool:
        """Whether it names an object."""
        return any(fnmatchcase(str(subject), pattern) for pattern in self.objects)


@dataclass(frozen=True)
class Exempted:
    """A finding of a rule that an exemption covers."""

    rule: str
    finding: Finding
    exemption: Exemption


@dataclass(frozen=True)
class Terms:
    """What a site sets: for how many days a rule may be exempted at most, and its own exemptions."""

    days: int = 90
    days_of: tuple[tuple[str, int], ...] = ()
    entries: tuple[Exemption, ...] = ()

    def days_for(self, rule: Rule) -> int:
        """The most days for one rule: what is said for it, else what is said for all, or the rule itself says less."""
        said = dict(self.days_of).get(rule.id)
        return said if said is not None else min(self.days, rule.exemption_days or self.days)


class Exemptions:
    """All exemptions of a run, at one moment."""

    def __init__(self, known: Mapping[str, Rule], terms: Terms, now: datetime) -> None:
        self.now = now
        self.entries = terms.entries
        self._known = known
        self._terms = terms
        self._entries: dict[str, list[Exemption]] = {}
        for one in terms.entries:
            self._entries.setdefault(one.rule, []).append(one)

    def on(self, subject: KubeObject) -> list[Exemption]:
        """Those that stand on an object and are whole."""
        return [one for _, one in self._read(subject) if isinstance(one, Exemption)]

    def problems(self, subject: KubeObject) -> list[str]:
        """What is wrong with those that stand on an object, for users."""
        wrong = [(key, one) for key, one in self._read(subject) if not isinstance(one, Exemption)]
        return [
            f"{subject}: annotation {PREFIX}{key} exempts nothing: {'; '.join(problems)}" for key, problems in wrong
        ]

    def _read(self, subject: KubeObject) -> Iterator[tuple[str, Exemption | list[str]]]:
        for key, value in annotations(subject):
            rule = self._known.get(key)
            if key == GLASS and not isinstance(value, Unknown):
                yield key, _glass(_parsed(key, value, 1, self.now))
            elif rule is None and key != GLASS:
                yield key, ["no rule has this name" + nearest(key, [*self._known, GLASS])]
            elif isinstance(value, Unknown):
                yield key, ["its value is known only during the update, and has to be known before"]
            elif rule is not None:
                yield key, _parsed(key, value, self._terms.days_for(rule), self.now)

    def settle(self, rule: Rule, subject: KubeObject, findings: Iterable[Finding]) -> Iterator[Finding | Exempted]:
        """Findings of a rule as they count: those that are exempted as such, others beside what is over."""
        given: list[Exemption] | None = None
        for finding in findings:
            if given is None:
                given = self._given(rule, subject)
            yield self._settled(rule, finding, given)

    def excuse(self, rule: Rule, subject: KubeObject) -> bool:
        """Whether an object may break a rule now."""
        return any(not one.over(self.now) for one in self._given(rule, subject))

    def _given(self, rule: Rule, subject: KubeObject) -> list[Exemption]:
        """Those for a rule and an object, the one that ends last first."""
        names = (rule.id, GLASS) if rule.id in GLASS_RULES else (rule.id,)
        own = [one for one in self.on(subject) if one.rule in names]
        named = [one for one in self._entries.get(rule.id, ()) if one.covers(subject)]
        return sorted([*own, *named], key=lambda one: one.end, reverse=True)

    def _settled(self, rule: Rule, finding: Finding, given: Sequence[Exemption]) -> Finding | Exempted:
        if not given:
            return finding
        last = given[0]
        if not last.over(self.now):
            return Exempted(rule.id, finding, last)
        if isinstance(finding, Undecided):
            return finding
        return replace(finding, fix=f"{finding.fix}; the exemption by {last.owner} ended on {last.until}")


def annotations(subject: KubeObject) -> list[tuple[str, Any]]:
    """The exemptions as they are written on an object: what follows the prefix, and the value."""
    given = subject.at("metadata", "annotations")
    if not isinstance(given, dict):
        return []
    named = [(key, value) for key, value in given.items() if isinstance(key, str) and key.startswith(PREFIX)]
    return [(key.removeprefix(PREFIX)[:_LONGEST_NAME], value) for key, value in named if value is not None]


def told(subject: KubeObject, one: Exempted) -> str:
    """The message about what is exempted: the object, the rule, who, until when, why, and what was found."""
    by = one.exemption
    start = f"{subject}: exempted from '{one.rule}' until {by.until} by {by.owner} ({by.reason}): "
    if isinstance(one.finding, Undecided):
        return f"{start}it cannot be judged before {one.finding.path} is known"
    return start + sentence(subject, one.finding).removeprefix(f"{subject}: ")


def _parsed(rule: str, value: Any, days: int, now: datetime) -> Exemption | list[str]:
    """An annotation's value."""
    if not isinstance(value, str):
        return [f"its value must be a text with JSON, not {shown(value)}"]
    if len(value) > _MOST_TEXT:
        return [f"its value is longer than {_MOST_TEXT} characters"]
    try:
        given = json.loads(value, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return [f"its value must be JSON with {', '.join(FIELDS)}, each once"]
    return read(rule, given, days, now)


def _glass(found: Exemption | list[str]) -> Exemption | list[str]:
    """Glass is broken for hours: its end is a moment."""
    if isinstance(found, Exemption) and _DAY.fullmatch(found.until):
        return ["'until' must be a moment like 2027-01-31T18:00Z, at most 24 hours away"]
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is written twice")
    return found


def read(
    rule: str, given: Any, days: int, now: datetime, objects: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> Exemption | list[str]:
    """An exemption, or everything that keeps it from being one.

    days: how far away its end may be. objects: which it is for. more: fields beside its own that are read elsewhere.
    """
    if not isinstance(given, Mapping):
        return [f"must be an object with {', '.join(FIELDS)}, not {shown(given)}"]
    known = (*FIELDS, *more)
    unknown = sorted(str(name)[:_LONGEST_NAME] for name in set(given) - set(known))
    problems = [f"unknown field '{name}'" + nearest(name, known) for name in unknown]
    problems += [problem for name in FIELDS if (problem := _text_problem(name, given.get(name)))]
    until = given.get("until")
    end = _end(until) if isinstance(until, str) else None
    if isinstance(until, str) and until and end is None:
        problems.append("'until' must be a day like 2027-01-31 or a moment like 2027-01-31T18:00Z")
    elif end is not None and _too_far(end, str(until), days, now):
        away = (end - now) // _ONE_DAY
        allowed = f"{days} are" if days > 1 else "24 hours are"
        problems.append(f"'until' is {away} day{'' if away == 1 else 's'} away, and at most {allowed} allowed")
    if problems or end is None:
        return problems
    return Exemption(rule, given["owner"].strip(), given["reason"].strip(), str(until), end, objects)


def _text_problem(name: str, value: Any) -> str | None:
    if value is None:
        return f"'{name}' is missing"
    if not isinstance(value, str):
        return f"'{name}' must be a text, not {shown(value)}"
    if not value.strip():
        return f"'{name}' is empty"
    if len(value) > _LONGEST_TEXT or not value.isprintable():
        return f"'{name}' must be one line of at most {_LONGEST_TEXT} characters"
    return None


def _end(text: str) -> datetime | None:
    """The first moment after a day, or a moment itself; None for any other text, and a day that does not exist."""
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text) + _ONE_DAY, time(), UTC)
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def _too_far(end: datetime, until: str, days: int, now: datetime) -> bool:
    """A day may be the last of so many, however early it is now."""
    start = datetime.combine(now.date(), time(), UTC) + _ONE_DAY if _DAY.fullmatch(until) else now
    return end - start > timedelta(days=days)


RIGHT = Rule(
    id="exemptions",
    code="N1",
    severity=Severity.HIGH,
    enforcement=Enforcement.MANDATORY,
    title="Exemptions are whole",
    why="One that is misspelt, ownerless or endless looks like a decision and is none.",
    fix=f"Give {PREFIX}RULE an owner, a reason and an end that is near enough, or remove it.",
    kinds=(),
)
EXEMPTED = Rule(
    id="exempted",
    code="N2",
    severity=Severity.LOW,
    enforcement=Enforcement.ADVISORY,
    title="What is exempted is shown",
    why="Somebody lets an object break a rule until a day; whoever changes that object should know.",
    fix="Comply with the rule and remove the exemption before it ends.",
    kinds=(),
)
EXEMPTED_IN_STACK = replace(EXEMPTED, id="exempted-in-stack", code="N3", title="What is exempted in a stack is shown")
NOTES = (RIGHT, EXEMPTED, EXEMPTED_IN_STACK)
