"""What decides: an AnalysisTemplate with a metric for every check, run where a stage stands.

Source: argo-rollouts v1.9, docs/features/analysis.md.
"""

from collections.abc import Iterator
from dataclasses import replace

from ...contracts import Measured, Providers, Question, RequestSeries, Router, Version
from ...contracts_of.argo_rollouts import RolloutsMetrics
from ...manifests.meta import Manifest, manifest
from ...manifests.pod import POD_SUFFIX
from ...plan import Plan, Stage
from ...spec.checks import Check, ErrorRate, Latency, check_name, comparison, comparison_name
from ...spec.delivery import Analysis
from ...spec.labels import REVISION_LABEL
from ...spec.values import Duration
from .gates import metrics_beside_checks

_REVISION_ARG = "revision"
_COUNT_ARG = "count"
_HASH_ARG = "pod-hash"
_STABLE_HASH_ARG = "stable-pod-hash"
_HASHES = {_HASH_ARG: "Latest", _STABLE_HASH_ARG: "Stable"}
"""What the controller calls the ReplicaSets whose hashes these arguments hold."""
_RETRY = Duration.of_seconds(10)
"""How long after an error the controller asks again, whatever the interval (its DefaultErrorRetryInterval)."""


def _argument(name: str) -> str:
    return f"{{{{args.{name}}}}}"


_MEASURED = Measured(revision=_argument(_REVISION_ARG))


def stable_requests(plan: Plan, router: Router) -> RequestSeries | None:
    """The requests of every other revision of the app: nobody but stable gets any while an analysis runs."""
    return router.request_series(plan, _MEASURED).of_all_but(_MEASURED.revision)


def analysis_template(plan: Plan, router: Router, metrics: Providers) -> Manifest:
    """The template that all stages share."""
    # Every step names its count; without one here the Rollout's validator takes the template for an endless one.
    fewest = str(min(stage.gate.count for stage in plan.stages))
    hashes = [{"name": name} for name in _hashes(plan)]
    spec = {
        "args": [{"name": _REVISION_ARG}, {"name": _COUNT_ARG, "value": fewest}, *hashes, *_secrets(plan, metrics)],
        "metrics": [*_metrics(plan, router, metrics), *metrics_beside_checks(plan, _shared(plan.analysis))],
    }
    return manifest("argoproj.io/v1alpha1", "AnalysisTemplate", plan.name, plan.app, {"spec": spec})


def _secrets(plan: Plan, metrics: Providers) -> list[Manifest]:
    """What the providers of the checks read from Secrets, each once."""
    asked = {provider.kind: provider for provider in map(metrics.of, plan.checks)}
    return [argument for provider in asked.values() for argument in RolloutsMetrics.of(provider).rollouts_args()]


def _metrics(plan: Plan, router: Router, metrics: Providers) -> Iterator[Manifest]:
    series = router.request_series(plan, _MEASURED)
    stable = series.of_all_but(_MEASURED.revision)
    for check in plan.checks:
        provider = RolloutsMetrics.of(metrics.of(check))
        question = _question(plan, check, series, stable)
        shared = _shared(plan.analysis, hold=check.on_no_data == "hold")
        yield {"name": check_name(check), **shared, **provider.rollouts_metric(question)}
        if comparison(check):
            compared = replace(question, against_stable=True)
            yield {"name": comparison_name(check), **shared, **provider.rollouts_metric(compared)}


def _shared(analysis: Analysis, *, hold: bool = False) -> Manifest:
    interval = f"{analysis.interval.whole_seconds}s"
    held = {"inconclusiveLimit": analysis.tolerated_failures} if hold else {}
    return {
        # The first look comes after one interval, so that its window holds nothing from before this weight.
        "initialDelay": interval,
        "interval": interval,
        "count": _argument(_COUNT_ARG),
        "failureLimit": analysis.tolerated_failures,
        **held,
        "consecutiveErrorLimit": tolerated_errors(analysis),
    }


def _question(plan: Plan, check: Check, series: RequestSeries, stable_series: RequestSeries | None) -> Question:
    workload, stable = (f"{plan.name}-{_argument(name)}" for name in _HASHES)
    return Question(
        check=check,
        app=plan.name,
        namespace=plan.namespace,
        window=plan.analysis.interval,
        minimum_requests=plan.analysis.minimum_requests,
        canary=Version(_MEASURED.revision, workload, f"{workload}-{POD_SUFFIX}", plan.canary_service),
        stable=Version("", stable, f"{stable}-{POD_SUFFIX}", plan.stable_service),
        series=series,
        stable_series=stable_series,
    )


def _hashes(plan: Plan) -> dict[str, str]:
    """The hashes that tell the pods of both versions; the standard checks do without."""
    return {} if all(isinstance(check, ErrorRate | Latency) for check in plan.checks) else _HASHES


def tolerated_errors(analysis: Analysis) -> int:
    """Errors in a row that last as long as failed checks are tolerated: no answer is no better than a bad one."""
    return analysis.tolerated_failures * analysis.interval.milliseconds // _RETRY.milliseconds


def analysis(plan: Plan, stage: Stage) -> Manifest:
    """A run of the template for one stage."""
    revision = {"fieldRef": {"fieldPath": f"spec.template.metadata.labels.{REVISION_LABEL}"}}
    return {
        "templates": [{"templateName": plan.name}],
        # Read from the Rollout when the analysis starts, so that an undo measures the version it brings back.
        "args": [
            {"name": _REVISION_ARG, "valueFrom": revision},
            {"name": _COUNT_ARG, "value": str(stage.gate.count)},
            *({"name": name, "valueFrom": {"podTemplateHashValue": of}} for name, of in _hashes(plan).items()),
        ],
    }
