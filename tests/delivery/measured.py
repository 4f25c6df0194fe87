"""What the AnalysisRuns of a release hold: which step was measured when, and what the users saw meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from components.operate.engines.argo_rollouts.checks import read_runs
from localcluster.api import Object

from .played import Played
from .scenarios import CANDIDATE, SCRAPE_SECONDS

_STEP = "step-index"


@dataclass(frozen=True)
class Measurement:
    """One answer to one check. Times are seconds since the epoch, whole as the API keeps them.

    Fields: `weight`: percent of its step; `check`; `phase`: Successful, Failed or Error; `begun`: when its step's
    analysis was; `asked`, `answered`.
    """

    weight: int
    check: str
    phase: str
    begun: float
    asked: float
    answered: float

    @property
    def successful(self) -> bool:
        """Whether it passed."""
        return self.phase == "Successful"


def measurements(release: Played) -> list[Measurement]:
    """Every measurement of a release, by step."""
    state, plan = release.state, release.plan
    runs = read_runs(release.observer.api, plan.namespace, plan.name, state.pod_hash)
    return [found for run in runs for found in _of(run, state.weights)]


def requests_in_window(release: Played, measurement: Measurement) -> int:
    """What the canary answered in the time that a measurement looks back on, and a scrape and a second more."""
    since = measurement.asked - release.scenario.interval - SCRAPE_SECONDS
    counts = release.observer.tally.load.counts(int(since), int(measurement.asked) + 1, release.scenario.host)
    return sum(number for (version, _), number in counts.items() if version == CANDIDATE)


def _of(run: Object, weights: tuple[int, ...]) -> Iterator[Measurement]:
    status = run.get("status") or {}
    weight = weights[int(run["metadata"]["labels"][_STEP])]
    for result in status.get("metricResults") or []:
        for one in result.get("measurements") or []:
            times = (_seconds(status["startedAt"]), _seconds(one["startedAt"]), _seconds(one["finishedAt"]))
            yield Measurement(weight, result["name"], one["phase"], *times)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
