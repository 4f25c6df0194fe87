"""A release is judged, and there is nothing to judge it by."""

from collections.abc import Iterator

from ...spec.values import Duration
from ..alert import Alert, Case
from ..series import RELEASES, REQUESTS, recorded
from ..signals import signals_of
from ..watched import Watched, WatchedApp


def _cases(_watched: Watched) -> Iterator[Case]:
    yield Case(recorded(RELEASES, {"state": "unanswered"}))


def _of_app(app: WatchedApp) -> Iterator[Case]:
    # Half of the time that a check looks back: before it, and not after it, people can still help.
    yield Case(_unseen(app), Duration(signals_of(app.engine).window(app.plan).milliseconds // 2))


def _unseen(app: WatchedApp) -> str:
    """The new version is measured, and fewer versions get requests than there are."""
    # After a switch, and to a router that counts the new version alone, there is only one.
    fewest = 1 if app.plan.switched or not app.versions.label else 2
    judged = recorded(RELEASES, {"state": "judged", **app.labels})
    return f"{judged}\nunless on ()\n(count({recorded(REQUESTS, app.labels)}) >= {fewest})"


ALERT = Alert(
    name="AnalysisWithoutData",
    severity="warning",
    summary="The release of {{ $labels.app }} is judged without data",
    description=(
        "Prometheus has no requests of the new version of {{ $labels.namespace }}/{{ $labels.app }}, or a check got no "
        "answer. No answer counts as a bad one: the release will be taken back, or held."
    ),
    cases=_cases,
    of_app=_of_app,
)
