"""A Canary's `analysis`: how often Flagger looks, at what, and how the traffic moves meanwhile.

Source: flagger v1.36, pkg/controller/scheduler.go.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...contracts import LabelMatch, Providers, Question, RequestSeries, Router, Versions
from ...contracts_of.flagger import FlaggerMetric, FlaggerMetrics, FlaggerRouting, FlaggerTarget, threshold_range
from ...manifests.meta import Manifest, manifest, without_nothing
from ...plan import Plan
from ...record import record
from ...spec.checks import Check, check_name, comparison, comparison_name
from ...spec.strategies import SessionAffinity
from ...spec.values import Duration
from .alerts import Alert
from .targets import measured, primary_of

API = "flagger.app/v1beta1"
_FILLED = re.compile(r"\{\{.*?\}\}")
"""What Flagger fills in when it asks: the name of a revision."""


@record
class Metric:
    """One check. Fields: `template`: its MetricTemplate; `reference`: what the Canary says about it."""

    template: Manifest
    reference: Manifest


@record
class Look:
    """One look at all checks. Fields: `window`: the time it covers; `minimum_requests`: that it needs in it."""

    window: Duration
    minimum_requests: int


def look_of(plan: Plan) -> Look:
    """What one tick looks at.

    With weights every tick that passes goes on to the next one, so a tick is a whole step. Without, ticks are counted,
    and each is one interval.
    """
    if any(stage.weight for stage in plan.stages):
        first = plan.stages[0]
        return Look(first.hold, plan.analysis.minimum_requests * first.gate.count)
    return Look(plan.analysis.interval, plan.analysis.minimum_requests)


def stable_requests(plan: Plan, router: Router) -> RequestSeries | None:
    """The primary's requests; None for a router that counts by Service: it was asked for the canary's alone."""
    both = [router.request_series(plan, measured(plan, one)) for one in (plan.name, primary_of(plan))]
    return both[1] if both[0] != both[1] else None


def versions(plan: Plan, router: Router) -> Versions:
    """The canary's and the primary's, by the names of what runs their pods."""
    new, stable = (router.request_series(plan, measured(plan, one)) for one in (plan.name, primary_of(plan)))
    for mine, other in zip(new.only, stable.only, strict=True):
        if mine != other:
            # The values are the names themselves, or those of their pods.
            every, pattern = f"{mine.value}|{other.value}", f"({plan.name}(?:-primary)?)(?:-.+)?"
        elif _FILLED.search(mine.value):
            every = pattern = _FILLED.sub(f"({plan.name}-.+)", mine.value)
        else:
            continue
        only = tuple(LabelMatch(one.label, "=~", every) if one == mine else one for one in new.only)
        return Versions(replace(new, only=only), mine.label, pattern)
    return Versions(new)


def metrics_of(plan: Plan, router: Router, target: FlaggerTarget, metrics: Providers) -> Iterator[Metric]:
    """Every check of a plan."""
    series = router.request_series(plan, measured(plan, plan.name))
    stable = stable_requests(plan, router)
    for check in plan.checks:
        provider = FlaggerMetrics.of(metrics.of(check))
        question = _question(plan, target, check, series, stable)
        yield _metric(plan, check_name(check), question, provider.flagger_metric(question))
        if comparison(check):
            compared = replace(question, against_stable=True)
            yield _metric(plan, comparison_name(check), compared, provider.flagger_metric(compared))


def _question(
    plan: Plan, target: FlaggerTarget, check: Check, series: RequestSeries, stable_series: RequestSeries | None
) -> Question:
    look = look_of(plan)
    return Question(
        check=check,
        app=plan.name,
        namespace=plan.namespace,
        window=look.window,
        minimum_requests=look.minimum_requests,
        canary=target.canary,
        stable=target.stable,
        series=series,
        stable_series=stable_series,
    )


def _metric(plan: Plan, check: str, question: Question, asked: FlaggerMetric) -> Metric:
    name = f"{plan.name}-{check}"
    reference = {
        "name": check,
        "interval": f"{max(question.window.whole_seconds // asked.intervals, 1)}s",
        # Without the namespace the platform's controller takes it for another team's template, and refuses it.
        "templateRef": {"name": name, "namespace": plan.namespace},
        "thresholdRange": threshold_range(asked.bounds),
    }
    return Metric(manifest(API, "MetricTemplate", name, plan.app, {"spec": asked.template}), reference)


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
        sticky = _sticky(affinity) if affinity else None
        return without_nothing({"stepWeights": [stage.weight for stage in plan.stages], "sessionAffinity": sticky})
    [stage] = plan.stages
    counted = {"iterations": stage.gate.count}
    if stage.route.mirror:
        return {**counted, "mirror": True, "mirrorWeight": int(stage.route.mirror.share.value)}
    return {**counted, "match": list(routing.match)}


def _sticky(affinity: SessionAffinity) -> Manifest:
    """Who keeps which version. Flagger itself has the stable version's cookie last for one interval."""
    canary = {"cookieName": affinity.cookie, "maxAge": affinity.max_age.whole_seconds}
    return canary if affinity.stable_may_drift else {**canary, "primaryCookieName": affinity.stable_cookie}


def _interval(length: Duration) -> str:
    """Flagger takes whole seconds or minutes only, and reads anything else as a minute."""
    return f"{length.whole_seconds}s"
