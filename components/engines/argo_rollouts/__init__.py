"""Argo Rollouts: a plan becomes a Rollout, its Services and an AnalysisTemplate.

Source: argo-rollouts v1.9, docs/features/specification.md.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ...capability import Cells, Evidence, Native
from ...contracts import Engine, MetricProvider, OwnedField, Parts, Router
from ...contracts_of.argo_rollouts import RolloutsMetrics, RolloutsRouter, RolloutsRouting, Services
from ...features import Feature
from ...manifests.configuration import config_maps
from ...manifests.meta import Manifest, manifest, selector_labels, without_nothing
from ...manifests.scaling import autoscalers
from ...manifests.support import disruption_budget, service, service_accounts
from ...plan import Plan
from ...spec.strategies import BlueGreen
from .analysis import analysis, analysis_template
from .steps import managed_routes, steps

_GROUP = "argoproj.io"
_API = f"{_GROUP}/v1alpha1"
_SPARE_SECONDS = 30
"""How much longer than an analysis after a switch the old pods stay: the controller ends it when they go."""


class ArgoRolloutsEngine(Engine):
    """Releases with Argo Rollouts."""

    kind: Literal["argo-rollouts"] = "argo-rollouts"

    capabilities: ClassVar[Cells] = {
        Feature.SCALE: Native(Evidence.API_SERVER),
        Feature.APPROVAL: Native(Evidence.CONTROLLER),
        Feature.STEP_TIMING: Native(Evidence.TRAFFIC),
        Feature.REPEATED_CHECKS: Native(Evidence.TRAFFIC),
        Feature.TOLERATED_FAILURES: Native(Evidence.TRAFFIC),
        Feature.KEEP_OLD_PODS: Native(Evidence.CONTROLLER),
    }
    router_contract: ClassVar[type] = RolloutsRouter
    metrics_contract: ClassVar[type] = RolloutsMetrics
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "argo-rollouts"}

    def compile(self, plan: Plan, router: Router, metrics: MetricProvider) -> Parts:
        services = Services(plan.stable_service, plan.canary_service)
        routing = RolloutsRouter.of(router).for_rollouts(plan, services)
        rollout = _rollout(plan, routing, services)
        manifests = [
            *service_accounts(plan.app),
            *config_maps(plan.app),
            service(plan.app, services.stable),
            service(plan.app, services.canary),
            *routing.manifests,
            analysis_template(plan, router, metrics),
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
    strategy = (
        {"blueGreen": _blue_green(plan, plan.switched, services)}
        if plan.switched
        else {"canary": _canary(plan, routing, services)}
    )
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
            "strategy": strategy,
        }
    )
    return manifest(_API, "Rollout", app.name, app, {"spec": spec})


def _canary(plan: Plan, routing: RolloutsRouting, services: Services) -> Manifest:
    keep = plan.app.delivery.rollback.keep_old_pods.whole_seconds
    return {
        "canaryService": services.canary,
        "stableService": services.stable,
        "trafficRouting": without_nothing({**routing.stanza, "managedRoutes": managed_routes(plan)}),
        "maxSurge": "25%",
        "maxUnavailable": 0,
        "minPodsPerReplicaSet": 2,
        "scaleDownDelaySeconds": keep,
        # 0 would mean "never" here.
        "abortScaleDownDelaySeconds": max(keep, 1),
        "steps": steps(plan),
    }


def _blue_green(plan: Plan, wanted: BlueGreen, services: Services) -> Manifest:
    """The Service that users reach is switched to the new pods; the other one always shows the newest version."""
    [stage] = plan.stages
    keep = wanted.rollback.keep_old_pods.whole_seconds
    return {
        "activeService": services.stable,
        "previewService": services.canary,
        "autoPromotionEnabled": not wanted.approval,
        "maxUnavailable": 0,
        "postPromotionAnalysis": analysis(plan, stage),
        "scaleDownDelaySeconds": max(keep, wanted.hold.whole_seconds + _SPARE_SECONDS),
        "abortScaleDownDelaySeconds": max(keep, 1),
    }
