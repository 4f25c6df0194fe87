"""A release goes on for longer than its steps take."""

from collections.abc import Iterator

from ...plan import Plan
from ..alert import Alert, Case
from ..series import RELEASES, recorded
from ..signals import signals_of
from ..watched import WatchedApp


def _of_app(app: WatchedApp) -> Iterator[Case]:
    yield Case(_moving(app), signals_of(app.engine).longest(app.plan))


def _moving(app: WatchedApp) -> str:
    """A release that goes on by itself; how long it waits for people is an alert of its own."""
    running, waiting = (recorded(RELEASES, {"state": state, **app.labels}) for state in ("running", "waiting"))
    if not _waits(app.plan):
        return running
    return f"{running}\nunless on (namespace, app)\n{waiting}"


def _waits(plan: Plan) -> bool:
    """Whether people or gates may hold a release for as long as they like."""
    asked = any(stage.approval for stage in plan.stages) or bool(plan.switched and plan.switched.approval)
    held = any(check.on_no_data == "hold" for check in plan.checks)
    return asked or held or bool(plan.app.delivery.gates)


ALERT = Alert(
    name="ReleaseStuck",
    severity="warning",
    summary="The release of {{ $labels.app }} takes longer than its steps do",
    description=(
        "It should have been promoted or taken back by now. "
        "`coalmine status {{ $labels.app }}` says at which step it stands, and why."
    ),
    of_app=_of_app,
)
