"""When Argo Rollouts refuses to measure. Source: argo-rollouts v1.9.3, utils/analysis/factory.go."""

from .rolled import Object
from .rule import metric_rule


def _amount(metric: Object, key: str) -> int:
    return int(metric.get(key, 0))


@metric_rule
def an_interval_between_several_measurements(metric: Object) -> bool:
    return _amount(metric, "count") <= 1 or bool(metric.get("interval"))


@metric_rule
def enough_measurements_for_both_limits(metric: Object) -> bool:
    count, failures = _amount(metric, "count"), max(_amount(metric, "failureLimit"), 0)
    return count == 0 or count >= failures + _amount(metric, "consecutiveSuccessLimit")


@metric_rule
def enough_measurements_to_be_inconclusive(metric: Object) -> bool:
    count = _amount(metric, "count")
    return count == 0 or count >= _amount(metric, "inconclusiveLimit")


@metric_rule
def an_end_by_failures_or_by_successes(metric: Object) -> bool:
    return _amount(metric, "failureLimit") != -1 or _amount(metric, "consecutiveSuccessLimit") > 0


@metric_rule
def no_limit_below_nothing(metric: Object) -> bool:
    limits = ("consecutiveSuccessLimit", "inconclusiveLimit", "consecutiveErrorLimit")
    return all(_amount(metric, key) >= 0 for key in limits) and _amount(metric, "failureLimit") >= -1
