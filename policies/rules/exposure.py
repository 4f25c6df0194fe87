"""Exposure: how many requests a bad version may spoil before it is taken back, measured against the error budget.

The budget is that of 30 days: with an objective of 99 % it is 7.2 hours in which every request fails. A stay at 5 % of
the traffic for 20 minutes spends as much as one minute in which all requests fail. A stay without a written end, like
one for a person, counts with `assumed` minutes.
"""

from collections.abc import Iterator

from ..canaries import ANALYSIS
from ..canaries import CANARY as FLAGGER
from ..durations import seconds
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..examples import TEMPLATE as GOOD_TEMPLATE
from ..examples import put
from ..facts import KubeObject, shown
from ..reading import Hidden, decided, read
from ..rollouts import CLUSTER_TEMPLATE, ROLLOUT, STEPS, TEMPLATE, full_weight
from ..rule import Enforcement, Finding, Parameter, Settings, Severity, StackRule, Undecided, Violation
from ..stack import Stack
from ..stays import stays
from ..uses import Use, uses

_MINUTES = 30 * 24 * 60
_BUDGET = (
    Parameter("objective", 99, 50, 99.999, "share of requests that has to succeed within 30 days, in percent", False),
    Parameter("share", 5, 0.1, 100, "share of the error budget that one release may spend, in percent", False),
)


def _allowed(settings: Settings) -> float:
    """Minutes in which all requests may fail."""
    return float(_MINUTES * (100 - settings["objective"]) / 100 * settings["share"] / 100)


@decided
def whole_exposure(release: KubeObject, stack: Stack, settings: Settings) -> Iterator[Finding]:
    """All weights times their stays fit into the share, if nothing but the last step notices a bad version."""
    minutes = 0.0
    for one in stays(release, stack):
        if one.share < 100:
            minutes += (
                one.share / 100 * (one.seconds / 60 if one.certain else max(one.seconds / 60, settings["assumed"]))
            )
    allowed = _allowed(settings)
    if minutes > allowed:
        spent = f"a bad version may spoil {shown(round(minutes, 2))} minutes of all requests"
        yield Violation(f"{spent}, the limit is {shown(round(allowed, 2))}", "stay shorter, or at smaller weights")


@decided
def noticed_in_time(release: KubeObject, stack: Stack, settings: Settings) -> Iterator[Finding]:
    """Until a metric has failed often enough, at its largest weight, no more than the share is spent."""
    allowed = _allowed(settings)
    worst, place = 0.0, ""
    found = _flaggers(release, stack) if release.kind == FLAGGER else _of_metrics(release, stack)
    for minutes, where in found:
        if minutes > worst:
            worst, place = minutes, where
    if worst > allowed:
        spent = f"until {place} has failed, {shown(round(worst, 2))} minutes of all requests may be spoilt"
        yield Violation(f"{spent}, the limit is {shown(round(allowed, 2))}", "shorten its interval, or tolerate less")


def _flaggers(canary: KubeObject, stack: Stack) -> Iterator[tuple[float, str]]:
    analysis = read(canary)(*ANALYSIS)
    interval, threshold = seconds(analysis("interval").value), analysis("threshold").number or 0
    highest = max((one.share for one in stays(canary, stack) if one.share < 100), default=0.0)
    if interval is not None:
        yield highest / 100 * interval / 60 * max(threshold, 1), analysis.here


def _of_metrics(rollout: KubeObject, stack: Stack) -> Iterator[tuple[float, str]]:
    whole = full_weight(rollout)
    if isinstance(whole, Undecided):
        raise Hidden(whole.path, rollout)
    if isinstance(whole, Violation):
        return
    shares = list(_shares(rollout, whole))
    for use in uses(rollout):
        share = _share_of(use, shares)
        for metric in use.metrics(stack):
            interval = seconds(metric("interval").value)
            if interval is not None:
                failures = max(metric("failureLimit").count or 0, 0) + 1
                yield share * interval / 60 * failures, f"{metric.here} of {metric.owner}"


def _shares(rollout: KubeObject, whole: float) -> Iterator[float]:
    """The share of the traffic at each step."""
    share = 0.0
    for step in read(rollout)(*STEPS).each:
        weight = step("setWeight").number
        share = share if weight is None else weight / whole
        yield share


def _share_of(use: Use, shares: list[float]) -> float:
    """The share of the traffic at which it is measured: of one in the background the largest of all."""
    if use.background:
        return max((one for one in shares if one < 1), default=0.0)
    index = next((step for step in use.place.path if isinstance(step, int)), None)
    return 0.0 if index is None else shares[index]  # before a switch nobody meets it


_LONG = put(GOOD, "spec.strategy.canary.steps[7].pause.duration", "2h")

RULES = (
    StackRule(
        id="whole-exposure",
        code="E1",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="A release can spoil only a part of the error budget",
        why="A defect that no metric sees spoils its share of the requests for as long as every stay lasts.",
        source="Google, The Site Reliability Workbook, chapters 2 and 16 (error budgets, canary and error budget)",
        fix="Stay shorter, or at smaller weights; or spend more of the budget on purpose.",
        kinds=(ROLLOUT, FLAGGER),
        context=(TEMPLATE, CLUSTER_TEMPLATE),
        check=whole_exposure,
        parameters=(
            *_BUDGET,
            Parameter("assumed", 10, 0, 10_080, "minutes that a stay without a written end is taken for"),
        ),
        passes=(
            (GOOD, GOOD_TEMPLATE),
            (put(GOOD, "spec.strategy.canary.steps[7].pause", {}), GOOD_TEMPLATE),
            (GOOD_CANARY,),
        ),
        fails=(
            (_LONG, GOOD_TEMPLATE),
            (put(GOOD_CANARY, "spec.analysis.interval", "60m"),),
        ),
    ),
    StackRule(
        id="noticed-in-time",
        code="E2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A bad version is noticed within the budget",
        why="What is tolerated, times the interval, at the largest weight, is what users pay for a verdict.",
        source="Argo Rollouts, docs/features/analysis.md; Flagger, docs/usage/how-it-works.md (threshold)",
        fix="Shorten the interval, tolerate less, or measure at a smaller weight.",
        kinds=(ROLLOUT, FLAGGER),
        context=(TEMPLATE, CLUSTER_TEMPLATE),
        check=noticed_in_time,
        parameters=_BUDGET,
        passes=((GOOD, GOOD_TEMPLATE), (GOOD_CANARY,)),
        fails=(
            (GOOD, put(GOOD_TEMPLATE, "spec.metrics[0].interval", "1h")),
            (put(GOOD_CANARY, "spec.analysis.threshold", 60),),
        ),
    ),
)
