"""How a rule about one object is said in CEL, for the API server to judge it by; or why it cannot be.

The rule's function in Python and its CEL give the same verdict about the same object, which a test asks the real API
server for. CEL says what is broken as a list of texts, one for each violation: what was found, and the fix. Limits are
variables with the names that the rule's parameters have. Needs Kubernetes 1.33, for loops that know their index.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import cel
from .facts import Kind
from .rule import ObjectRule, Parameter, Rule, Settings

OLDEST_KUBERNETES = (1, 33)
_VARIABLE = re.compile(r"\bvariables\.(\w+)")


@dataclass(frozen=True, kw_only=True)
class Cel:
    """A rule in CEL for some of its kinds, whose fields it reads have the same types.

    broken: a list of texts, empty where the rule is kept. variables: expressions that it shares, or that are easier to
    read by a name; they may use one another. reads: what it looks at beside `spec`, e.g. `metadata.labels`.
    """

    kinds: tuple[Kind, ...]
    broken: str
    variables: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()

    def needed(self, rule: Rule, settings: Settings) -> dict[str, str]:
        """The variables that it uses, limits among them, each after those that it uses itself."""
        known = {**{one.name: literal(settings[one.name], one) for one in rule.parameters}, **self.variables}
        found: dict[str, str] = {}

        def add(text: str) -> None:
            for name in _VARIABLE.findall(text):
                if name not in found:
                    add(known[name])
                    found[name] = known[name]

        add(self.broken)
        return found


@dataclass(frozen=True)
class NotInCel:
    """Why the API server is not asked. `why`: a sentence, without a full stop."""

    why: str


Said = tuple[Cel, ...] | NotInCel


def literal(value: Any, parameter: Any) -> str:
    """A setting as CEL writes it: a number with a point, or a list of texts."""
    if isinstance(parameter, Parameter):
        return repr(float(value))
    return f"[{', '.join(quoted(one) for one in value)}]"


def renamed(text: str, names: Mapping[str, str]) -> str:
    """An expression with other names for its variables."""
    return _VARIABLE.sub(lambda found: f"variables.{names[found[1]]}", text)


def quoted(text: str) -> str:
    """A text as CEL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def any_of(words: Iterable[str]) -> str:
    """A list of texts as CEL writes it."""
    return f"[{', '.join(quoted(one) for one in words)}]"


def discover() -> Mapping[str, Said]:
    """By rule, what its family's file in cel/ says. Raises ValueError where two say something about one rule."""
    found: dict[str, Said] = {}
    for module in pkgutil.iter_modules(cel.__path__):
        for name, said in importlib.import_module(f"{cel.__name__}.{module.name}").CEL.items():
            if name in found:
                raise ValueError(f"two files in cel/ say '{name}'")
            found[name] = said
    return found


def said_of(rules: Iterable[Rule]) -> Iterator[tuple[ObjectRule, Said]]:
    """Every rule about one object, and how it is said. Raises KeyError for one of which nothing is said."""
    said = discover()
    for rule in rules:
        if isinstance(rule, ObjectRule):
            yield rule, said[rule.id]
