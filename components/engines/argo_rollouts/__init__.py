"""Argo Rollouts: a plan becomes a Rollout, its Services and an AnalysisTemplate.

Source: argo-rollouts v1.9, docs/features/specification.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from ...capability import Cells, Emulated, Evidence, Native, Refused
from ...contracts import (
    Engine,
    MetricProvider,
    OwnedField,
    Parts,
    Providers,
    RequestSeries,
    Router,
    Told,
    Versions,
)
from ...contracts_of.argo_rollouts import RolloutsChannel, RolloutsMetrics, RolloutsRouter, RolloutsRouting, Services
from ...features import Feature
from ...manifests.configuration import config_maps
from ...manifests.meta import Manifest, manifest, without_nothing
from ...manifests.scaling import autoscalers
from ...manifests.support import disruption_budget, other_objects, service, service_accounts
from ...plan import Plan
from ...spec.base import Finding
from ...spec.checks import Check
from ...spec.delivery import REVISIONS_KEPT
from ...spec.strategies import BlueGreen
from .analysis import analysis, analysis_templates, background, stable_requests, tolerated_errors, versions
from .existing import existing_problems, from_existing, given_up
from .experiments import long_names
from .gates import gate_references, gate_templates
from .notifications import subscriptions
from .routing import routing, together
from .steps import first_watched, managed_routes, steps

_GROUP = "argoproj.io"
_API = f"{_GROUP}/v1alpha1"
_ASKED_AGAIN = "an analysis that asks every 10s until the answer is yes"
_TOLD = "read the release's events, or choose engine 'flagger'"
_SPARE_SECONDS = 30
"""How much longer than an analysis after a switch the old pods stay: the controller ends it when they go."""


class ArgoRolloutsEngine(Engine):
    """Releases with Argo Rollouts."""

    kind: Literal["argo-rollouts"] = "argo-rollouts"

    capabilities: ClassVar[Cells] = {
        Feature.SEVERAL_ROUTERS: Native(Evidence.API_SERVER),
        Feature.SCALE: Native(Evidence.API_SERVER),
        Feature.APPROVAL: Native(Evidence.TRAFFIC),
        Feature.STEP_TIMING: Native(Evidence.TRAFFIC),
        Feature.BACKGROUND: Native(Evidence.TRAFFIC),
        Feature.REPEATED_CHECKS: Native(Evidence.TRAFFIC),
        Feature.TOLERATED_FAILURES: Native(Evidence.TRAFFIC),
        Feature.KEEP_OLD_PODS: Native(Evidence.CONTROLLER),
        Feature.FAST_ROLLBACK: Native(Evidence.TRAFFIC),
        Feature.GATE_CONFIRM: Emulated(_ASKED_AGAIN, Evidence.TRAFFIC),
        Feature.GATE_PRE: Native(Evidence.TRAFFIC),
        Feature.GATE_DURING: Native(Evidence.TRAFFIC),
        Feature.GATE_INCREASE: Emulated(_ASKED_AGAIN, Evidence.TRAFFIC),
        Feature.GATE_PROMOTE: Emulated(f"{_ASKED_AGAIN}; no check is made meanwhile", Evidence.TRAFFIC),
        Feature.GATE_POST: Refused("an analysis can only be asked before the end", _TOLD),
        Feature.GATE_ROLLBACK: Refused(
            "its web metric cannot tell a yes from a no that takes a release back",
            "run `coalmine abort` instead, add a gate 'during' that says no, or choose engine 'flagger'",
        ),
        Feature.GATE_EVENT: Refused("an analysis is told nothing", _TOLD),
        Feature.EVERY_NODE: Refused(
            "a Rollout runs as many pods as it is told, in ReplicaSets",
            "use workload.kind 'deployment' and spread the pods by disruption.nodes, or choose engine 'flagger'",
        ),
        Feature.EXISTING: Native(Evidence.TRAFFIC),
        Feature.LOAD_JOB: Native(Evidence.API_SERVER),
        Feature.LOAD_TESTER: Refused(
            "Argo Rollouts runs Jobs, and has no load tester",
            "give load_test.image instead of tester, or choose engine 'flagger'",
        ),
    }
    releases: ClassVar[tuple[str, str]] = (_API, "Rollout")
    router_contract: ClassVar[type] = RolloutsRouter
    metrics_contract: ClassVar[type] = RolloutsMetrics
    channel_contract: ClassVar[type] = RolloutsChannel
    holds: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "argo-rollouts"}

    def check_problems(self, check: Check, provider: MetricProvider) -> Iterator[Finding]:
        return RolloutsMetrics.of(provider).rollouts_problems(check)

    def stable_requests(self, plan: Plan, router: Router) -> RequestSeries | None:
        return stable_requests(plan, router)

    def versions(self, plan: Plan, router: Router) -> Versions:
        return versions(plan, router)

    def problems(self, plan: Plan, router: Router) -> Sequence[Finding]:
        routed = router.rollouts_problems(plan) if isinstance(router, RolloutsRouter) else ()
        return [*long_names(plan), *existing_problems(plan), *routed]

    def together(self, plan: Plan, routers: Sequence[Router]) -> Iterator[Finding]:
        return together(plan, routers, _services(plan))

    def compile(self, plan: Plan, routers: Sequence[Router], metrics: Providers, told: Sequence[Told] = ()) -> Parts:
        services = _services(plan)
        routed = routing(plan, routers, services)
        counted = routers[0]
        rollout = _rollout(plan, routed, services, subscriptions(plan, told, counted))
        named = _named(routed, services)
        manifests = [
            *service_accounts(plan.app),
            *config_maps(plan.app),
            *other_objects(plan.app),
            *(service(plan.app, name) for name in named),
            *routed.manifests,
            *analysis_templates(plan, counted, metrics),
            *gate_templates(plan, tolerated_errors(plan.analysis)),
            rollout,
            *autoscalers(plan.app, rollout),
            disruption_budget(plan.app),
        ]
        return Parts(manifests, [*_owned(plan, named), *routed.owned])


def _services(plan: Plan) -> Services:
    return Services(plan.stable_service, plan.canary_service)


def _named(routed: RolloutsRouting, services: Services) -> Sequence[str]:
    # Without a router the controller would keep both Services up to date and split nothing between them.
    return () if routed.stanza is None else routed.turns or (services.stable, services.canary)


def _owned(plan: Plan, services: Sequence[str]) -> list[OwnedField]:
    # The controller adds the pod hash to both selectors, which are atomic maps.
    selectors = [OwnedField("", "Service", plan.namespace, name, "spec.selector") for name in services]
    replicas = OwnedField(_GROUP, "Rollout", plan.namespace, plan.name, "spec.replicas")
    scaled = [replicas] if plan.app.scaling else []
    return [*selectors, *scaled, *([given_up(plan)] if plan.existing else [])]


def _rollout(plan: Plan, routed: RolloutsRouting, services: Services, annotations: Mapping[str, str]) -> Manifest:
    app, rollback = plan.app, plan.app.delivery.rollback
    strategy = (
        {"blueGreen": _blue_green(plan, plan.switched, services)}
        if plan.switched
        else {"canary": _canary(plan, routed, services)}
    )
    spec = without_nothing(
        {
            # With an autoscaler the field stays absent: two owners would fight over it.
            "replicas": app.replicas,
            "revisionHistoryLimit": REVISIONS_KEPT,
            "rollbackWindow": {"revisions": rollback.fast_window} if rollback.fast_window else None,
            "minReadySeconds": app.workload.min_ready.whole_seconds,
            "progressDeadlineSeconds": rollback.deadline.whole_seconds,
            "progressDeadlineAbort": True,
            **(from_existing(plan) if plan.existing else _own_pods(plan, routed)),
            "strategy": strategy,
        }
    )
    metadata = {"annotations": dict(annotations)} if annotations else {}
    return manifest(_API, "Rollout", app.name, app, {"spec": spec}, **metadata)


def _own_pods(plan: Plan, routed: RolloutsRouting) -> Manifest:
    return {
        "selector": {"matchLabels": plan.app.selector},
        "template": _annotated(plan.template, routed.pod_annotations),
    }


def _annotated(template: Manifest, annotations: Mapping[str, str]) -> Manifest:
    if not annotations:
        return template
    metadata = template["metadata"]
    return {**template, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}


def _canary(plan: Plan, routed: RolloutsRouting, services: Services) -> Manifest:
    keep = plan.app.delivery.rollback.keep_old_pods.whole_seconds
    pace = {"maxSurge": "25%", "maxUnavailable": 0}
    made = steps(plan)
    watched = {"analysis": background(plan, first_watched(made))} if plan.analysis.background else {}
    if routed.stanza is None:
        return {**pace, **watched, "steps": made}
    named: Manifest = {"canaryService": services.canary, "stableService": services.stable}
    if routed.turns:
        ping, pong = routed.turns
        named = {"pingPong": {"pingService": ping, "pongService": pong}}
    return {
        **named,
        "trafficRouting": without_nothing({**routed.stanza, "managedRoutes": managed_routes(plan)}),
        **pace,
        "minPodsPerReplicaSet": 2,
        "scaleDownDelaySeconds": keep,
        # 0 would mean "never" here.
        "abortScaleDownDelaySeconds": max(keep, 1),
        **watched,
        "steps": made,
    }


def _blue_green(plan: Plan, wanted: BlueGreen, services: Services) -> Manifest:
    """The Service that users reach is switched to the new pods; the other one always shows the newest version."""
    [stage] = plan.stages
    keep = wanted.rollback.keep_old_pods.whole_seconds
    asked = gate_references(plan, "pre", "promote")
    return {
        "activeService": services.stable,
        "previewService": services.canary,
        "autoPromotionEnabled": not wanted.approval,
        "maxUnavailable": 0,
        **({"prePromotionAnalysis": {"templates": asked}} if asked else {}),
        "postPromotionAnalysis": analysis(plan, stage),
        "scaleDownDelaySeconds": max(keep, wanted.hold.whole_seconds + _SPARE_SECONDS),
        "abortScaleDownDelaySeconds": max(keep, 1),
    }
