"""Analysis quality: whether the measurements that guard a release can tell good from bad.

The meaning of the fields is that of Argo Rollouts: a measurement of a metric that has neither condition is a success
whatever was measured; only the job and Kayenta providers bring a verdict of their own.
"""

from collections.abc import Iterator

from ..facts import Kind, KubeObject, Unknown, at, dotted, items
from ..rule import Enforcement, Finding, Rule, Settings, Severity, Undecided, Violation

_METRICS = ("spec", "metrics")
_CONDITIONS = ("successCondition", "failureCondition")
_PROVIDERS_WITH_A_VERDICT = ("job", "kayenta")


def metric_condition(template: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Every metric needs a success or a failure condition, unless its provider brings the verdict."""
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


def _is_condition(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


RULES = (
    Rule(
        id="metric-condition",
        code="A3",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Every metric has a condition",
        why="Argo Rollouts counts each measurement of a metric without a condition as a success, whatever it says.",
        fix="Give each metric a successCondition or a failureCondition.",
        kinds=(Kind("argoproj.io", "AnalysisTemplate"), Kind("argoproj.io", "ClusterAnalysisTemplate")),
        check=metric_condition,
    ),
)
