"""What a site says about exemptions in its policy configuration, under the name `exemptions`.

    {"exemptions": {"days": 30, "days_of": {"released-with-care": 60}, "entries": [
        {"rule": "released-with-care", "objects": ["Deployment shop/search"],
         "owner": "search", "reason": "...", "until": "2027-01-31"}]}}

Everything stands under one name, because Pulumi hands a policy its own part of the configuration only.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from .exemptions import RIGHT, Exemption, Terms, read
from .facts import items, shown
from .rule import Parameter, Rule, SettingsError, nearest

DAYS = Parameter("days", 90, 1, 366, "how many days away the end of an exemption may be")
_DAYS_OF = "days_of"
_ENTRIES = "entries"
_ELSEWHERE = ("rule", "objects")
_OBJECT = re.compile(r"(?P<kind>[A-Za-z]+) (?:[a-z0-9.-]+/)?[A-Za-z0-9.:*-]+")
SCHEMA: Mapping[str, dict[str, Any]] = {
    DAYS.name: {**DAYS.schema, "description": DAYS.meaning, "default": DAYS.default},
    _DAYS_OF: {"type": "object", "description": "the same for single rules, by their names"},
    _ENTRIES: {
        "type": "array",
        "items": {"type": "object"},
        "description": "exemptions with rule, objects, owner, reason and until",
    },
}
"""What may be given, as JSON Schema. What an entry holds is checked here, where what is meant can be named."""


def terms(given: Mapping[str, Any], known: Mapping[str, Rule], now: datetime) -> Terms:
    """What a site's configuration says. Raises SettingsError with every problem at once."""
    problems = [f"unknown parameter '{name}'" + nearest(str(name), SCHEMA) for name in sorted(set(given) - set(SCHEMA))]
    days = given.get(DAYS.name, DAYS.default)
    problem = DAYS.problem(days)
    problems += [problem] if problem else []
    days_of = {} if given.get(_DAYS_OF) is None else given[_DAYS_OF]
    problems += _problems_of_days(days_of, known)
    entries = given.get(_ENTRIES)
    if entries is not None and not isinstance(entries, list | tuple):
        problems.append(f"'{_ENTRIES}' must be a list, not {shown(entries)}")
    if problems:
        raise SettingsError(RIGHT.id, problems)
    bare = Terms(int(days), tuple((name, int(value)) for name, value in days_of.items()))
    found: list[Exemption] = []
    for index, entry in enumerate(entries or ()):
        for one in _entry(entry, known, bare, now):
            if isinstance(one, Exemption):
                found.append(one)
            else:
                problems.append(f"{_ENTRIES}[{index}]: {one}")
    if problems:
        raise SettingsError(RIGHT.id, problems)
    return Terms(bare.days, bare.days_of, tuple(found))


def _problems_of_days(days_of: Any, known: Mapping[str, Rule]) -> Iterator[str]:
    if not isinstance(days_of, Mapping):
        yield f"'{_DAYS_OF}' must be an object with the names of rules as keys, not {shown(days_of)}"
        return
    for name, value in days_of.items():
        problem = DAYS.problem(value)
        if name not in known:
            yield f"{_DAYS_OF}: no rule has the name '{name}'" + nearest(str(name), known)
        elif problem:
            yield f"{_DAYS_OF}.{name}: {problem}"


def _entry(given: Any, known: Mapping[str, Rule], bare: Terms, now: datetime) -> Iterator[Exemption | str]:
    """The exemption, or what keeps it from being one."""
    name = given.get("rule") if isinstance(given, Mapping) else None
    rule = known.get(name) if isinstance(name, str) else None
    problems = list(_problems_of_place(given, name, rule, known)) if isinstance(given, Mapping) else []
    objects = tuple(given["objects"]) if isinstance(given, Mapping) and not problems else ()
    days = bare.days_for(rule) if rule else bare.days
    found = read(rule.id if rule else "", given, days, now, objects, _ELSEWHERE)
    if isinstance(found, list):
        problems += found
    yield from problems
    if isinstance(found, Exemption) and not problems:
        yield found


def _problems_of_place(
    given: Mapping[str, Any], name: Any, rule: Rule | None, known: Mapping[str, Rule]
) -> Iterator[str]:
    if name is None:
        yield "'rule' is missing"
    elif not isinstance(name, str):
        yield f"'rule' must be a text, not {shown(name)}"
    elif rule is None:
        yield f"no rule has the name '{name[:63]}'" + nearest(name[:63], known)
    objects = given.get("objects")
    if objects is None:
        yield "'objects' is missing"
    elif not items(objects):
        yield "'objects' must be a list like ['Rollout shop/checkout']"
    for one in items(objects):
        yield from _problems_of_object(one, rule)


def _problems_of_object(one: Any, rule: Rule | None) -> Iterator[str]:
    matched = _OBJECT.fullmatch(one) if isinstance(one, str) else None
    if not matched:
        yield "'objects' must name objects as messages do: 'Rollout shop/checkout', 'Rollout shop/*'"
    elif rule and matched["kind"] not in (names := sorted({kind.name for kind in rule.kinds})):
        yield f"'objects': {rule.id} looks at no {matched['kind']}" + nearest(matched["kind"], names)
