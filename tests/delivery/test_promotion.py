"""A good version reaches everybody, and gets its share of the requests at every step: on both engines."""

from collections.abc import Callable

import pytest

from localcluster.demo.shares import FEWEST_REQUESTS, LARGEST_Z

from .evidence import Evidence
from .rig import Rig
from .scenarios import CANDIDATE, FLAGGER_GOOD, GOOD, Scenario

EITHER = pytest.mark.parametrize("scenario", [GOOD, FLAGGER_GOOD], ids=lambda scenario: scenario.name)
MOMENTS = [("midway", GOOD), ("midway with Flagger", FLAGGER_GOOD), ("afterwards", GOOD)]


@EITHER
def test_a_good_version_is_promoted_through_every_step(rig: Rig, evidence: Evidence, scenario: Scenario) -> None:
    release = rig.played[scenario.name]
    evidence.check(release.promoted, release, "was not promoted")
    weights = [step.share.weight for step in release.steps]
    evidence.check(weights == [5, 25, 50], release, f"weights {weights} were in force")
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {CANDIDATE} does not answer everything afterwards: {after}")


@EITHER
@pytest.mark.parametrize("step", [0, 1, 2])
def test_the_canary_gets_its_share_of_real_requests(
    rig: Rig, evidence: Evidence, record_property: Callable[[str, object], None], scenario: Scenario, step: int
) -> None:
    release = rig.played[scenario.name]
    evidence.check(len(release.steps) > step, release, f"never came to step {step}")
    share = release.steps[step].share
    record_property("requests", share.requests)
    record_property("standard errors off", round(share.z, 2))
    evidence.check(share.requests >= FEWEST_REQUESTS, release, f"only {share.requests} requests at {share.weight} %")
    off = f"got {share.measured:.2%} at weight {share.weight}: {share.z:+.1f} standard errors off"
    evidence.check(abs(share.z) <= LARGEST_Z, release, off)


@EITHER
def test_no_request_is_lost_while_a_version_is_promoted(rig: Rig, evidence: Evidence, scenario: Scenario) -> None:
    release = rig.played[scenario.name]
    stretches = release.observer.canary_stretches()
    evidence.check(bool(stretches), release, "the canary never got any requests")
    # The engine tidies up once the last weight is left: old pods end.
    seconds = (int(release.observer.since), int(stretches[-1].until) + 2 * scenario.interval)
    counts = rig.load.counts(*seconds, scenario.host)
    lost = {f"{version or 'nobody'}: {status}": n for (version, status), n in counts.items() if status != 200}
    evidence.check(counts.total() > 0 and not lost, release, f"of {counts.total()} requests failed: {lost}")


@pytest.mark.parametrize(("moment", "scenario"), MOMENTS, ids=[moment for moment, _ in MOMENTS])
def test_pulumi_leaves_to_the_engine_what_the_engine_changes(
    rig: Rig, evidence: Evidence, moment: str, scenario: Scenario
) -> None:
    difference = rig.differences[moment]
    message = f"{moment} Pulumi would change live objects: {difference}"
    evidence.check(not difference, rig.played[scenario.name], message)
