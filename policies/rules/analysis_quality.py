"""Analysis quality: whether the measurements that guard a release can tell good from bad.

The meaning of the fields is that of the engine. In Argo Rollouts a measurement of a metric that has neither condition
is a success whatever was measured; only the job and Kayenta providers bring a verdict of their own. In Flagger a
`thresholdRange` without a bound lets everything pass, and a metric without any threshold has 0.
"""

from collections.abc import Iterator
from typing import Any

from ..canaries import CANARY as FLAGGER
from ..canaries import METRICS as FLAGGER_METRICS
from ..canaries import WEBHOOKS, weights
from ..examples import BLUE_GREEN as GOOD_SWITCH
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..examples import TEMPLATE as GOOD_TEMPLATE
from ..examples import drop, put
from ..facts import KubeObject, Unknown, at, dotted, items, number, shown
from ..remedies import setting
from ..rollouts import BLUE_GREEN, CANARY, CLUSTER_TEMPLATE, ROLLOUT, STEPS, TEMPLATE, fix_in_app, full_weight
from ..rule import (
    Enforcement,
    Finding,
    ObjectRule,
    Parameter,
    Settings,
    Severity,
    Undecided,
    Violation,
)
from ..switches import judge_switch

_METRICS = ("spec", "metrics")
_CLUSTER = put(put(GOOD_TEMPLATE, "kind", "ClusterAnalysisTemplate"), "metadata", {"name": "shop"})
_SKIP = ("spec", "skipAnalysis")
_CONDITIONS = ("successCondition", "failureCondition")
_PROVIDERS_WITH_A_VERDICT = ("job", "kayenta")


