"""What the checks of a release found, read from its AnalysisRuns and said in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from components.spec.delivery import Analysis, ErrorRate, Latency, check_name

from ..api import Api, Object, path_of
from .rollout import HASH_LABEL

_STEP_LABEL = "step-index"


@dataclass(frozen=True)
class Verdict:
    """One check at one step.

    Fields: `check`: its name, e.g. error-rate; `weight`: percent at which it ran; `passed`, `failed`: measurements;
    `value`: the last failing value in words, else the last one ("" before the first); `limit`: in words; `no_data`:
    whether a failing measurement had no value.
    """

    check: str
    weight: int
    passed: int
    failed: int
    value: str
    limit: str
    no_data: bool

    @property
    def reason(self) -> str:
        """E.g. `error rate 4.9% > 1% in 1 of 1 checks at weight 5`."""
        times = f"in {self.failed} of {self.passed + self.failed} checks at weight {self.weight}"
        if self.no_data:
            return f"no data for {spoken(self.check)} {times}"
        return f"{spoken(self.check)} {self.value} > {self.limit} {times}"


def read_runs(api: Api, namespace: str, rollout: str, pod_hash: str) -> list[Object]:
    """The AnalysisRuns that the steps of a Rollout made for one revision, in the order of the steps."""
    path = path_of("argoproj.io/v1alpha1/analysisruns", namespace)
    runs = api.items(path, labelSelector=f"{HASH_LABEL}={pod_hash},{_STEP_LABEL}")
    return sorted((run for run in runs if _belongs(run, rollout)), key=_step)


def verdicts(runs: Sequence[Object], weights: Sequence[int], analysis: Analysis) -> list[Verdict]:
    """Every check of every run; `weights` are the percents in force at every step of the Rollout."""
    found = []
    for run in runs:
        results = {result["name"]: result for result in (run.get("status") or {}).get("metricResults", [])}
        for check in analysis.checks:
            name = check_name(check)
            if name in results:
                found.append(_verdict(check, results[name], weights[_step(run)]))
    return found


def why(found: Sequence[Verdict], tolerated: int) -> str:
    """Why a release was taken back: every check that failed more often than tolerated; "" when none did."""
    return "; ".join(verdict.reason for verdict in found if verdict.failed > tolerated)


def _belongs(run: Object, rollout: str) -> bool:
    owners = run["metadata"].get("ownerReferences", [])
    return any(owner["kind"] == "Rollout" and owner["name"] == rollout for owner in owners)


def _step(run: Object) -> int:
    return int(run["metadata"]["labels"][_STEP_LABEL])


def _verdict(check: ErrorRate | Latency, result: Object, weight: int) -> Verdict:
    failed = result.get("failed", 0) + result.get("error", 0)
    measurements = result.get("measurements", [])
    bad = [measured for measured in measurements if measured["phase"] != "Successful"]
    last = (bad or measurements)[-1:]
    number = _number(last[0].get("value", "")) if last else math.nan
    return Verdict(
        check=check_name(check),
        weight=weight,
        passed=result.get("successful", 0),
        failed=failed,
        value="" if not last else "no data" if math.isnan(number) else _said(check, number),
        limit=str(check.max),
        no_data=bool(bad) and math.isnan(number),
    )


def _number(value: str) -> float:
    """The one number of Prometheus' answer `[0.049]`; NaN for none, several or NaN itself."""
    parts = value.strip("[]").split(",")
    try:
        return float(parts[0]) if len(parts) == 1 else math.nan
    except ValueError:
        return math.nan


def _said(check: ErrorRate | Latency, number: float) -> str:
    return f"{100 * number:.1f}%" if isinstance(check, ErrorRate) else f"{number:.0f}ms"


def spoken(name: str) -> str:
    """A check's name as people say it."""
    if name == "error-rate":
        return "error rate"
    return f"{name.removeprefix('latency-')} latency"
