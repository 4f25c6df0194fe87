"""What the analyses of a release measure, all of their templates taken together."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..analyses import METRICS, Missing, listed, used_templates
from ..canaries import CANARY as FLAGGER
from ..canaries import METRICS as FLAGGER_METRICS
from ..canaries import TEMPLATE as FLAGGER_TEMPLATE
from ..examples import CANARY as GOOD_CANARY
from ..examples import LATENCY_TEMPLATE, METRIC_TEMPLATE, drop
from ..examples import ROLLOUT as GOOD
from ..examples import TEMPLATE as GOOD_TEMPLATE
from ..facts import KubeObject, Unknown, at, items
from ..rollouts import BLUE_GREEN, CANARY, CLUSTER_TEMPLATE, ROLLOUT, STEPS, TEMPLATE, fix_in_app
from ..rule import Enforcement, Finding, Settings, Severity, StackRule, Undecided, Violation
from ..stack import Stack

_CONDITIONS = ("successCondition", "failureCondition")


def error_rate_and_latency(rollout: KubeObject, templates: Stack, _settings: Settings) -> Iterator[Finding]:
    """The analyses of a release measure the error rate and the latency, all of its templates taken together."""
    if rollout.kind == FLAGGER:
        yield from _judge_flaggers_measures(rollout, templates)
        return
    references = _references(rollout)
    if not references:
        return  # that there is no analysis at all is another rule's matter
    texts: list[Any] = []
    names: list[str] = []
    for one in used_templates(references, rollout.namespace, templates):
        if isinstance(one, KubeObject):
            names.append(one.name)
            texts += _texts(one.at(*METRICS))
        elif isinstance(one, Missing):
            names.append(f"{one.name}, which is not in this stack")
        else:
            texts.append(one)
    yield from _judge_measures(rollout, texts, names)


def _judge_flaggers_measures(canary: KubeObject, templates: Stack) -> Iterator[Finding]:
    metrics = canary.at(*FLAGGER_METRICS)
    given = listed(metrics)
    if not given:
        return  # that there is no analysis at all is another rule's matter
    texts: list[Any] = []
    names: list[str] = []
    for metric in given:
        texts += [metric] if isinstance(metric, Unknown) else _texts([at(metric, "name"), at(metric, "query")])
        name, namespace = at(metric, "templateRef", "name"), at(metric, "templateRef", "namespace")
        if isinstance(name, str):
            place = namespace if isinstance(namespace, str) else canary.namespace
            template = templates.named(FLAGGER_TEMPLATE, place, name)
            texts += _texts(template.at("spec", "query")) if template else []
            names.append(name if template else f"{name}, which is not in this stack")
    yield from _judge_measures(canary, texts, names or ["none"])


def _judge_measures(rollout: KubeObject, texts: Sequence[Any], names: Sequence[str]) -> Iterator[Finding]:
    said = " ".join(text for text in texts if isinstance(text, str))
    missing = [measure for measure, words in _MEASURES.items() if not words.search(said)]
    hidden = next((text for text in texts if isinstance(text, Unknown)), None)
    if not missing:
        return
    if hidden:
        yield Undecided(hidden.path)
        return
    found = f"its analyses do not measure the {' and the '.join(missing)} (templates: {'; '.join(names)})"
    if rollout.app is not None:
        yield Violation(found, fix_in_app(rollout.app, "add the check", "delivery.analysis.checks"))
    else:
        yield Violation(found, "add the metric, with a name that says what it is, like error-rate or latency-p99")


def _references(rollout: KubeObject) -> list[Any]:
    """What names a template: entries with `templateName`, or the Unknown that hides them."""
    found = [rollout.at(*CANARY, "analysis", "templates")]
    found += [rollout.at(*BLUE_GREEN, f"{when}PromotionAnalysis", "templates") for when in ("pre", "post")]
    steps = rollout.at(*STEPS)
    for step in [steps] if isinstance(steps, Unknown) else items(steps):
        found += [at(step, "analysis", "templates"), at(step, "experiment", "analyses")]
    return [reference for one in found for reference in listed(one)]


def _texts(value: Any) -> list[Any]:
    """All texts and unknowns in metrics: their names, and what their providers are asked; not what is concluded."""
    if isinstance(value, Mapping):
        return [text for key, one in value.items() if key not in _CONDITIONS for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str | Unknown) else []


# Words by which a metric's name or query tells what it measures.
_MEASURES: Mapping[str, re.Pattern[str]] = {
    "error rate": re.compile(r"error|fail|success|5xx|5\.\.|availab|(?:response|status)_?code", re.IGNORECASE),
    "latency": re.compile(r"latenc|duration|quantile|percentile|response.?time|\bp\d\d", re.IGNORECASE),
}

RULES = (
    StackRule(
        id="error-rate-and-latency",
        code="A9",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Error rate and latency are both measured",
        why="A version can answer everything too late, or fail at once: each measure misses what the other one sees.",
        fix="Measure both; the names or the queries of the metrics have to tell which is which.",
        kinds=(ROLLOUT, FLAGGER),
        context=(TEMPLATE, CLUSTER_TEMPLATE, FLAGGER_TEMPLATE),
        source="Google, Site Reliability Engineering, chapter 6 (the four golden signals)",
        passes=((GOOD, GOOD_TEMPLATE), (GOOD_CANARY, METRIC_TEMPLATE, LATENCY_TEMPLATE)),
        fails=(
            (GOOD, drop(GOOD_TEMPLATE, "spec.metrics[1]")),
            (drop(GOOD_CANARY, "spec.analysis.metrics[0]"), LATENCY_TEMPLATE),
        ),
        check=error_rate_and_latency,
    ),
)
