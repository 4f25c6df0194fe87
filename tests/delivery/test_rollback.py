"""A bad version is taken back, soon, and leaves all traffic to the stable one: on both engines, behind each router."""

from collections.abc import Callable

import pytest

from components.operate.contract import why

from .engines import longest_rollback, routed
from .evidence import Evidence
from .rig import Rig
from .scenarios import (
    BEHIND_CONTOUR,
    BEHIND_GATEWAY_API,
    ERRORS,
    FLAGGER_ERRORS,
    FLAGGER_SLOW,
    SLOW,
    STABLE,
    Scenario,
)

Record = Callable[[str, object], None]

BAD = [
    scenario
    for errors, slow in ((ERRORS, SLOW), (FLAGGER_ERRORS, FLAGGER_SLOW), BEHIND_GATEWAY_API[1:3], BEHIND_CONTOUR[1:3])
    for scenario in (errors, slow)
]
REASONS = ["error rate ", "p99 latency "] * (len(BAD) // 2)
NAMES = [scenario.name for scenario in BAD]
EVERY_BAD = pytest.mark.parametrize("scenario", BAD, ids=NAMES)

_ENDING_SECONDS = 2
"""Two seconds of the canary's requests: what a gateway may take to hear of a change on a busy machine."""


@pytest.mark.parametrize(("scenario", "reason"), [*zip(BAD, REASONS, strict=True)], ids=NAMES)
def test_a_bad_version_is_taken_back_for_what_is_bad(
    rig: Rig, evidence: Evidence, scenario: Scenario, reason: str
) -> None:
    release = rig.played[scenario.name]
    evidence.check(release.taken_back, release, "was not taken back")
    said = why(release.observer.verdicts(release.state))
    evidence.check(said.startswith(reason), release, f"was taken back for another reason: {said}")
    weights = sorted({stretch.weight for stretch in release.observer.all_stretches()})
    first = scenario.steps[0][0]
    evidence.check(weights == [0, first], release, f"weights {weights} were in force, only {first} may be")


@EVERY_BAD
def test_a_bad_version_is_gone_in_time(
    rig: Rig, evidence: Evidence, record_property: Record, scenario: Scenario
) -> None:
    release = rig.played[scenario.name]
    evidence.check(release.taken_back, release, "was not taken back")
    took, bound = release.observer.seconds_to_abort(), longest_rollback(release.plan, scenario.rate)
    record_property("seconds", took)
    record_property("seconds allowed", bound)
    message = f"{took:.1f} s from the first bad answer to the last one of the canary, {bound:.1f} s are allowed"
    evidence.check(took <= bound, release, message)


@EVERY_BAD
def test_all_traffic_is_back_at_the_stable_version(rig: Rig, evidence: Evidence, scenario: Scenario) -> None:
    release = rig.played[scenario.name]
    weights = routed(rig.cluster.api, release.plan, scenario.router)
    evidence.check(weights == (100, 0), release, f"the route sends {weights} to stable and canary")
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {STABLE} does not answer everything: {after}")


@pytest.mark.parametrize("scenario", [one for one in BAD if one.engine and not one.tolerated], ids=lambda one: one.name)
def test_few_requests_are_lost_when_flagger_takes_a_version_back(
    rig: Rig, evidence: Evidence, record_property: Record, scenario: Scenario
) -> None:
    """It moves the traffic and ends the canary's pods in one breath; the gateway hears of it a bit later."""
    release = rig.played[scenario.name]
    stretches = release.observer.canary_stretches()
    evidence.check(bool(stretches), release, "the canary never got any requests")
    seconds = (int(release.observer.since), int(stretches[-1].until) + scenario.interval)
    counts = rig.load.counts(*seconds, scenario.host)
    lost = sum(number for (_, status), number in counts.items() if status != 200)
    bound = scenario.rate * scenario.steps[0][0] / 100 * _ENDING_SECONDS
    record_property("lost", lost)
    record_property("allowed", bound)
    evidence.check(lost <= bound, release, f"{lost} requests were lost, {bound:.0f} may be")
