"""What several families of rules read from analyses of Argo Rollouts: which templates are used, how long one runs.

Source: argo-rollouts v1.9, docs/features/analysis.md.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .durations import seconds
from .facts import Kind, KubeObject, Unknown, at, items, number
from .rollouts import CLUSTER_TEMPLATE, TEMPLATE
from .stack import Stack

METRICS = ("spec", "metrics")
_Key = tuple[Kind, str, str]


@dataclass(frozen=True)
class Missing:
    """A template that the stack does not have."""

    name: str


def used_templates(
    references: Iterable[Any], namespace: str, templates: Stack
) -> Iterator[KubeObject | Missing | Unknown]:
    """The templates that entries with `templateName` mean, and those that these take in, each once.

    namespace: of the release. templates: those of its stack.
    """
    waiting, seen = deque(references), set[_Key]()
    while waiting:
        key = _key(waiting.popleft(), namespace)
        if isinstance(key, Unknown):
            yield key
        elif key not in seen:
            seen.add(key)
            found = templates.named(*key)
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
    between, before = (seconds("0s" if value is None else value) for value in (interval, delay))
    if times is None or between is None or before is None:
        return None
    return before + between * (times - 1)


def _whole(count: Any) -> float | None:
    """`count` may be a text, which holds a number or an argument."""
    return float(count) if isinstance(count, str) and count.isdecimal() else number(count)
