"""Series of the engines' controllers, whichever way they are scraped, and those that are recorded of them."""

from collections.abc import Mapping, Sequence

from ..contracts import LabelMatch
from ..request_queries import select

APPS = "coalmine_app_info"
"""Recorded for every app of the stack, with its engine and its owner."""
RELEASES = "coalmine_release"
"""Recorded as 1 for every app and every `state` that it is in."""
PHASE = "coalmine_release_phase"
"""Recorded for every app: the number of the state that is shown."""
REQUESTS = "coalmine_requests_per_second"
ERRORS = "coalmine_error_percent"
LATENCY = "coalmine_latency_milliseconds"
"""Recorded for every version of an app, the last one by `quantile`."""


def recorded(metric: str, labels: Mapping[str, str]) -> str:
    """A selector of what is recorded."""
    return select(metric, [LabelMatch(label, "=", value) for label, value in labels.items()])


def by_app(metric: str, *matches: LabelMatch, name: str = "name", pattern: str = "(.+)", condition: str = "") -> str:
    """The largest value for every app, with no labels but `namespace` and `app`.

    `name`: the label that names the app, as the group of `pattern` says; `condition`: what holds for each series.
    A server that puts the pod's own namespace on what it scrapes has the reported one in `exported_namespace`.
    Source: prometheus.io/docs, configuration, `honor_labels`.
    """
    found = select(metric, matches) if matches else metric
    named = f'label_replace({found}{condition}, "app", "$1", "{name}", "{pattern}")'
    placed = f'label_replace({named}, "namespace", "$1", "exported_namespace", "(.+)")'
    return f"max by (namespace, app) ({placed})"


def of_stack(expressions: Sequence[str]) -> str:
    """1 for each of the stack's own apps that any of the expressions is about, with its owner as a label."""
    told = "\nor\n".join(f"({one})" for one in expressions)
    return f"group by (namespace, app, owner) (\n(\n{told}\n)\n* on (namespace, app) group_left (owner) {APPS}\n)"
