"""Recording rules: how every release stands, whatever its engine, and what the checks see, of all versions at once."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from ..request_queries import error_percent, latency_milliseconds, request_rate
from ..spec.checks import Latency
from .series import APPS, ERRORS, LATENCY, PHASE, RELEASES, REQUESTS, of_stack, recorded
from .signals import Signals, signals_of
from .watched import Watched, WatchedApp

STATES = ("aborted", "running", "waiting", "judged", "unanswered", "unready")
"""What is recorded of a release; the fields of `Signals` say what each means."""

SHOWN = ("aborted", "waiting", "running", "unready")
"""The states of which one is shown, the first that holds."""

_QUANTILE = "p99"
"""What is recorded of an app that has no check of the latency."""


def release_rules(watched: Watched) -> Iterator[dict[str, Any]]:
    """The apps, then the states of their releases: rules of one group are evaluated in order."""
    for app in watched.apps:
        labels = {**app.labels, "engine": app.engine, "owner": app.plan.app.owner}
        yield {"record": APPS, "expr": "vector(1)", "labels": labels}
    every = [signals_of(engine) for engine in watched.engines]
    for state in STATES:
        told = [told for one in every if (told := _told(one, state))]
        if told:
            yield {"record": RELEASES, "expr": of_stack(told), "labels": {"state": state}}

    yield {"record": PHASE, "expr": _phase()}


def _phase() -> str:
    """The number of the first state that holds."""
    by = "max by (namespace, app, owner)"
    found = [f"{number} * {by} ({recorded(RELEASES, {'state': state})})" for number, state in enumerate(SHOWN, start=1)]
    return "\nor\n".join([*found, f"{len(SHOWN) + 1} * {by} ({APPS})"])


def _told(signals: Signals, state: str) -> str:
    told: str = getattr(signals, state)
    return told


def version_rules(app: WatchedApp) -> Iterator[dict[str, Any]]:
    """Requests, errors and latency of an app's versions, over the time that one look at the checks covers."""
    window = signals_of(app.engine).window(app.plan)
    labels = dict(app.labels)
    yield {"record": REQUESTS, "expr": request_rate(app.versions, window), "labels": labels}
    yield {"record": ERRORS, "expr": error_percent(app.versions, window), "labels": labels}
    for quantile in quantiles(app):
        expression = latency_milliseconds(app.versions, Decimal(quantile[1:]) / 100, window)
        yield {"record": LATENCY, "expr": expression, "labels": {**labels, "quantile": quantile}}


def quantiles(app: WatchedApp) -> Sequence[str]:
    """The quantiles of the latency that are recorded of an app: those that its checks look at."""
    checked = dict.fromkeys(check.quantile for check in app.plan.checks if isinstance(check, Latency))
    return list(checked) or [_QUANTILE]