def metric_condition(template: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Every metric needs a success or a failure condition, unless its provider brings the verdict."""
    if template.kind == FLAGGER:
        yield from _judge_thresholds(template)
        return
    metrics = template.at(*_METRICS)
    if isinstance(metrics, Unknown):
        yield Undecided(metrics.path)
    for index, metric in enumerate(items(metrics)):
        yield from _judge_metric(metric, index)


def _judge_metric(metric: object, index: int) -> Iterator[Finding]:
    verdicts = [at(metric, "provider", provider) for provider in _PROVIDERS_WITH_A_VERDICT]
    conditions = [at(metric, condition) for condition in _CONDITIONS]
    if any(_is_condition(value) for value in conditions):
        return
    if any(value is not None and not isinstance(value, Unknown) for value in verdicts):
        return
    hidden = next((value for value in (*conditions, *verdicts) if isinstance(value, Unknown)), None)
    if hidden:
        yield Undecided(hidden.path)
        return
    path = dotted((*_METRICS, index))
    name = at(metric, "name")
    called = f"metric '{name}'" if isinstance(name, str) else path
    found = f"{called} has neither a successCondition nor a failureCondition, so every measurement is a success"
    yield Violation(found, f"give {path} a successCondition that is true only for a good release")


def _judge_thresholds(canary: KubeObject) -> Iterator[Finding]:
    metrics = canary.at(*FLAGGER_METRICS)
    if isinstance(metrics, Unknown):
        yield Undecided(metrics.path)
    for index, metric in enumerate(items(metrics)):
        given = [at(metric, *path) for path in (("threshold",), ("thresholdRange", "min"), ("thresholdRange", "max"))]
        if any(number(value) is not None for value in given):
            continue
        hidden = next((value for value in given if isinstance(value, Unknown)), None)
        path = dotted((*FLAGGER_METRICS, index))
        if hidden:
            yield Undecided(hidden.path)
        elif at(metric, "thresholdRange") is not None:
            found = f"{path}.thresholdRange has neither min nor max, so every measurement is a success"
            yield Violation(found, f"give {path} the range in which a release is good")
        else:
            found = f"{path} has no threshold, which means 0"
            yield Violation(found, f"give {path} a thresholdRange, in which a release is good")


def analysis_not_skipped(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """`skipAnalysis` must not be true."""
    skip = canary.at(*_SKIP)
    if isinstance(skip, Unknown):
        yield Undecided(skip.path)
    elif skip is not None and skip is not False:
        found = f"{dotted(_SKIP)} is set, so every release is promoted without any check"
        yield Violation(found, f"leave {dotted(_SKIP)} out, or set it to false")


def _is_condition(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def analysis_start(rollout: KubeObject, settings: Settings) -> Iterator[Finding]:
    """An analysis starts while the new version gets less than `below`; in blue-green, while it can be switched back."""
    if rollout.kind == FLAGGER:
        yield from _judge_flaggers_start(rollout, settings["below"])
    elif rollout.at(*CANARY) is not None:
        yield from _judge_canary_start(rollout, settings["below"])
    elif rollout.at(*BLUE_GREEN) is not None:
        yield from judge_switch(rollout, settings["stay"])


def _judge_canary_start(rollout: KubeObject, below: float) -> Iterator[Finding]:
    whole = full_weight(rollout)
    if isinstance(whole, Undecided | Violation):
        yield whole
        return
    start = _background_start(rollout)
    reached = 0.0
    for index, step in enumerate(items(rollout.at(*STEPS))):
        analyses = _analyses_of(step)
        if start is not None and not isinstance(start, Unknown) and index >= start:
            break
        hidden = [value for value in (start, analyses, at(step, "setWeight")) if isinstance(value, Unknown)]
        if hidden:
            yield Undecided(hidden[0].path)
            return
        if analyses:
            break
        reached = max(reached, (number(at(step, "setWeight")) or 0) * 100 / whole)
    else:
        reached = 100
    if reached >= below:
        yield _late(rollout, reached, below)


def _judge_flaggers_start(canary: KubeObject, below: float) -> Iterator[Finding]:
    """Flagger looks at everything for the first time when the first weight was held."""
    found = weights(canary)
    given = [canary.at(*path) for path in (FLAGGER_METRICS, WEBHOOKS)]
    hidden = next((value for value in given if isinstance(value, Unknown)), None)
    if isinstance(found, Undecided | Violation):
        yield found
    elif items(given[0]) or any(at(hook, "type") in (None, "", "rollout") for hook in items(given[1])):
        if found and found[0] >= below:
            yield _late(canary, found[0], below)
    elif hidden:
        yield Undecided(hidden.path)
    else:
        yield _late(canary, 100, below)


def _late(rollout: KubeObject, reached: float, below: float) -> Violation:
    weight = "only when all traffic has moved, or never" if reached >= 100 else f"at a weight of {shown(reached)} %"
    found = f"the first analysis starts {weight}; it has to start below {shown(below)} %"
    if rollout.app is not None:
        change = f"begin with a weight below {shown(below)}"
        return Violation(found, fix_in_app(rollout.app, change, "delivery.steps[0].weight"))
    if rollout.kind == FLAGGER:
        return Violation(found, f"begin with a lower weight, and name what is measured in {dotted(FLAGGER_METRICS)}")
    return Violation(found, f"put an analysis right after the first weight in {dotted(STEPS)}")


def _background_start(rollout: KubeObject) -> float | Unknown | None:
    """The step with which the background analysis starts, None where there is none."""
    templates = rollout.at(*CANARY, "analysis", "templates")
    if isinstance(templates, Unknown):
        return templates
    if not items(templates):
        return None
    first = rollout.at(*CANARY, "analysis", "startingStep")
    return first if isinstance(first, Unknown) else number(first) or 0


def _analyses_of(step: Any) -> bool | Unknown:
    """Whether a step runs an analysis, an experiment's included; the Unknown that hides it."""
    inline, experiment = at(step, "analysis", "templates"), at(step, "experiment", "analyses")
    if items(inline) or items(experiment):
        return True
    return next((value for value in (inline, experiment) if isinstance(value, Unknown)), False)


RULES = (
    ObjectRule(
        id="analysis-start",
        code="A1",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="An analysis starts while few users are reached",
        why="A release that is measured only when most users have it can no longer be stopped in time.",
        fix="Run an analysis right after the first weight, or in the background from the start; around a switch, "
        "before it or while the old pods are still there.",
        kinds=(ROLLOUT, FLAGGER),
        source="Argo Rollouts, docs/features/analysis.md; Flagger, docs/usage/how-it-works.md",
        passes=(
            (GOOD,),
            (GOOD_SWITCH,),
            (GOOD_CANARY,),
            (drop(GOOD_SWITCH, "spec.strategy.blueGreen.prePromotionAnalysis"),),
        ),
        fails=(
            (put(GOOD, "spec.strategy.canary.steps", [{"setWeight": 5}, {"pause": {"duration": "5m"}}]),),
            (put(GOOD, "spec.strategy.canary.steps[0].setWeight", 60),),
            (
                put(
                    drop(GOOD_SWITCH, "spec.strategy.blueGreen.prePromotionAnalysis"),
                    "spec.strategy.blueGreen.scaleDownDelaySeconds",
                    30,
                ),
            ),
            (put(GOOD_CANARY, "spec.analysis.stepWeights", [60]),),
            (drop(drop(GOOD_CANARY, "spec.analysis.metrics"), "spec.analysis.webhooks"),),
        ),
        check=analysis_start,
        parameters=(
            Parameter("below", 50, 1, 100, "share of the traffic below which an analysis has started, in percent"),
            Parameter(
                "stay",
                60,
                1,
                86_400,
                "shortest stay of the old pods where the only analysis follows the switch, in seconds",
            ),
        ),
    ),
    ObjectRule(
        id="metric-condition",
        code="A3",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Every metric has a condition",
        why="An engine counts each measurement of a metric without a condition as a success, whatever it says.",
        fix="Give each metric a successCondition or a failureCondition; on Flagger a thresholdRange with a bound.",
        kinds=(TEMPLATE, CLUSTER_TEMPLATE, FLAGGER),
        source="Argo Rollouts v1.9, utils/evaluate/evaluate.go; Flagger v1.36, pkg/controller/scheduler_metrics.go",
        passes=((GOOD_TEMPLATE,), (_CLUSTER,), (GOOD_CANARY,)),
        fails=(
            (drop(GOOD_TEMPLATE, "spec.metrics[0].successCondition"),),
            (drop(_CLUSTER, "spec.metrics[1].successCondition"),),
            (drop(GOOD_CANARY, "spec.analysis.metrics[0].thresholdRange"),),
            (put(GOOD_CANARY, "spec.analysis.metrics[0].thresholdRange", {}),),
        ),
        check=metric_condition,
    ),
    ObjectRule(
        id="analysis-not-skipped",
        code="A2",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="No release skips its analysis",
        why="With skipAnalysis every release is promoted whatever it does to the users.",
        fix="Leave skipAnalysis out; `coalmine promote --full` promotes one release by hand.",
        kinds=(FLAGGER,),
        source="https://github.com/fluxcd/flagger/issues/515",
        passes=((GOOD_CANARY,),),
        fails=((put(GOOD_CANARY, "spec.skipAnalysis", True),),),
        check=analysis_not_skipped,
        remedy=setting(False, *_SKIP),
    ),
)
