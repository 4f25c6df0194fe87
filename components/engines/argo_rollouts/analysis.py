"""What decides: an AnalysisTemplate with a metric for every check, run where a stage stands.

Source: argo-rollouts v1.9, docs/features/analysis.md.
"""

from collections.abc import Iterator
from dataclasses import replace

from ...contracts import LabelMatch, Measured, Providers, Question, RequestSeries, Router, Version, Versions
from ...contracts_of.argo_rollouts import RolloutsMetrics
from ...manifests.meta import Manifest, manifest
from ...manifests.pod import POD_SUFFIX
from ...plan import Plan, Stage
from ...record import record
from ...spec.checks import Check, ErrorRate, Latency, check_name, comparison, comparison_name
from ...spec.delivery import Analysis
from ...spec.labels import REVISION_LABEL
from ...spec.values import Duration
from .gates import metrics_beside_checks

_REVISION_ARG = "revision"
_BASELINE_ARG = "baseline"
_COUNT_ARG = "count"
_HASH_ARG = "pod-hash"
_STABLE_HASH_ARG = "stable-pod-hash"
_HASHES = {_HASH_ARG: "Latest", _STABLE_HASH_ARG: "Stable"}
"""What the controller calls the ReplicaSets whose hashes these arguments hold."""
_REPLICA_SETS = {_HASH_ARG: "canary", _STABLE_HASH_ARG: "baseline"}
"""What an experiment's templates are called whose ReplicaSets these arguments hold in an analysis of one."""
_RETRY = Duration.of_seconds(10)
"""How long after an error the controller asks again, whatever the interval (its DefaultErrorRetryInterval)."""


def _argument(name: str) -> str:
    return f"{{{{args.{name}}}}}"


_MEASURED = Measured(revision=_argument(_REVISION_ARG))


def stable_requests(plan: Plan, router: Router) -> RequestSeries | None:
    """The requests of every other revision of the app: nobody but stable gets any while an analysis runs.

    Of pods that others labelled, those of the stable ReplicaSet.
    """
    series = router.request_series(plan, _measured(plan))
    if not plan.existing:
        return series.of_all_but(_MEASURED.revision)
    stable = router.request_series(plan, Measured(pods=_pods(plan, _STABLE_HASH_ARG)))
    return stable if stable != series else None


def versions(plan: Plan, router: Router) -> Versions:
    """Every revision that gets requests; of pods that others labelled, every ReplicaSet's."""
    series = router.request_series(plan, _measured(plan))
    argument = _argument(_HASH_ARG if plan.existing else _REVISION_ARG)
    told = [match for match in series.only if argument in match.value]
    if len(told) != 1:
        return Versions(series)
    pattern = told[0].value.replace(argument, "([a-z0-9]+)" if plan.existing else "(.+)")
    every = LabelMatch(told[0].label, "=~", pattern)
    only = tuple(every if match in told else match for match in series.only)
    return Versions(replace(series, only=only), every.label, pattern)


def _measured(plan: Plan) -> Measured:
    return Measured(pods=_pods(plan, _HASH_ARG)) if plan.existing else _MEASURED


def _replica_set(plan: Plan, argument: str) -> str:
    return f"{plan.name}-{_argument(argument)}"


def _pods(plan: Plan, argument: str) -> str:
    return f"{_replica_set(plan, argument)}-{POD_SUFFIX}"


def analysis_templates(plan: Plan, router: Router, metrics: Providers) -> Iterator[Manifest]:
    """Every template: the one that all stages share, that of experiments, and that of what is watched beside them."""
    yield analysis_template(plan, router, metrics)
    if any(stage.experiment for stage in plan.stages):
        yield _experiment_template(plan, router, metrics)
    if plan.analysis.background:
        yield _background_template(plan, router, metrics)


def analysis_template(plan: Plan, router: Router, metrics: Providers) -> Manifest:
    """The template that all stages share."""
    found = [*_metrics(_asked(plan, router, metrics)), *metrics_beside_checks(plan, _shared(plan.analysis))]
    return _template(plan, plan.name, [*_revision_name(plan), _fewest(plan), *_names(plan, metrics)], found)


def _experiment_template(plan: Plan, router: Router, metrics: Providers) -> Manifest:
    arguments = [*_revision_name(plan), {"name": _BASELINE_ARG}, _fewest(plan), *_names(plan, metrics)]
    found = [
        *_metrics(_asked_of_experiment(plan, router, metrics)),
        *metrics_beside_checks(plan, _shared(plan.analysis)),
    ]
    return _template(plan, _experiment_name(plan), arguments, found)


def _background_template(plan: Plan, router: Router, metrics: Providers) -> Manifest:
    """Without a count: it ends with the release, and never before."""
    found = _metrics(_asked(plan, router, metrics))
    endless = [{key: value for key, value in one.items() if key != "count"} for one in found]
    return _template(plan, _background_name(plan), [*_revision_name(plan), *_names(plan, metrics)], endless)


def _revision_name(plan: Plan) -> list[Manifest]:
    return [] if plan.existing else [{"name": _REVISION_ARG}]


def _fewest(plan: Plan) -> Manifest:
    # Every step names its count; without one here the Rollout's validator takes the template for an endless one.
    return {"name": _COUNT_ARG, "value": str(min(stage.gate.count for stage in plan.stages))}


def _names(plan: Plan, metrics: Providers) -> list[Manifest]:
    return [*({"name": name} for name in _hashes(plan)), *_secrets(plan, metrics)]


