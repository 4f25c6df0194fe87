"""A version that nothing is known about is never promoted: silence is no success."""

import pytest

from .evidence import Evidence
from .rig import Rig
from .scenarios import (
    BEHIND_CONTOUR,
    BEHIND_GATEWAY_API,
    EMPTY,
    FLAGGER_QUIET,
    MISLABELLED,
    NAN,
    QUIET,
    STABLE_ONLY,
    Scenario,
)

SILENT = [QUIET, FLAGGER_QUIET, BEHIND_GATEWAY_API[3], BEHIND_CONTOUR[3], EMPTY, STABLE_ONLY, MISLABELLED, NAN]


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
