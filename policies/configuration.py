"""What a site sets for its rules: levels and limits, as in the file that `pulumi --policy-pack-config` takes.

A key is the id of a rule, its value a level or a mapping of `enforcementLevel` and the rule's parameters; `all` sets
the level of every rule that does not set its own. Pulumi leaves a name that no rule has aside; here it is a mistake,
because whoever wrote it believes that it does something. Source: pulumi v3.259, pkg/resource/analyzer/config.go.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from . import exemptions, undecided
from .exemptions import Exemptions, Terms
from .facts import shown
from .rule import ObjectRule, Rule, Settings, SettingsError, nearest
from .terms import terms

_ALL = "all"
# In Pulumi, the rule changes the object; what is only judged is refused, as there where a change does not help.
_REMEDIATE = "remediate"
_LEVEL = "enforcementLevel"
# Read by Pulumi alone: where it fetches values for packs that need some, which these rules do not.
_ELSEWHERE = "environments"
_NOTES = (*(note.id for note in undecided.NOTES), *(note.id for note in exemptions.NOTES))


class Level(StrEnum):
    """What a violation does: mandatory refuses, advisory only says so, disabled is not looked for."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Configured:
    """A rule as it is to be judged."""

    rule: Rule
    level: Level
    settings: Settings


@dataclass(frozen=True)
class Configuration:
    """Every rule with its level and its limits, in order, and what else a site sets.

    notes: how what is wrong with exemptions, and what is exempted, counts, by name. exemptions: the
    site's own, and what it lets objects say.
    """

    rules: tuple[Configured, ...]
    notes: Mapping[str, Configured]
    exemptions: Exemptions

    def __iter__(self) -> Iterator[Configured]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)


@dataclass(frozen=True)
class Mistake:
    """Something wrong with a configuration. `path`: where it stands, e.g. `first-step-weight.max`; empty: the whole."""

    path: str
    message: str


class ConfigurationError(ValueError):
    """A configuration that cannot be used; `mistakes` are all of them, and never none."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.path}: {one.message}" if one.path else one.message for one in self.mistakes))


def configured(rules: Iterable[Rule], given: Any, now: datetime | None = None) -> Configuration:
    """Everything that a configuration sets. Raises ConfigurationError. `now`: this very moment unless given."""
    known = {rule.id: rule for rule in rules}
    now = now or datetime.now(UTC)
    mistakes = list(_mistakes(known, given, now))
    if mistakes:
        raise ConfigurationError(mistakes)
    default = _level(given.get(_ALL))
    notes = {note.id: _configured(note, _level(given.get(note.id)), default) for note in exemptions.NOTES}
    own = given.get(exemptions.RIGHT.id)
    # As in Pulumi's engine, where a policy that is disabled does not learn its configuration.
    read = notes[exemptions.RIGHT.id].level is not Level.DISABLED
    allowed = terms(_parameters(own), known, now) if read else Terms()
    listed = tuple(_configured(rule, given.get(rule.id), default) for rule in known.values())
    return Configuration(listed, notes, Exemptions(known, allowed, now))


def _configured(rule: Rule, given: Any, default: Level | None) -> Configured:
    level = _level(given) or default or Level(rule.enforcement.value)
    return Configured(rule, level, rule.settings(_parameters(given)))


def _level(given: Any) -> Level | None:
    """The level that a value sets, if it sets one."""
    text = given.get(_LEVEL) if isinstance(given, Mapping) else given
    return None if text is None else Level.MANDATORY if text == _REMEDIATE else Level(text)


def _parameters(given: Any) -> Mapping[str, Any]:
    return {key: value for key, value in given.items() if key != _LEVEL} if isinstance(given, Mapping) else {}


def _mistakes(rules: Mapping[str, Rule], given: Any, now: datetime) -> Iterator[Mistake]:
    if not isinstance(given, Mapping):
        yield Mistake("", f"must be an object with the names of rules as keys, not {shown(given)}")
        return
    for name, value in given.items():
        if name in rules:
            rule = rules[name]
            remedy = isinstance(rule, ObjectRule) and rule.remedy is not None
            yield from _mistakes_in(name, value, rule.settings, remedy)
        elif name == exemptions.RIGHT.id:
            yield from _mistakes_in(name, value, lambda own: terms(own, rules, now))
        elif name == _ALL or name in _NOTES:
            yield from _mistakes_in(name, value, None)
        elif name != _ELSEWHERE:
            yield Mistake(str(name), "no rule has this name" + nearest(str(name), [*rules, _ALL, *_NOTES]))


def _mistakes_in(
    name: str, value: Any, read: Callable[[Mapping[str, Any]], Any] | None, remedy: bool = False
) -> Iterator[Mistake]:
    """`read`: reads the parameters that may be set; None where there are none to set. `remedy`: whether it has one."""
    if isinstance(value, str):
        yield from _mistakes_in_level(name, value, remedy)
    elif not isinstance(value, Mapping):
        yield Mistake(name, f"must be a level or an object, not {shown(value)}")
    else:
        if _LEVEL in value:
            yield from _mistakes_in_level(f"{name}.{_LEVEL}", value[_LEVEL], remedy)
        parameters = _parameters(value)
        try:
            if read is not None:
                read(parameters)
        except SettingsError as error:
            yield from (Mistake(name, problem) for problem in error.problems)
        if read is None:
            yield from (Mistake(f"{name}.{key}", f"only '{_LEVEL}' can be set here") for key in parameters)


def _mistakes_in_level(path: str, value: Any, remedy: bool) -> Iterator[Mistake]:
    levels = [*Level, *([_REMEDIATE] if remedy else [])]
    if not isinstance(value, str):
        yield Mistake(path, f"must be a level, not {shown(value)}" + nearest("", levels))
    elif value == _REMEDIATE and not remedy:
        yield Mistake(path, "no change in place makes objects keep this; set 'mandatory'")
    elif value not in levels:
        yield Mistake(path, f"'{value}' is no level" + nearest(value, levels))
