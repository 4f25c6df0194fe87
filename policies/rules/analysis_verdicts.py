"""Analysis quality: what a metric of Argo Rollouts has to say so that its verdict means something.

A metric fails when more of its measurements failed than `failureLimit` (0 where absent, -1 turns it off), and errs when
more in succession could not be made than `consecutiveErrorLimit` (4 where absent). It is measured `count` times, every
`interval`; without an interval once, with an interval and no count for ever.
"""

import re
from collections.abc import Iterator

from ..analyses import METRICS
from ..durations import longest_range, seconds
from ..examples import ROLLOUT as GOOD_ROLLOUT
from ..examples import TEMPLATE as GOOD
from ..examples import drop, put
from ..facts import KubeObject, shown
from ..reading import Place, decided, read
from ..remedies import set_to
from ..rollouts import CLUSTER_TEMPLATE, ROLLOUT, TEMPLATE
from ..rule import Change, Enforcement, Finding, ObjectRule, Parameter, Settings, Severity, StackRule, Violation
from ..stack import Stack
from ..uses import Use, uses

_KINDS = (TEMPLATE, CLUSTER_TEMPLATE)
_COUNTED = ("cloudWatch", "prometheus", "datadog", "newRelic", "wavefront", "graphite", "influxdb", "skywalking")
"""Providers whose answers are samples; a job, a judge or a web address says yes or no, or asks to wait."""
_RETRY = 10
"""Seconds after which a measurement that could not be made is tried again."""
_ASKED = ("prometheus", "datadog", "newRelic", "wavefront", "graphite", "influxdb", "skywalking")
_OF_CANARY = re.compile(r"args\.|canary|hash|revision|subset", re.IGNORECASE)
_FIRST = "spec.metrics[0]"
_ONCE = {"analysis": {"templates": [{"templateName": "shop"}]}}
_CLUSTER_GOOD = put(put(GOOD, "kind", "ClusterAnalysisTemplate"), "metadata", {"name": "shop"})


