"""A good version reaches everybody, and gets its share of the requests: on both engines, and behind each router."""

from collections.abc import Callable

import pytest

from localcluster.demo.shares import LARGEST_Z

from . import envoy_counts
from .evidence import Evidence
from .rig import Rig
from .scenarios import BEHIND_CONTOUR, BEHIND_GATEWAY_API, CANDIDATE, CONTOUR, FLAGGER_GOOD, GOOD, Scenario

EVERY_GOOD = [GOOD, FLAGGER_GOOD, BEHIND_GATEWAY_API[0], BEHIND_CONTOUR[0]]
EACH = pytest.mark.parametrize("scenario", EVERY_GOOD, ids=lambda scenario: scenario.name)
STEPS = [(scenario, step) for scenario in EVERY_GOOD for step in range(len(scenario.steps))]
Record = Callable[[str, object], None]

_PODS_THAT_END = 4
"""Two of either version. Each may close a connection just as a request is sent on it: Istio sends that one again,
Contour does not unless it is told to."""

MOMENTS = [("midway", GOOD), ("midway with Flagger", FLAGGER_GOOD), ("afterwards", GOOD)]


@EACH
def test_a_good_version_is_promoted_through_every_step(rig: Rig, evidence: Evidence, scenario: Scenario) -> None:
    release = rig.played[scenario.name]
    evidence.check(release.promoted, release, "was not promoted")
    weights = [step.share.weight for step in release.steps]
    evidence.check(weights == [weight for weight, _ in scenario.steps], release, f"weights {weights} were in force")
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {CANDIDATE} does not answer everything afterwards: {after}")


@pytest.mark.parametrize(("scenario", "step"), STEPS, ids=lambda value: getattr(value, "name", str(value)))
def test_the_canary_gets_its_share_of_real_requests(
    rig: Rig, evidence: Evidence, record_property: Record, scenario: Scenario, step: int
) -> None:
    release = rig.played[scenario.name]
    evidence.check(len(release.steps) > step, release, f"never came to step {step}")
    share = release.steps[step].share
    record_property("requests", share.requests)
    record_property("standard errors off", round(share.z, 2))
    evidence.check(share.requests >= scenario.fewest, release, f"only {share.requests} requests at {share.weight} %")
    off = f"got {share.measured:.2%} at weight {share.weight}: {share.z:+.1f} standard errors off"
    evidence.check(abs(share.z) <= LARGEST_Z, release, off)


@EACH
def test_no_request_is_lost_while_a_version_is_promoted(
    rig: Rig, evidence: Evidence, record_property: Record, scenario: Scenario
) -> None:
    release = rig.played[scenario.name]
    stretches = release.observer.canary_stretches()
    evidence.check(bool(stretches), release, "the canary never got any requests")
    # The engine tidies up once the last weight is left: old pods end.
    seconds = (int(release.observer.since), int(stretches[-1].until) + 2 * scenario.interval)
    counts = rig.load.counts(*seconds, scenario.host)
    lost = {f"{version or 'nobody'}: {status}": n for (version, status), n in counts.items() if status != 200}
    allowed = _PODS_THAT_END if scenario.router == CONTOUR else 0
    record_property("lost", sum(lost.values()))
    if not counts.total() or sum(lost.values()) > allowed:
        weights = [f"  weight {one.weight} from second {one.since - seconds[0]:.1f}" for one in stretches]
        details = [*weights, *rig.load.failures(*seconds, scenario.host), *envoy_counts.told(rig.cluster, release.name)]
        evidence.check(False, release, "\n".join([f"of {counts.total()} requests failed: {lost}", *details]))


@pytest.mark.parametrize(("moment", "scenario"), MOMENTS, ids=[moment for moment, _ in MOMENTS])
def test_pulumi_leaves_to_the_engine_what_the_engine_changes(
    rig: Rig, evidence: Evidence, moment: str, scenario: Scenario
) -> None:
    difference = rig.differences[moment]
    message = f"{moment} Pulumi would change live objects: {difference}"
    evidence.check(not difference, rig.played[scenario.name], message)
