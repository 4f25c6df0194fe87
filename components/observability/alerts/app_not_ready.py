"""An app has fewer pods than it should, or its controller cannot work with it."""

from collections.abc import Iterator

from ..alert import Alert, Case
from ..series import RELEASES, recorded
from ..watched import Watched


def _cases(watched: Watched) -> Iterator[Case]:
    deadlines = [app.plan.app.delivery.rollback.deadline for app in watched.apps]
    # No app's pods may take longer; one rule for all of them.
    for longest in sorted(deadlines)[-1:]:
        yield Case(recorded(RELEASES, {"state": "unready"}), longest)


ALERT = Alert(
    name="AppNotReady",
    severity="critical",
    summary="{{ $labels.app }} has not got all its pods",
    description=(
        "Pods of {{ $labels.namespace }}/{{ $labels.app }} did not become ready in the time that they may take, "
        "or its controller cannot work with what it found."
    ),
    cases=_cases,
)
