"""What several families of rules read from analyses of Argo Rollouts: which templates are used, how long one runs.

Source: argo-rollouts v1.9, docs/features/analysis.md.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .facts import Kind, KubeObject, Unknown, at, items, number
from .rollouts import CLUSTER_TEMPLATE, TEMPLATE

METRICS = ("spec", "metrics")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_Key = tuple[Kind, str, str]


@dataclass(frozen=True)
class Missing:
    """A template that the stack does not have."""

    name: str


def used_templates(
    references: Iterable[Any], namespace: str, templates: Sequence[KubeObject]
) -> Iterator[KubeObject | Missing | Unknown]:
    """The templates that entries with `templateName` mean, and those that these take in, each once.

    namespace: of the release. templates: those of its stack.
    """
    known = {(one.kind, one.namespace, one.name): one for one in templates}
    waiting, seen = list(references), set[_Key]()
    while waiting:
        key = _key(waiting.pop(0), namespace)
        if isinstance(key, Unknown):
            yield key
        elif key not in seen:
            seen.add(key)
            found = known.get(key)
            yield found or Missing(key[2])
            waiting += listed(found.at("spec", "templates")) if found else []


def listed(value: Any) -> list[Any]:
    """The entries of a list, or the Unknown that hides them."""
    return [value] if isinstance(value, Unknown) else items(value)


def _key(reference: Any, namespace: str) -> _Key | Unknown:
    """The template that is meant: its kind, namespace and name."""
    name, scoped = at(reference, "templateName"), at(reference, "clusterScope")
    hidden = next((value for value in (name, scoped) if isinstance(value, Unknown)), None)
    if hidden:
        return hidden
    named = name if isinstance(name, str) else "one without a name"
    return (CLUSTER_TEMPLATE, "", named) if scoped is True else (TEMPLATE, namespace, named)


def seconds_of(metric: Any) -> float | Unknown | None:
    """From the start of an analysis to the last measurement of a metric; None where the release's arguments say it."""
    given = (
        [metric] if isinstance(metric, Unknown) else [at(metric, key) for key in ("count", "interval", "initialDelay")]
    )
    hidden = next((value for value in given if isinstance(value, Unknown)), None)
    if hidden:
        return hidden
    count, interval, delay = given
    times = _whole(1 if count is None else count)
    between, before = (_seconds("0s" if value is None else value) for value in (interval, delay))
    if times is None or between is None or before is None:
        return None
    return before + between * (times - 1)


def _whole(count: Any) -> float | None:
    """`count` may be a text, which holds a number or an argument."""
    return float(count) if isinstance(count, str) and count.isdecimal() else number(count)


def _seconds(duration: Any) -> float | None:
    """`1m30s`, as Go writes it; None for anything else."""
    if not isinstance(duration, str) or not re.fullmatch(f"(?:{_PART.pattern})+", duration):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(duration))
