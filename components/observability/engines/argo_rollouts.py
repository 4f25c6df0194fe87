"""Argo Rollouts. Source: argo-rollouts v1.9, controller/metrics (rollouts.go, analysis.go, prommetrics.go).

An AnalysisRun is called `<rollout>-<hash of the pods>-<revision>`, with the step behind it (rollout/analysis.go).
"""

from ...contracts import LabelMatch, Version
from ...manifests.pod import POD_SUFFIX
from ...plan import Plan
from ...spec.values import Duration
from ..series import by_app
from ..signals import HASH, REVISION, Signals

_OF_RUN = "(.+)-[a-z0-9]{5,10}-[0-9]+(?:-.+)?"
_FAILED_TO_WORK = "InvalidSpec|Error|Timeout"


def _phase(pattern: str) -> str:
    return by_app("rollout_info", LabelMatch("phase", "=~", pattern))


def _measured(pattern: str) -> str:
    """The runs that have a metric in one of these phases; the series of other phases are 0."""
    phase = LabelMatch("phase", "=~", pattern)
    return by_app("analysis_run_metric_phase", phase, pattern=_OF_RUN, condition=" == 1")


def _longest(plan: Plan) -> Duration:
    """All holds, and what the pods may take."""
    held = sum(stage.hold.milliseconds for stage in plan.stages)
    return Duration(held + plan.app.delivery.rollback.deadline.milliseconds)


def _version(plan: Plan) -> Version:
    workload = f"{plan.name}-${HASH}"
    return Version(f"${REVISION}", workload, f"{workload}-{POD_SUFFIX}", plan.canary_service)


_NONE = "0 * group(argo_rollouts_controller_info)"
_BUCKETS = "sum by (le) (rate(rollout_reconcile_bucket[1m]))"
_REQUESTS = "sum by (verb, status_code) (rate(controller_clientset_k8s_request_total[1m]))"
_RUNNING = _phase("Progressing|Paused")
_AVAILABLE, _DESIRED = (by_app(f"rollout_info_replicas_{which}") for which in ("available", "desired"))

SIGNALS = Signals(
    aborted=_phase("Abort"),
    running=_RUNNING,
    waiting=_phase("Paused"),
    judged=_measured("Running"),
    # Runs are kept: those of earlier releases say nothing of this one.
    unanswered=f"{_measured('Error|Inconclusive')}\nand\n{_RUNNING}",
    unready=f"{_AVAILABLE} < {_DESIRED}\nor\n{_phase(_FAILED_TO_WORK)}",
    weight="",
    checks="",
    found='sum by (metric, phase) (analysis_run_metric_phase{name=~"{app}-[a-z0-9]{5,10}-[0-9]+(?:-.+)?"} == 1)',
    events='sum by (reason) (increase(rollout_events_total{name="{app}"}[5m]))',
    longest=_longest,
    window=lambda plan: plan.analysis.interval,
    version=_version,
    work=(
        ("Reconciliations", "ops", "sum by (namespace, name) (rate(rollout_reconcile_count[1m]))", "{{name}}"),
        ("Time of a reconciliation, p95", "s", f"histogram_quantile(0.95, {_BUCKETS})", "p95"),
        ("Errors", "ops", f"sum(rate(rollout_reconcile_error[1m])) or {_NONE}", "errors"),
        ("Requests to the API server", "reqps", _REQUESTS, "{{verb}} {{status_code}}"),
    ),
)
