"""Changes in place that make an object keep a rule, for those who choose that: Pulumi's level `remediate`.

A rule with a `remedy` says which values to set. Nothing is changed where the object would break the rule all the same,
or where a value that the rule needs is not known yet. Only Pulumi makes the changes; here they are plain data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .facts import KubeObject, Step
from .reading import Hidden, Place
from .rule import REMOVED, Change, ObjectRule, Remedy, Settings, Violation


def changes(rule: ObjectRule, subject: KubeObject, settings: Settings) -> tuple[Change, ...]:
    """What to change in an object; nothing where it keeps the rule, or where no change makes it do so."""
    if rule.remedy is None or not _broken(rule, subject, settings):
        return ()
    try:
        found = tuple(rule.remedy(subject, settings))
    except Hidden:
        return ()
    changed = replace(subject, body=applied(subject.body, found))
    return found if not list(rule.check(changed, settings)) else ()


def _broken(rule: ObjectRule, subject: KubeObject, settings: Settings) -> bool:
    return any(isinstance(one, Violation) for one in rule.check(subject, settings))


def applied(body: Mapping[str, Any], found: tuple[Change, ...]) -> dict[str, Any]:
    """A copy of plain data with the changes made; what is not on their way is shared."""
    made: Any = dict(body)
    for change in found:
        made = _with(made, change.path, change.value)
    return dict(made)


def _with(value: Any, path: tuple[Step, ...], new: Any) -> Any:
    if not path:
        return new
    step, *rest = path
    copy: Any = list(value) if isinstance(value, list) else dict(value or {})
    if not rest and new is REMOVED:
        del copy[step]
        return copy
    inner = copy[step] if isinstance(step, int) else copy.get(step)
    copy[step] = _with(inner, tuple(rest), new)
    return copy


def setting(value: Any, *path: Step) -> Remedy:
    """A remedy that sets one value; a text is the name of the limit to set it to."""

    def remedy(_subject: KubeObject, settings: Settings) -> Iterator[Change]:
        yield Change(path, settings[value] if isinstance(value, str) else value)

    return remedy


def set_to(place: Place, value: Any) -> Change:
    """Another value at a place."""
    return Change(place.path, value)
