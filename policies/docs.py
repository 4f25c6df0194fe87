"""The reference page of the pack, made from the rules: `python -m policies.docs > docs/reference/policies.md`."""

import sys
from collections.abc import Iterable, Mapping

from . import exemptions, expressions, undecided
from .facts import Kind
from .registry import discover
from .rule import ObjectRule, Parameter, Rule, StackRule, Texts
from .terms import DAYS

_HEAD = """# Policies

<!-- Generated from the rules: `python -m policies.docs > docs/reference/policies.md`. Do not edit. -->

`pulumi preview --policy-pack policies` judges every object that the stack registers and refuses the change where a
mandatory rule is broken. What something else applies (a chart's `Release`, Argo CD, Flux) is not in view here. Levels
and parameters are set with `--policy-pack-config FILE`, a JSON file; what it leaves out keeps its default:

```json
{"first-step-weight": {"enforcementLevel": "mandatory", "max": 5}, "metric-condition": "advisory"}
```

[`coalmine check`](../how-to/check-manifests.md) judges plain YAML by the same rules and takes the same file.

Rules that look at other objects of the stack as well are judged when the whole stack is known: in a preview like all
others, in an update only after the objects were changed. So preview first, as `pulumi up` does by itself.

The API server judges too where [admission](../how-to/enforce-in-the-cluster.md) is installed. What it cannot be asked:

{not_there}
Levels: `mandatory` refuses, `advisory` only warns, `disabled` skips the rule; `"all"` sets the level of all. Where the
table says that there is a remedy, `remediate` lets Pulumi [change the object](../concepts/policies.md#remedies). An
object that has to break a rule for a while is [exempted](../how-to/exempt-from-a-rule.md).

| rule | code | default | severity | remedy | at admission | parameters |
|---|---|---|---|---|---|---|
"""
_OF_STACKS = "it looks at other objects too, and admission shows one at a time"


def page(rules: Iterable[Rule]) -> str:
    """The whole page as Markdown."""
    listed = list(rules)
    said = expressions.discover()
    why = {rule.id: _why_not(rule, said) for rule in listed}
    table = "".join(_row(rule, why[rule.id]) for rule in listed)
    return (
        _HEAD.replace("{not_there}", _not_there(why))
        + table
        + "".join(_section(rule) for rule in listed)
        + "".join(_note(note) for note in (*exemptions.NOTES, *undecided.NOTES))
    )


def _why_not(rule: Rule, said: Mapping[str, expressions.Said]) -> str:
    """Why the API server cannot be asked; empty where it can."""
    if isinstance(rule, StackRule):
        return _OF_STACKS
    found = said[rule.id]
    return found.why if isinstance(found, expressions.NotInCel) else ""


def _not_there(why: Mapping[str, str]) -> str:
    """A line for each reason, with the rules that have it."""
    reasons = sorted({one for one in why.values() if one})
    return "".join(
        f"- {', '.join(f'`{name}`' for name, one in why.items() if one == reason)}: {reason}.\n" for reason in reasons
    )


def _row(rule: Rule, why_not: str) -> str:
    parameters = ", ".join(f"`{one.name}` = {one.usual}" for one in rule.parameters) or "none"
    there = "" if why_not else "yes"
    facts = (rule.code, rule.enforcement, rule.severity, "yes" if _has_remedy(rule) else "", there, parameters)
    return f"| [`{rule.id}`](#{rule.id}) | {' | '.join(facts)} |\n"


def _has_remedy(rule: Rule) -> bool:
    return isinstance(rule, ObjectRule) and rule.remedy is not None


def _section(rule: Rule) -> str:
    looks_at = _kinds(rule.kinds)
    if isinstance(rule, StackRule):
        looks_at += f", and for it at every {_kinds(rule.context)} of the stack"
    parameters = "".join(_parameter(one) for one in rule.parameters)
    if rule.exemption_days:
        parameters += f"- **Exemptions:** at most {rule.exemption_days} days, unless `days_of` of the site says more.\n"
    return (
        f"\n## {rule.id}\n\n{rule.title}. Looks at {looks_at}.\n\n"
        f"- **Why:** {rule.why}\n- **Fix:** {rule.fix}\n{parameters}- **Source:** {rule.source}.\n"
    )


def _kinds(kinds: Iterable[Kind]) -> str:
    return ", ".join(f"`{kind.name}`" for kind in kinds)


def _parameter(one: Parameter | Texts) -> str:
    return f"- **`{one.name}`** ({one.limits}): {one.meaning}.\n"


def _note(note: undecided.Note | Rule) -> str:
    level = note.enforcement if isinstance(note, Rule) else "advisory"
    own = "" if note is not exemptions.RIGHT else f"- **`{DAYS.name}`** ({DAYS.limits}): {DAYS.meaning}.\n"
    return (
        f"\n## {note.id}\n\n{note.title}. {level.capitalize()} by default; not a rule of its own.\n\n"
        f"- **Why:** {note.why}\n- **Fix:** {note.fix}\n{own}"
    )


if __name__ == "__main__":
    sys.stdout.write(page(discover().values()))
