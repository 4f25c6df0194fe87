"""Argo Rollouts: a plan becomes a Rollout, its Services and an AnalysisTemplate.

Every stage is `setWeight` and then an inline analysis, so a weight is left only after its checks have passed.
Source: argo-rollouts v1.9, docs/features/specification.md and docs/features/analysis.md.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native
from ..contracts import Engine, Measured, MetricProvider, OwnedField, Parts, Router
from ..contracts_of.argo_rollouts import RolloutsMetrics, RolloutsRouter, RolloutsRouting, Services
from ..manifests.meta import Manifest, manifest, selector_labels, without_nothing
from ..manifests.support import autoscalers, disruption_budget, service, service_accounts
from ..plan import Feature, Plan, Stage
from ..spec.delivery import check_name
from ..spec.labels import REVISION_LABEL

_GROUP = "argoproj.io"
_API = f"{_GROUP}/v1alpha1"
_REVISION_ARG = "revision"
_COUNT_ARG = "count"


class ArgoRolloutsEngine(Engine):
    """Releases with Argo Rollouts."""

    kind: Literal["argo-rollouts"] = "argo-rollouts"

    capabilities: ClassVar[Cells] = {
        Feature.STEP_TIMING: Native(Evidence.TRAFFIC),
        Feature.REPEATED_CHECKS: Native(Evidence.TRAFFIC),
        Feature.TOLERATED_FAILURES: Native(Evidence.TRAFFIC),
        Feature.KEEP_OLD_PODS: Native(Evidence.CONTROLLER),
    }
    router_contract: ClassVar[type] = RolloutsRouter
    metrics_contract: ClassVar[type] = RolloutsMetrics
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "argo-rollouts"}

    def compile(self, plan: Plan, router: Router, metrics: MetricProvider) -> Parts:
        services = Services(f"{plan.name}-stable", plan.canary_service)
        routing = RolloutsRouter.of(router).for_rollouts(plan, services)
        rollout = _rollout(plan, routing, services)
        manifests = [
            *service_accounts(plan.app),
            service(plan.app, services.stable),
            service(plan.app, services.canary),
            *routing.manifests,
            _analysis_template(plan, router, metrics),
            rollout,
            *autoscalers(plan.app, rollout),
            disruption_budget(plan.app),
        ]
        return Parts(manifests, [*_owned(plan, services), *routing.owned])


def _owned(plan: Plan, services: Services) -> list[OwnedField]:
    # The controller adds the pod hash to both selectors, which are atomic maps.
    selectors = [
        OwnedField("", "Service", plan.namespace, name, "spec.selector") for name in (services.stable, services.canary)
    ]
    replicas = OwnedField(_GROUP, "Rollout", plan.namespace, plan.name, "spec.replicas")
    return [*selectors, replicas] if plan.app.scaling else selectors


def _rollout(plan: Plan, routing: RolloutsRouting, services: Services) -> Manifest:
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
            "strategy": {"canary": _canary(plan, routing, services)},
        }
    )
    return manifest(_API, "Rollout", app.name, app, {"spec": spec})


def _canary(plan: Plan, routing: RolloutsRouting, services: Services) -> Manifest:
    keep = plan.app.delivery.rollback.keep_old_pods.whole_seconds
    return {
        "canaryService": services.canary,
        "stableService": services.stable,
        "trafficRouting": routing.stanza,
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
    series = router.request_series(plan, Measured(revision=f"{{{{args.{_REVISION_ARG}}}}}"))
    asked = RolloutsMetrics.of(metrics)
    interval = f"{plan.analysis.interval.whole_seconds}s"
    shared = {
        # The first look comes after one interval, so that its window holds nothing from before this weight.
        "initialDelay": interval,
        "interval": interval,
        "count": f"{{{{args.{_COUNT_ARG}}}}}",
        "failureLimit": plan.analysis.tolerated_failures,
    }
    # Every step names its count; without one here the Rollout's validator takes the template for an endless one.
    fewest = str(min(stage.gate.count for stage in plan.stages))
    spec = {
        "args": [{"name": _REVISION_ARG}, {"name": _COUNT_ARG, "value": fewest}],
        "metrics": [
            {"name": check_name(check), **shared, **asked.rollouts_metric(check, plan, series)} for check in plan.checks
        ],
    }
    return manifest(_API, "AnalysisTemplate", plan.name, plan.app, {"spec": spec})