def _template(plan: Plan, name: str, arguments: list[Manifest], metrics: list[Manifest]) -> Manifest:
    spec = {"args": arguments, "metrics": metrics}
    return manifest("argoproj.io/v1alpha1", "AnalysisTemplate", name, plan.app, {"spec": spec})


def _experiment_name(plan: Plan) -> str:
    return f"{plan.name}-experiment"


def experiment_services(plan: Plan) -> tuple[str, str]:
    """The Services of an experiment's pods, of the new version and of the baseline: of this version alone."""
    own = plan.revision.rpartition("-")[2]
    return f"{plan.name}-{own}-experiment", f"{plan.name}-{own}-baseline"


def _background_name(plan: Plan) -> str:
    return f"{plan.name}-background"


@record
class _Asked:
    """What the checks of one template ask of whom. Fields: of a `Question`, beside whom."""

    plan: Plan
    metrics: Providers
    canary: Version
    stable: Version
    series: RequestSeries
    stable_series: RequestSeries | None


def _asked(plan: Plan, router: Router, metrics: Providers) -> _Asked:
    """Of the app's own pods."""
    measured = _measured(plan)
    return _Asked(
        plan,
        metrics,
        canary=_version(measured.revision, _replica_set(plan, _HASH_ARG), plan.canary_service),
        stable=_version("", _replica_set(plan, _STABLE_HASH_ARG), plan.stable_service),
        series=router.request_series(plan, measured),
        stable_series=stable_requests(plan, router),
    )


def _asked_of_experiment(plan: Plan, router: Router, metrics: Providers) -> _Asked:
    """Of an experiment's pods: both revisions are its own, and share no series with any others."""
    canary, baseline = experiment_services(plan)
    return _Asked(
        plan,
        metrics,
        canary=_version(_MEASURED.revision, _argument(_HASH_ARG), canary),
        stable=_version("", _argument(_STABLE_HASH_ARG), baseline),
        series=router.request_series(plan, _MEASURED),
        stable_series=router.request_series(plan, Measured(revision=_argument(_BASELINE_ARG))),
    )


def _version(revision: str, workload: str, service: str) -> Version:
    return Version(revision, workload, f"{workload}-{POD_SUFFIX}", service)


def _secrets(plan: Plan, metrics: Providers) -> list[Manifest]:
    """What the providers of the checks read from Secrets, each once."""
    asked = {provider.kind: provider for provider in map(metrics.of, plan.checks)}
    return [argument for provider in asked.values() for argument in RolloutsMetrics.of(provider).rollouts_args()]


def _metrics(asked: _Asked) -> Iterator[Manifest]:
    plan = asked.plan
    for check in plan.checks:
        provider = RolloutsMetrics.of(asked.metrics.of(check))
        question = _question(asked, check)
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


def _question(asked: _Asked, check: Check) -> Question:
    plan = asked.plan
    return Question(
        check=check,
        app=plan.name,
        namespace=plan.namespace,
        window=plan.analysis.interval,
        minimum_requests=plan.analysis.minimum_requests,
        canary=asked.canary,
        stable=asked.stable,
        series=asked.series,
        stable_series=asked.stable_series,
    )


def _hashes(plan: Plan) -> dict[str, str]:
    """The hashes that tell the pods of both versions; the standard checks do without where a label tells them."""
    labelled = not plan.existing and all(isinstance(check, ErrorRate | Latency) for check in plan.checks)
    return {} if labelled else _HASHES


def tolerated_errors(analysis: Analysis) -> int:
    """Errors in a row that last as long as failed checks are tolerated: no answer is no better than a bad one."""
    return analysis.tolerated_failures * analysis.interval.milliseconds // _RETRY.milliseconds


def analysis(plan: Plan, stage: Stage) -> Manifest:
    """A run of the template for one stage."""
    return {
        "templates": [{"templateName": plan.name}],
        "args": [*_revision(plan), {"name": _COUNT_ARG, "value": str(stage.gate.count)}, *_hash_values(plan)],
    }


def background(plan: Plan, starting_step: int) -> Manifest:
    """A run of its template from a step on: an earlier one would find no requests, and fail for that."""
    return {
        "templates": [{"templateName": _background_name(plan)}],
        "startingStep": starting_step,
        "args": [*_revision(plan), *_hash_values(plan)],
    }


def experiment_analysis(plan: Plan, stage: Stage, canary: str, baseline: str) -> Manifest:
    """The analysis of an experiment, whose end is the experiment's. `canary`, `baseline`: revisions of its pods."""
    sets = {name: f"{{{{templates.{of}.replicaset.name}}}}" for name, of in _REPLICA_SETS.items()}
    values = {
        _REVISION_ARG: canary,
        _BASELINE_ARG: baseline,
        _COUNT_ARG: str(stage.gate.count),
        **{name: sets[name] for name in _hashes(plan)},
    }
    return {
        "name": "checks",
        "templateName": _experiment_name(plan),
        "requiredForCompletion": True,
        "args": [{"name": name, "value": value} for name, value in values.items()],
    }


def _revision(plan: Plan) -> list[Manifest]:
    # Read from the Rollout when the analysis starts, so that an undo measures the version it brings back.
    read = {"fieldRef": {"fieldPath": f"spec.template.metadata.labels.{REVISION_LABEL}"}}
    return [{**name, "valueFrom": read} for name in _revision_name(plan)]


def _hash_values(plan: Plan) -> list[Manifest]:
    return [{"name": name, "valueFrom": {"podTemplateHashValue": of}} for name, of in _hashes(plan).items()]
