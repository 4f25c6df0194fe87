"""What a site sets for its rules: levels and limits, as in the file that `pulumi --policy-pack-config` takes.

A key is the id of a rule, its value a level or a mapping of `enforcementLevel` and the rule's parameters; `all` sets
the level of every rule that does not set its own. Pulumi leaves a name that no rule has aside; here it is a mistake,
because whoever wrote it believes that it does something. Source: pulumi v3.259, pkg/resource/analyzer/config.go.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from . import undecided
from .facts import shown
from .rule import Rule, Settings, SettingsError, nearest

_ALL = "all"
_LEVEL = "enforcementLevel"
# Read by Pulumi alone: where it fetches values for packs that need some, which these rules do not.
_ELSEWHERE = "environments"
_NOTES = tuple(note.id for note in undecided.NOTES)


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
class Mistake:
    """Something wrong with a configuration. `path`: where it stands, e.g. `first-step-weight.max`; empty: the whole."""

    path: str
    message: str


class ConfigurationError(ValueError):
    """A configuration that cannot be used; `mistakes` are all of them, and never none."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.path}: {one.message}" if one.path else one.message for one in self.mistakes))


def configured(rules: Iterable[Rule], given: Any) -> list[Configured]:
    """Every rule with its level and its limits, in order. Raises ConfigurationError."""
    listed = list(rules)
    mistakes = list(_mistakes({rule.id: rule for rule in listed}, given))
    if mistakes:
        raise ConfigurationError(mistakes)
    default = _level(given.get(_ALL))
    return [_configured(rule, given.get(rule.id), default) for rule in listed]


def _configured(rule: Rule, given: Any, default: Level | None) -> Configured:
    level = _level(given) or default or Level(rule.enforcement.value)
    return Configured(rule, level, rule.settings(_parameters(given)))


def _level(given: Any) -> Level | None:
    """The level that a value sets, if it sets one."""
    text = given.get(_LEVEL) if isinstance(given, Mapping) else given
    return None if text is None else Level(text)


def _parameters(given: Any) -> Mapping[str, Any]:
    return {key: value for key, value in given.items() if key != _LEVEL} if isinstance(given, Mapping) else {}


def _mistakes(rules: Mapping[str, Rule], given: Any) -> Iterator[Mistake]:
    if not isinstance(given, Mapping):
        yield Mistake("", f"must be an object with the names of rules as keys, not {shown(given)}")
        return
    for name, value in given.items():
        if name in rules:
            yield from _mistakes_in(name, value, rules[name])
        elif name == _ALL or name in _NOTES:
            yield from _mistakes_in(name, value, None)
        elif name != _ELSEWHERE:
            yield Mistake(str(name), "no rule has this name" + nearest(str(name), [*rules, _ALL, *_NOTES]))


def _mistakes_in(name: str, value: Any, rule: Rule | None) -> Iterator[Mistake]:
    """`rule`: whose parameters may be set; None where there are none to set."""
    if isinstance(value, str):
        yield from _mistakes_in_level(name, value)
    elif not isinstance(value, Mapping):
        yield Mistake(name, f"must be a level or an object, not {shown(value)}")
    else:
        if _LEVEL in value:
            yield from _mistakes_in_level(f"{name}.{_LEVEL}", value[_LEVEL])
        parameters = _parameters(value)
        try:
            if rule is not None:
                rule.settings(parameters)
        except SettingsError as error:
            yield from (Mistake(name, problem) for problem in error.problems)
        if rule is None:
            yield from (Mistake(f"{name}.{key}", f"only '{_LEVEL}' can be set here") for key in parameters)


def _mistakes_in_level(path: str, value: Any) -> Iterator[Mistake]:
    if not isinstance(value, str):
        yield Mistake(path, f"must be a level, not {shown(value)}" + nearest("", Level))
    elif value not in list(Level):
        yield Mistake(path, f"'{value}' is no level" + nearest(value, Level))
