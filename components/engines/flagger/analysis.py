"""A Canary's `analysis`: how often Flagger looks, at what, and how the traffic moves meanwhile.

Source: flagger v1.36, pkg/controller/scheduler.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...contracts import Measured, MetricProvider, Router
from ...contracts_of.flagger import FlaggerMetrics, FlaggerRouting, Look
from ...manifests.meta import Manifest, manifest, without_nothing
from ...plan import Plan
from ...spec.delivery import ErrorRate, Latency, check_name
from ...spec.values import Duration
from .alerts import Alert

API = "flagger.app/v1beta1"


@dataclass(frozen=True)
class Metric:
    """One check. Fields: `template`: its MetricTemplate; `reference`: what the Canary says about it."""

    template: Manifest
    reference: Manifest


def look_of(plan: Plan) -> Look:
    """What one tick looks at.

    With weights every tick that passes goes on to the next one, so a tick is a whole step. Without, ticks are counted,
    and each is one interval.
    """
    if any(stage.weight for stage in plan.stages):
        first = plan.stages[0]
        return Look(first.hold, plan.analysis.minimum_requests * first.gate.count)
    return Look(plan.analysis.interval, plan.analysis.minimum_requests)


def metrics_of(plan: Plan, router: Router, metrics: MetricProvider) -> list[Metric]:
    """Every check of a plan."""
    asked = FlaggerMetrics.of(metrics)
    series = router.request_series(plan, Measured(workload=plan.name))
    look = look_of(plan)
    return [_metric(plan, check, look, *asked.flagger_template(check, look, series)) for check in plan.checks]


def _metric(plan: Plan, check: ErrorRate | Latency, look: Look, spec: Manifest, highest: float) -> Metric:
    name = f"{plan.name}-{check_name(check)}"
    reference = {
        "name": check_name(check),
        "interval": _interval(look.window),
        # Without the namespace the platform's controller takes it for another team's template, and refuses it.
        "templateRef": {"name": name, "namespace": plan.namespace},
        "thresholdRange": {"max": highest},
    }
    return Metric(manifest(API, "MetricTemplate", name, plan.app, {"spec": spec}), reference)


def analysis(plan: Plan, routing: FlaggerRouting, metrics: Sequence[Metric], alerts: Sequence[Alert]) -> Manifest:
    """The whole of it."""
    told = {"alerts": [alert.reference for alert in alerts]} if alerts else {}
    return {
        "interval": _interval(look_of(plan).window),
        # As many failed checks take the release back.
        "threshold": plan.analysis.tolerated_failures + 1,
        **_traffic(plan, routing),
        "metrics": [metric.reference for metric in metrics],
        **told,
    }


def _traffic(plan: Plan, routing: FlaggerRouting) -> Manifest:
    affinity = plan.session_affinity
    if any(stage.weight for stage in plan.stages):
        sticky = {"cookieName": affinity.cookie, "maxAge": affinity.max_age.whole_seconds} if affinity else None
        return without_nothing({"stepWeights": [stage.weight for stage in plan.stages], "sessionAffinity": sticky})
    [stage] = plan.stages
    counted = {"iterations": stage.gate.count}
    if stage.route.mirror:
        return {**counted, "mirror": True, "mirrorWeight": int(stage.route.mirror.share.value)}
    return {**counted, "match": list(routing.match)}


def _interval(length: Duration) -> str:
    """Flagger takes whole seconds or minutes only, and reads anything else as a minute."""
    return f"{length.whole_seconds}s"