@decided
def guarded_condition(template: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A condition on the first value of a list asks whether there is one, and whether it is a number."""
    for metric in read(template)(*METRICS).each:
        conditions = [metric(f"{way}Condition") for way in ("success", "failure")]
        if not any("result[" in one.text for one in conditions):
            continue
        said = " ".join(one.text for one in conditions)
        empty = "len(" in said or "default(" in said or "isNil(" in said or "any(" in said or "all(" in said
        if not empty or "isNaN(" not in said:
            lacks = "an empty answer" if not empty else "NaN"
            yield Violation(
                f"the conditions of {metric.here} do not say what {lacks} means",
                "write them like len(result) == 1 && !isNaN(result[0]) && result[0] < 0.01",
            )


@decided
def count_of_step(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """What a step or a switch waits for is measured a number of times."""
    for use in uses(rollout):
        if use.background or use.experiment:
            continue
        for metric in use.metrics(stack):
            endless = metric("interval").given and not metric("count").given
            if endless and not (metric("consecutiveSuccessLimit").count or 0) > 0:
                said = f"{metric.here} of {metric.owner} has an interval and no count, and {use.place.here} waits"
                yield Violation(said, f"set {metric.here}.count")


@decided
def count_has_interval(template: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Several measurements have an interval between them."""
    for metric in read(template)(*METRICS).each:
        count = metric("count").count
        if count is not None and count > 1 and not metric("interval").given:
            said = f"{metric.here}.count is {shown(count)} without an interval, which the controller refuses"
            yield Violation(said, f"set {metric.here}.interval")


@decided
def enough_samples(rollout: KubeObject, stack: Stack, settings: Settings) -> Iterator[Finding]:
    """Every metric is measured `min` times before everyone has the version, all steps taken together."""
    totals: dict[tuple[str, str], float] = {}
    found: dict[tuple[str, str], Place] = {}
    for use in uses(rollout):
        for metric in use.metrics(stack):
            if not _is_sampled(metric):
                continue
            key = (str(metric.owner), metric.here)
            found[key] = metric
            totals[key] = totals.get(key, 0) + _times(use, metric, settings["min"])
    for key, metric in found.items():
        if totals[key] < settings["min"]:
            times = "once" if totals[key] == 1 else f"{shown(totals[key])} times"
            said = f"{metric.here} of {metric.owner} is measured {times} in all, the limit is {shown(settings['min'])}"
            yield Violation(said, f"raise {metric.here}.count, or measure at more steps")


def _is_sampled(metric: Place) -> bool:
    return any(metric("provider", one).given for one in _COUNTED)


def _times(use: Use, metric: Place, enough: float) -> float:
    """How often it is measured there at least; enough where it goes on beside the steps, or an argument says it."""
    if use.background:
        return enough
    if not metric("count").given:
        return enough if metric("interval").given else 1
    count = metric("count").count
    return enough if count is None else count


@decided
def failure_limit(template: KubeObject, settings: Settings) -> Iterator[Finding]:
    """failureLimit is at most `max`, and less than the number of measurements."""
    for metric in read(template)(*METRICS).each:
        limit = metric("failureLimit")
        tolerated = limit.count
        if not limit.given or tolerated is None or tolerated == 0:
            continue
        count = metric("count").count if metric("count").given else None if metric("interval").given else 1
        if tolerated < 0 or tolerated > settings["max"]:
            said = f"{limit.here} is {shown(tolerated)}, the limit is {shown(settings['max'])}"
            yield Violation(said, f"set {limit.here} from 0 to {shown(settings['max'])}")
        elif count is not None and tolerated >= count:
            said = f"{limit.here} is {shown(tolerated)} with {shown(count)} measurements, so that it never fails"
            yield Violation(said, f"set {limit.here} below the number of measurements")


def fewer_failures(template: KubeObject, settings: Settings) -> Iterator[Change]:
    """The remedy: the limit, or one less than there are measurements."""
    for metric in read(template)(*METRICS).each:
        limit = metric("failureLimit")
        count = metric("count").count if metric("count").given else None if metric("interval").given else 1
        most = settings["max"] if count is None else max(min(settings["max"], count - 1), 0)
        if limit.count is not None and not 0 <= limit.count <= most:
            yield set_to(limit, int(most))


@decided
def error_limit(template: KubeObject, settings: Settings) -> Iterator[Finding]:
    """consecutiveErrorLimit is at most `max`, or errors end as soon as the failures that are tolerated."""
    for metric in read(template)(*METRICS).each:
        if _too_many_errors(metric, settings["max"]):
            limit = metric("consecutiveErrorLimit")
            said = f"{limit.here} is {shown(limit.count)}, the limit is {shown(settings['max'])}"
            yield Violation(said, f"set {limit.here} to {shown(settings['max'])} or less, or leave it out")


def _too_many_errors(metric: Place, most: float) -> bool:
    errors, failures = metric("consecutiveErrorLimit").count, metric("failureLimit").count or 0
    if errors is None or not _is_sampled(metric) or 0 <= errors <= most:
        return False
    interval = seconds(metric("interval").value)
    return errors < 0 or interval is None or errors * _RETRY > failures * interval


def fewer_errors(template: KubeObject, settings: Settings) -> Iterator[Change]:
    """The remedy: as many as may be."""
    for metric in read(template)(*METRICS).each:
        if _too_many_errors(metric, settings["max"]):
            yield set_to(metric("consecutiveErrorLimit"), settings["max"])


@decided
def asks_about_canary(template: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A query names the new version: by an argument, a hash, a subset or the canary's Service."""
    for metric in read(template)(*METRICS).each:
        for provider in _ASKED:
            query = metric("provider", provider, "query")
            if query.text and not _OF_CANARY.search(query.text):
                said = f"{query.here} names nothing of the new version, so that the old one's answers hide its own"
                yield Violation(said, "select by the pods' hash, the subset or the canary's Service, as an argument")


@decided
def window_within_interval(template: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Where no failure is tolerated, a query does not look back further than the interval."""
    for metric in read(template)(*METRICS).each:
        query, interval = metric("provider", "prometheus", "query"), seconds(metric("interval").value)
        if interval is None or metric("failureLimit").count:
            continue
        window = longest_range(query.text)
        if window > interval:
            said = f"{query.here} looks back {shown(window)} s every {shown(interval)} s, and no failure is tolerated"
            yield Violation(said, "look back one interval, or tolerate a failure by failureLimit")


RULES = (
    ObjectRule(
        id="guarded-condition",
        code="A4",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="A condition says what no answer and NaN mean",
        why="An index on an empty answer is an error, which is tolerated four times; NaN compares as it likes.",
        source="https://github.com/argoproj/argo-rollouts/issues/1466",
        fix="Ask for the length of the result and for isNaN before the value is compared.",
        kinds=_KINDS,
        check=guarded_condition,
        passes=((GOOD,), (_CLUSTER_GOOD,)),
        fails=(
            (put(GOOD, f"{_FIRST}.successCondition", "result[0] < 0.01"),),
            (put(_CLUSTER_GOOD, f"{_FIRST}.successCondition", "len(result) == 1 && result[0] < 0.01"),),
        ),
    ),
    StackRule(
        id="step-metric-ends",
        code="A5",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A metric that a step waits for is measured a number of times",
        why="With an interval and no count a metric never ends, and neither does the step that waits for it.",
        source="Argo Rollouts, docs/features/analysis.md (inline analysis)",
        fix="Give each metric that a step or a switch waits for a count.",
        kinds=(ROLLOUT,),
        context=_KINDS,
        check=count_of_step,
        passes=((GOOD_ROLLOUT, GOOD),),
        fails=((GOOD_ROLLOUT, drop(GOOD, f"{_FIRST}.count")),),
    ),
    StackRule(
        id="enough-samples",
        code="A6",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A metric is measured more than once or twice",
        why="One sample tells chance from a defect no better than a coin.",
        source="Argo Rollouts, docs/features/analysis.md; Kayenta, docs/canary-config.md (enough data points)",
        fix="Raise the count, or measure at more steps.",
        kinds=(ROLLOUT,),
        context=_KINDS,
        check=enough_samples,
        parameters=(Parameter("min", 3, 1, 1000, "fewest measurements of a metric in a release"),),
        passes=((GOOD_ROLLOUT, GOOD),),
        fails=(
            (
                put(GOOD_ROLLOUT, "spec.strategy.canary.steps", [_ONCE]),
                put(GOOD, f"{_FIRST}.count", 2),
            ),
        ),
    ),
    ObjectRule(
        id="failure-limit",
        code="A7",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Few failed measurements are tolerated",
        why="Each tolerated failure is an interval in which users meet the defect.",
        source="Argo Rollouts, docs/features/analysis.md (failure conditions and failure limit)",
        fix="Set failureLimit to the limit or less, and below count.",
        kinds=_KINDS,
        check=failure_limit,
        remedy=fewer_failures,
        parameters=(Parameter("max", 2, 0, 100, "most failed measurements that are tolerated"),),
        passes=((GOOD,), (_CLUSTER_GOOD,)),
        fails=(
            (put(GOOD, f"{_FIRST}.failureLimit", 3),),
            (put(GOOD, f"{_FIRST}.failureLimit", -1),),
            (put(put(GOOD, f"{_FIRST}.failureLimit", 2), f"{_FIRST}.count", 2),),
        ),
    ),
    ObjectRule(
        id="error-limit",
        code="A8",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Few measurements that cannot be made are tolerated",
        why="While nothing can be measured the release goes on unseen.",
        source="Argo Rollouts, docs/features/analysis.md (consecutiveErrorLimit)",
        fix="Set consecutiveErrorLimit to the limit or less, or to what lasts no longer than the tolerated failures.",
        kinds=_KINDS,
        check=error_limit,
        remedy=fewer_errors,
        parameters=(Parameter("max", 4, 0, 100, "most measurements in succession that may end in an error"),),
        passes=((GOOD,), (put(_CLUSTER_GOOD, f"{_FIRST}.consecutiveErrorLimit", 2),)),
        fails=((put(GOOD, f"{_FIRST}.consecutiveErrorLimit", 10),),),
    ),
    ObjectRule(
        id="asks-about-canary",
        code="A12",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="A query measures the new version",
        why="A query over all versions hides what a small share of the requests meets.",
        source="Argo Rollouts, docs/features/analysis.md (arguments, podTemplateHashValue)",
        fix="Select by the pods' hash, the subset or the canary's Service.",
        kinds=_KINDS,
        check=asks_about_canary,
        passes=((GOOD,), (_CLUSTER_GOOD,)),
        fails=((put(GOOD, f"{_FIRST}.provider.prometheus.query", 'sum(rate(requests_total{code=~"5.."}[1m]))'),),),
    ),
    ObjectRule(
        id="window-within-interval",
        code="A15",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="A query looks back no further than the last measurement",
        why="A longer window still holds what was before: one old failure is counted again, and none is tolerated.",
        source="Argo Rollouts, docs/features/analysis.md; Prometheus, docs/querying/basics.md (range vectors)",
        fix="Look back one interval, or tolerate a failure.",
        kinds=_KINDS,
        check=window_within_interval,
        passes=((GOOD,), (_CLUSTER_GOOD,)),
        fails=((drop(put(GOOD, f"{_FIRST}.interval", "10s"), f"{_FIRST}.failureLimit"),),),
    ),
    ObjectRule(
        id="count-has-interval",
        code="A19",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Several measurements have an interval",
        why="The controller refuses a count without an interval, when the release is already on its way.",
        source="Argo Rollouts v1.9, utils/analysis/helpers.go",
        fix="Give the metric an interval.",
        kinds=_KINDS,
        check=count_has_interval,
        passes=((GOOD,), (_CLUSTER_GOOD,)),
        fails=((drop(GOOD, f"{_FIRST}.interval"),),),
    ),
)
