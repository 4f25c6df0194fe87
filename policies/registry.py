"""Finds the rules: every module in rules/ lists its own in RULES."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping

from . import exemptions, rules, undecided
from .rule import Rule

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
# Keys that a policy configuration file gives a meaning of its own, and the names the pack itself reports under.
_NOTES = (*(note.id for note in undecided.NOTES), *(note.id for note in exemptions.NOTES))
_RESERVED = frozenset({"all", "environments", exemptions.GLASS, *_NOTES})


class InvalidRulesError(Exception):
    """There are no rules, two share a name or a code, or a name cannot be configured."""


def discover() -> Mapping[str, Rule]:
    """All rules by id, in the order of their ids. Raises InvalidRulesError, also where there is none to be found."""
    modules = (
        importlib.import_module(f"{rules.__name__}.{found.name}") for found in pkgutil.iter_modules(rules.__path__)
    )
    found = catalogue(rule for module in modules for rule in module.RULES)
    if not found:
        raise InvalidRulesError("the pack holds no rules: it would let everything pass")
    return found


def catalogue(found: Iterable[Rule]) -> Mapping[str, Rule]:
    """The given rules by id, in the order of their ids. Raises InvalidRulesError."""
    by_id: dict[str, Rule] = {}
    by_code: dict[str, Rule] = {}
    for rule in found:
        if not _ID.fullmatch(rule.id) or rule.id in _RESERVED:
            raise InvalidRulesError(f"'{rule.id}' ({rule.code}) cannot be the name of a rule")
        if by_id.setdefault(rule.id, rule) is not rule:
            raise InvalidRulesError(f"two rules are named '{rule.id}' ({by_id[rule.id].code} and {rule.code})")
        if by_code.setdefault(rule.code, rule) is not rule:
            raise InvalidRulesError(f"two rules have the code {rule.code} ({by_code[rule.code].id} and {rule.id})")
    return dict(sorted(by_id.items()))
