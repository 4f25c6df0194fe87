"""Flagger: a plan becomes a Deployment, a Canary and MetricTemplates.

Flagger makes the Services and the stable pods (`<app>-primary`) itself and scales the Deployment, which is the canary,
to zero between releases. At every interval it looks at all checks once and, when they pass, moves to the next weight:
so the interval is the hold of a step, and a check covers the whole of it.
Source: docs.flagger.app (How it works, Canary CRD) and flagger v1.36, pkg/controller/scheduler.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Emulated, Evidence, Refused
from ..contracts import Engine, Measured, MetricProvider, OwnedField, Parts, Router
from ..contracts_of.flagger import FlaggerMetrics, FlaggerRouter, FlaggerRouting, Look
from ..manifests.meta import Manifest, manifest, object_labels, selector_labels, without_nothing
from ..manifests.support import autoscaler, disruption_budget, service_accounts
from ..plan import Feature, Plan
from ..spec.delivery import ErrorRate, Latency, check_name
from ..spec.labels import NAME_LABEL
from ..spec.values import Duration

_API = "flagger.app/v1beta1"


class FlaggerEngine(Engine):
    """Releases with Flagger."""

    kind: Literal["flagger"] = "flagger"

    capabilities: ClassVar[Cells] = {
        Feature.STEP_TIMING: Refused(
            "Flagger has one interval for all weights",
            "give every step the same hold, or choose engine 'argo-rollouts'",
        ),
        Feature.REPEATED_CHECKS: Emulated("one check at the end of a step, over all of it", Evidence.API_SERVER),
        Feature.TOLERATED_FAILURES: Emulated(
            "failed checks add up over all steps, and each repeats its step", Evidence.API_SERVER
        ),
        Feature.KEEP_OLD_PODS: Refused(
            "Flagger scales them to zero as soon as a release ends",
            "leave rollback.keep_old_pods out, or choose engine 'argo-rollouts'",
        ),
    }
    router_contract: ClassVar[type] = FlaggerRouter
    metrics_contract: ClassVar[type] = FlaggerMetrics
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "flagger"}

    def compile(self, plan: Plan, router: Router, metrics: MetricProvider) -> Parts:
        steered = FlaggerRouter.of(router)
        routing = steered.for_flagger(plan)
        deployment = _deployment(plan)
        templates = _metrics(plan, router, metrics)
        scaler = autoscaler(plan.app, deployment, plan.app.autoscaled)
        manifests = [
            *service_accounts(plan.app),
            *routing.manifests,
            *(template for template, _ in templates),
            deployment,
            scaler,
            _canary(plan, steered.flagger_provider, routing, scaler, [reference for _, reference in templates]),
            disruption_budget(plan.app, {NAME_LABEL: (plan.name, _primary(plan))}),
        ]
        # Flagger scales the Deployment; the field is left out, and whoever applied it first gives it up.
        return Parts(manifests, [OwnedField("apps", "Deployment", plan.namespace, plan.name, "spec.replicas")])


def _primary(plan: Plan) -> str:
    return f"{plan.name}-primary"


def _deployment(plan: Plan) -> Manifest:
    app = plan.app
    spec = {
        "revisionHistoryLimit": 5,
        "minReadySeconds": app.workload.min_ready.whole_seconds,
        "progressDeadlineSeconds": app.delivery.rollback.deadline.whole_seconds,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "selector": {"matchLabels": selector_labels(app)},
        "template": plan.template,
    }
    return manifest("apps/v1", "Deployment", app.name, app, {"spec": spec})


def _metrics(plan: Plan, router: Router, metrics: MetricProvider) -> list[tuple[Manifest, Manifest]]:
    """Of every check its MetricTemplate and what the Canary says about it."""
    asked = FlaggerMetrics.of(metrics)
    series = router.request_series(plan, Measured(workload=plan.name))
    gate = plan.stages[0].gate
    look = Look(plan.stages[0].hold, plan.analysis.minimum_requests * gate.count)
    return [_metric(plan, check, look, *asked.flagger_template(check, look, series)) for check in plan.checks]


def _metric(
    plan: Plan, check: ErrorRate | Latency, look: Look, spec: Manifest, highest: float
) -> tuple[Manifest, Manifest]:
    name = f"{plan.name}-{check_name(check)}"
    template = manifest(_API, "MetricTemplate", name, plan.app, {"spec": spec})
    reference = {
        "name": check_name(check),
        "interval": _interval(look.window),
        "templateRef": {"name": name},
        "thresholdRange": {"max": highest},
    }
    return template, reference


def _canary(
    plan: Plan, provider: str, routing: FlaggerRouting, scaler: Manifest, metrics: Sequence[Manifest]
) -> Manifest:
    rollback = plan.app.delivery.rollback
    labels = {"labels": object_labels(plan.app)}
    service = {
        "name": plan.name,
        "port": plan.traffic.port,
        "targetPort": plan.port.port,
        "portName": plan.port.name,
        "appProtocol": "http",
        "apex": labels,
        "primary": labels,
        "canary": labels,
        **routing.service,
    }
    analysis = {
        "interval": _interval(plan.stages[0].hold),
        # As many failed checks take the release back.
        "threshold": plan.analysis.tolerated_failures + 1,
        "stepWeights": [stage.weight for stage in plan.stages],
        "metrics": list(metrics),
    }
    spec = without_nothing(
        {
            "provider": provider,
            "targetRef": _reference("apps/v1", "Deployment", plan.name),
            "autoscalerRef": _reference(scaler["apiVersion"], scaler["kind"], scaler["metadata"]["name"]),
            "progressDeadlineSeconds": rollback.deadline.whole_seconds,
            "revertOnDeletion": True,
            **routing.spec,
            "service": service,
            "analysis": analysis,
        }
    )
    return manifest(_API, "Canary", plan.name, plan.app, {"spec": spec})


def _reference(api_version: str, kind: str, name: str) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "name": name}


def _interval(length: Duration) -> str:
    """Flagger takes whole seconds or minutes only, and reads anything else as a minute."""
    return f"{length.whole_seconds}s"
