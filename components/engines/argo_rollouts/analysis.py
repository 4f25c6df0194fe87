"""What decides: an AnalysisTemplate with a metric for every check, run where a stage stands.

Source: argo-rollouts v1.9, docs/features/analysis.md.
"""

from ...contracts import Measured, MetricProvider, Router
from ...contracts_of.argo_rollouts import RolloutsMetrics
from ...manifests.meta import Manifest, manifest
from ...plan import Plan, Stage
from ...spec.delivery import Analysis, check_name
from ...spec.labels import REVISION_LABEL
from ...spec.values import Duration
from .gates import metrics_beside_checks

_REVISION_ARG = "revision"
_COUNT_ARG = "count"
_RETRY = Duration.of_seconds(10)
"""How long after an error the controller asks again, whatever the interval (its DefaultErrorRetryInterval)."""


def analysis_template(plan: Plan, router: Router, metrics: MetricProvider) -> Manifest:
    """The template that all stages share."""
    series = router.request_series(plan, Measured(revision=f"{{{{args.{_REVISION_ARG}}}}}"))
    asked = RolloutsMetrics.of(metrics)
    interval = f"{plan.analysis.interval.whole_seconds}s"
    shared = {
        # The first look comes after one interval, so that its window holds nothing from before this weight.
        "initialDelay": interval,
        "interval": interval,
        "count": f"{{{{args.{_COUNT_ARG}}}}}",
        "failureLimit": plan.analysis.tolerated_failures,
        "consecutiveErrorLimit": tolerated_errors(plan.analysis),
    }
    # Every step names its count; without one here the Rollout's validator takes the template for an endless one.
    fewest = str(min(stage.gate.count for stage in plan.stages))
    spec = {
        "args": [{"name": _REVISION_ARG}, {"name": _COUNT_ARG, "value": fewest}],
        "metrics": [
            *(
                {"name": check_name(check), **shared, **asked.rollouts_metric(check, plan, series)}
                for check in plan.checks
            ),
            *metrics_beside_checks(plan, shared),
        ],
    }
    return manifest("argoproj.io/v1alpha1", "AnalysisTemplate", plan.name, plan.app, {"spec": spec})


def tolerated_errors(analysis: Analysis) -> int:
    """Errors in a row that last as long as failed checks are tolerated: no answer is no better than a bad one."""
    return analysis.tolerated_failures * analysis.interval.milliseconds // _RETRY.milliseconds


def analysis(plan: Plan, stage: Stage) -> Manifest:
    """A run of the template for one stage."""
    revision = {"fieldRef": {"fieldPath": f"spec.template.metadata.labels.{REVISION_LABEL}"}}
    return {
        "templates": [{"templateName": plan.name}],
        # Read from the Rollout when the analysis starts, so that an undo measures the version it brings back.
        "args": [
            {"name": _REVISION_ARG, "valueFrom": revision},
            {"name": _COUNT_ARG, "value": str(stage.gate.count)},
        ],
    }
