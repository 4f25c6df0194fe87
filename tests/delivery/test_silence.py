"""A version that nothing is known about is never promoted: silence is no success."""

from datetime import datetime

import pytest

from localcluster.api import Object, path_of
from localcluster.cluster import Cluster

from .evidence import Evidence
from .prometheus import query
from .rig import Rig
from .scenarios import (
    BEHIND_CONTOUR,
    BEHIND_GATEWAY_API,
    EMPTY,
    FLAGGER_GOOD,
    FLAGGER_QUIET,
    GOOD,
    MISLABELLED,
    NAN,
    QUIET,
    SCRAPE_SECONDS,
    STABLE_ONLY,
    Scenario,
)

SILENT = [QUIET, FLAGGER_QUIET, BEHIND_GATEWAY_API[3], BEHIND_CONTOUR[3], EMPTY, STABLE_ONLY, MISLABELLED, NAN]

_TOLD_SECONDS = 5
"""How late Prometheus hears of new pods. Source: its discovery/manager.go (updatert)."""
_RELOAD_SECONDS = 1
"""And how much later it acts on it, as the platform starts it."""
_ALLOWANCE = 1.2


@pytest.mark.parametrize("scenario", SILENT, ids=[scenario.name for scenario in SILENT])
def test_a_version_without_data_is_never_promoted(rig: Rig, evidence: Evidence, scenario: Scenario) -> None:
    release = rig.played[scenario.name]
    evidence.check(release.taken_back, release, "was not taken back")
    weights = sorted({stretch.weight for stretch in release.observer.all_stretches()})
    first = scenario.steps[0][0]
    evidence.check(weights == [0, first], release, f"weights {weights} were in force, only {first} may be")
    silent = [verdict for verdict in release.observer.verdicts(release.state) if verdict.no_data]
    evidence.check(bool(silent), release, "was not taken back for want of data")


def test_series_that_are_there_do_not_count_for_the_canary(rig: Rig, evidence: Evidence) -> None:
    """The stable version's series, or those of another version, must have been in Prometheus all the while."""
    for scenario in (STABLE_ONLY, MISLABELLED):
        release = rig.played[scenario.name]
        versions = rig.versions_seen(scenario)
        evidence.check(bool(versions), release, "no series at all were seen: the test would prove nothing")
        evidence.check(release.plan.revision not in versions, release, f"its own series were seen: {versions}")


def test_a_quantile_of_nothing_is_nan(rig: Rig, evidence: Evidence) -> None:
    release = rig.played[NAN.name]
    found = {verdict.check: verdict for verdict in release.observer.verdicts(release.state)}
    evidence.check(found["error-rate"].passed > 0, release, "its requests were not seen: the test would prove nothing")
    evidence.check(found["latency-p99"].failed > 0, release, "NaN did not fail the check")


@pytest.mark.parametrize("scenario", [GOOD, FLAGGER_GOOD], ids=[GOOD.name, FLAGGER_GOOD.name])
def test_pods_are_measured_soon_after_they_are_ready(rig: Rig, calm: Cluster, scenario: Scenario) -> None:
    """Or else the first check of a good version finds no data."""
    pods = calm.api.items(path_of("v1/pods", scenario.name))
    assert pods, f"{scenario.name}: the promoted version has no pods"
    bound = _ALLOWANCE * (_TOLD_SECONDS + _RELOAD_SECONDS + SCRAPE_SECONDS)
    for pod in pods:
        name = pod["metadata"]["name"]
        [series] = query(calm, f'up{{pod="{name}"}}[15m]', rig.over)
        waited = series["values"][0][0] - _ready_since(pod)
        assert waited <= bound, f"{name} was measured {waited:.1f} s after it was ready, {bound:.1f} s are allowed"


def _ready_since(pod: Object) -> float:
    [ready] = [one for one in pod["status"]["conditions"] if one["type"] == "Ready"]
    return datetime.fromisoformat(ready["lastTransitionTime"]).timestamp()
