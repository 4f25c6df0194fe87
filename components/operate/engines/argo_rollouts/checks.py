"""What the checks of a release found, read from its AnalysisRuns. Source: argo-rollouts v1.9, AnalysisRunStatus."""

import math
import re
from collections.abc import Sequence
from decimal import Decimal

from ....access.client import Api, Object, path_of
from ....spec.checks import COMPARED
from ....spec.labels import NAME_LABEL
from ....spec.values import Duration, Percent
from ...contract import Verdict

HASH_LABEL = "rollouts-pod-template-hash"
_STEP_LABEL = "step-index"
_TYPE_LABEL = "rollout-type"
_AROUND_A_SWITCH = ("PrePromotion", "PostPromotion")
_BACKGROUND = "Background"
_COLLECTION = "argoproj.io/v1alpha1/analysisruns"
_LIMIT = re.compile(r"result\[0\] <= ([0-9.]+)")
_SECONDS = re.compile(r"_seconds(_bucket)?\b")


def read_runs(api: Api, namespace: str, rollout: str, pod_hash: str) -> list[Object]:
    """The AnalysisRuns that a Rollout made for one revision, itself or by an experiment, oldest first."""
    path = path_of(_COLLECTION, namespace)
    runs = [run for run in api.items(path, labelSelector=f"{HASH_LABEL}={pod_hash}") if _belongs(run, rollout)]
    # Those of an experiment have no hash; the experiment's name has it.
    named = api.items(path, labelSelector=f"{NAME_LABEL}={rollout},{_STEP_LABEL}")
    runs += [run for run in named if _of_experiment(run, f"{rollout}-{pod_hash}-")]
    return sorted((run for run in runs if _decides(run)), key=_age)


def of_last_try(runs: Sequence[Object]) -> list[Object]:
    """The runs since the steps began for the last time: after a failure and a retry they begin again at the first."""
    found: list[Object] = []
    for run in runs:
        if _begins_anew(run, found):
            found = []
        found.append(run)
    return found


def _begins_anew(run: Object, before: Sequence[Object]) -> bool:
    """Whether a run is of a later try than those before; one in the background begins once in a try."""
    if _in_background(run) and any(map(_in_background, before)):
        return True
    steps = [one for one in before if not _in_background(one)]
    if not steps:
        return False
    return failed(steps[-1]) or (not _in_background(run) and _step(run) <= _step(steps[-1]))


def failed(run: Object) -> bool:
    """Whether a run was reason enough to abort."""
    return (run.get("status") or {}).get("phase") in ("Failed", "Error")


def until_step(runs: Sequence[Object], step: int) -> list[Object]:
    """The runs of steps that were reached; those of later steps are left from an earlier try."""
    return [run for run in runs if _in_background(run) or _step(run) <= step]


def verdicts(runs: Sequence[Object], weights: Sequence[int]) -> list[Verdict]:
    """Every check of every run; `weights` are the percents in force at every step of the Rollout."""
    found = []
    last = max((_step(run) for run in runs if not _in_background(run)), default=0)
    for run in runs:
        results = {result["name"]: result for result in (run.get("status") or {}).get("metricResults") or []}
        # In the background all weights were measured: said is the one at which it ended.
        step = last if _in_background(run) else _step(run)
        weight = weights[step] if step < len(weights) else 100
        for metric in run["spec"]["metrics"]:
            if metric["name"] in results:
                found.append(_verdict(metric, results[metric["name"]], weight))
    return found


def _belongs(run: Object, rollout: str) -> bool:
    owners = run["metadata"].get("ownerReferences", [])
    return any(owner["kind"] == "Rollout" and owner["name"] == rollout for owner in owners)


def _of_experiment(run: Object, experiments: str) -> bool:
    """Whether an experiment made it whose name begins like this."""
    owners = run["metadata"].get("ownerReferences", [])
    return any(owner["kind"] == "Experiment" and owner["name"].startswith(experiments) for owner in owners)


def _decides(run: Object) -> bool:
    labels = run["metadata"]["labels"]
    return _STEP_LABEL in labels or labels.get(_TYPE_LABEL) in (*_AROUND_A_SWITCH, _BACKGROUND)


def _in_background(run: Object) -> bool:
    return bool(run["metadata"]["labels"].get(_TYPE_LABEL) == _BACKGROUND)


def _step(run: Object) -> int:
    """Index of its step; a switch has none, and is all there is."""
    return int(run["metadata"]["labels"].get(_STEP_LABEL, 0))


def _age(run: Object) -> tuple[str, int]:
    # Times of the API are text of one length, in UTC.
    return (run["metadata"].get("creationTimestamp", ""), _step(run))


def _verdict(metric: Object, result: Object, weight: int) -> Verdict:
    errors = result.get("error", 0)
    measurements = result.get("measurements") or []
    bad = [measured for measured in measurements if measured["phase"] not in ("Successful", "Running", "Pending")]
    last = (bad or measurements)[-1] if measurements else {}
    number = _number(last.get("value", ""))
    verdict_alone = _verdict_alone(metric)
    silent = not verdict_alone and math.isnan(number)
    return Verdict(
        check=metric["name"],
        weight=weight,
        passed=result.get("successful", 0),
        failed=result.get("failed", 0) + errors + result.get("inconclusive", 0),
        value="" if not last else verdict_alone or ("no data" if silent else _amount(metric, number)),
        limit=_limit(metric),
        no_data=bool(bad) and silent,
        decisive=result.get("phase") in ("Failed", "Error"),
        problem=_one_line(last.get("message", "")) if last.get("phase") == "Error" else "",
    )


def _verdict_alone(metric: Object) -> str:
    """What a metric is that says yes or no without a number: a Job, or the answer of a gate; "" for any other."""
    if "job" in (metric.get("provider") or {}):
        return "Job"
    return "answer" if metric.get("successCondition") == "true" else ""


def _number(value: str) -> float:
    """The one number of Prometheus' answer `[0.049]`; NaN for none, several or NaN itself."""
    parts = value.strip("[]").split(",")
    try:
        return float(parts[0]) if len(parts) == 1 else math.nan
    except ValueError:
        return math.nan


def _amount(metric: Object, number: float) -> str:
    if _is_error_rate(metric):
        return f"{100 * number:.1f}%"
    return f"{number * _milliseconds(metric):.0f}ms" if _is_latency(metric) else f"{number:g}"


def _limit(metric: Object) -> str:
    """The limit as the app's spec says it, read from the condition that the engine was given."""
    found = _LIMIT.search(metric.get("successCondition", ""))
    if found is None:
        return ""
    limit = Decimal(found[1])
    if _is_error_rate(metric):
        return str(Percent((100 * limit).normalize()))
    return str(Duration(int(limit * _milliseconds(metric)))) if _is_latency(metric) else f"{limit:f}"


def _is_error_rate(metric: Object) -> bool:
    return str(metric["name"]).removesuffix(COMPARED) == "error-rate"


def _is_latency(metric: Object) -> bool:
    return str(metric["name"]).startswith("latency-")


def _milliseconds(metric: Object) -> int:
    """Length of the metric's unit: Prometheus' convention puts it into the name of the series."""
    query = ((metric.get("provider") or {}).get("prometheus") or {}).get("query", "")
    return 1000 if _SECONDS.search(query) else 1


def _one_line(text: str) -> str:
    return " ".join(text.split())
