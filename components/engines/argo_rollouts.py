"""Argo Rollouts: a plan becomes a Rollout, its Services and an AnalysisTemplate.

Every stage is `setWeight` and then an inline analysis, so a weight is left only after its checks have passed.
Source: argo-rollouts v1.9, docs/features/specification.md and docs/features/analysis.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Engine, MetricProvider, OwnedField, Router
from ..manifests.meta import Manifest, manifest, selector_labels, without_nothing
from ..manifests.support import autoscalers, disruption_budget, service, service_accounts
from ..plan import Plan, Stage
from ..spec.delivery import Analysis, check_name
from ..spec.labels import REVISION_LABEL
from ..spec.values import Duration

_API = "argoproj.io/v1alpha1"
_REVISION_ARG = "revision"
_COUNT_ARG = "count"
_RETRY = Duration.of_seconds(10)
"""How long after an error the controller asks again, whatever the interval (its DefaultErrorRetryInterval)."""


class ArgoRolloutsEngine(Engine):
    """Releases with Argo Rollouts."""

    kind: Literal["argo-rollouts"] = "argo-rollouts"

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "argo-rollouts"}

    def manifests(self, plan: Plan, router: Router, metrics: MetricProvider) -> list[Manifest]:
        rollout = _rollout(plan, router)
        return [
            *service_accounts(plan.app),
            service(plan.app, plan.stable_service),
            service(plan.app, plan.canary_service),
            _analysis_template(plan, router, metrics),
            rollout,
            *autoscalers(plan.app, rollout),
            disruption_budget(plan.app),
        ]

    def mutated_fields(self, plan: Plan) -> Sequence[OwnedField]:
        # The controller adds the pod hash to both selectors, which are atomic maps.
        services = [OwnedField("Service", name, "spec.selector") for name in (plan.stable_service, plan.canary_service)]
        replicas = [OwnedField("Rollout", plan.name, "spec.replicas")] if plan.app.scaling else []
        return [*services, *replicas]


def _rollout(plan: Plan, router: Router) -> Manifest:
    app, rollback = plan.app, plan.app.delivery.rollback
    spec = without_nothing(
        {
            # With an autoscaler the field stays absent: two owners would fight over it.
            "replicas": app.replicas,
            "revisionHistoryLimit": 5,
            "minReadySeconds": app.workload.min_ready.whole_seconds,
            "progressDeadlineSeconds": rollback.deadline.whole_seconds,
            "progressDeadlineAbort": True,
            "selector": {"matchLabels": selector_labels(app)},
            "template": plan.template,
            "strategy": {"canary": _canary(plan, router)},
        }
    )
    return manifest(_API, "Rollout", app.name, app, {"spec": spec})


def _canary(plan: Plan, router: Router) -> Manifest:
    keep = plan.app.delivery.rollback.keep_old_pods.whole_seconds
    return {
        "canaryService": plan.canary_service,
        "stableService": plan.stable_service,
        "trafficRouting": router.for_rollouts(plan),
        "maxSurge": "25%",
        "maxUnavailable": 0,
        "minPodsPerReplicaSet": 2,
        "scaleDownDelaySeconds": keep,
        # 0 would mean "never" here.
        "abortScaleDownDelaySeconds": max(keep, 1),
        "steps": [step for stage in plan.stages for step in _steps(plan, stage)],
    }


def _steps(plan: Plan, stage: Stage) -> list[Manifest]:
    revision = {"fieldRef": {"fieldPath": f"spec.template.metadata.labels.{REVISION_LABEL}"}}
    analysis = {
        "templates": [{"templateName": plan.name}],
        # Read from the Rollout when the analysis starts, so that an undo measures the version it brings back.
        "args": [
            {"name": _REVISION_ARG, "valueFrom": revision},
            {"name": _COUNT_ARG, "value": str(stage.gate.count)},
        ],
    }
    rest = [{"pause": {"duration": f"{stage.rest.whole_seconds}s"}}] if stage.rest.milliseconds else []
    return [{"setWeight": stage.weight}, {"analysis": analysis}, *rest]


def _analysis_template(plan: Plan, router: Router, metrics: MetricProvider) -> Manifest:
    series = router.request_series(plan, revision=f"{{{{args.{_REVISION_ARG}}}}}")
    interval = f"{plan.analysis.interval.whole_seconds}s"
    shared = {
        # The first look comes after one interval, so that its window holds nothing from before this weight.
        "initialDelay": interval,
        "interval": interval,
        "count": f"{{{{args.{_COUNT_ARG}}}}}",
        "failureLimit": plan.analysis.tolerated_failures,
        "consecutiveErrorLimit": _tolerated_errors(plan.analysis),
    }
    # Every step names its count; without one here the Rollout's validator takes the template for an endless one.
    fewest = str(min(stage.gate.count for stage in plan.stages))
    spec = {
        "args": [{"name": _REVISION_ARG}, {"name": _COUNT_ARG, "value": fewest}],
        "metrics": [
            {"name": check_name(check), **shared, **metrics.rollouts_metric(check, plan, series)}
            for check in plan.checks
        ],
    }
    return manifest(_API, "AnalysisTemplate", plan.name, plan.app, {"spec": spec})


def _tolerated_errors(analysis: Analysis) -> int:
    """Errors in a row that last as long as failed checks are tolerated: no answer is no better than a bad one."""
    return analysis.tolerated_failures * analysis.interval.milliseconds // _RETRY.milliseconds
