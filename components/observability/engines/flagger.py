"""Flagger. Source: flagger v1.36, pkg/metrics/recorder.go, and where pkg/controller/scheduler.go calls it.

Its status is 0 while a release goes on, 2 after one that failed, and 1 otherwise: also while it waits for a gate, when
only the weight says that a release goes on.
"""

from ...contracts import LabelMatch
from ...engines.flagger.analysis import look_of
from ...engines.flagger.targets import canary_of
from ...plan import Plan
from ...spec.values import Duration
from ..series import APPS, by_app
from ..signals import Signals

_AROUND = 7
"""Looks that a release takes beside its steps: it is seen, its pods start, the stable ones are replaced."""


def _status(value: int) -> str:
    return f"{by_app('flagger_canary_status')} == {value}"


def _longest(plan: Plan) -> Duration:
    """All holds, a look more for every failed one that is tolerated, and what the pods may take."""
    held = sum(stage.hold.milliseconds for stage in plan.stages)
    looks = look_of(plan).window.milliseconds * (plan.analysis.tolerated_failures + _AROUND)
    return Duration(held + looks + plan.app.delivery.rollback.deadline.milliseconds)


_BUCKETS = "sum by (le) (rate(flagger_canary_duration_seconds_bucket[1m]))"
_WEIGHT = by_app("flagger_canary_weight", LabelMatch("workload", "!~", ".+-primary"), name="workload")
_ROUTED = f"{_WEIGHT} > 0"
_WAITING = f"{_ROUTED}\nunless\n({_status(0)})"
_OWN = f'max by (namespace, app) ({APPS}{{engine="flagger"}})'

SIGNALS = Signals(
    aborted=_status(2),
    running=f"{_status(0)}\nor\n{_ROUTED}",
    waiting=_WAITING,
    judged=f"{_ROUTED}\nand\n{_status(0)}",
    # It tells events of a check without an answer, and goes on reporting the answer before.
    unanswered="",
    # A Canary has a status once its stable pods were ready for the first time.
    unready=f"{_OWN}\nunless\n{by_app('flagger_canary_status')}\nand on ()\nflagger_info",
    weight=_WEIGHT,
    checks="flagger_canary_metric_analysis",
    found="",
    events="",
    longest=_longest,
    window=lambda plan: look_of(plan).window,
    version=canary_of,
    work=(
        ("Canaries", "short", "sum(flagger_canary_total)", "canaries"),
        ("Looks at a release", "ops", "sum by (name) (rate(flagger_canary_duration_seconds_count[1m]))", "{{name}}"),
        ("Time of a look, p95", "s", f"histogram_quantile(0.95, {_BUCKETS})", "p95"),
    ),
)
