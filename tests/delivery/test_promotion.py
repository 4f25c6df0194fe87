"""A good version reaches everybody, and gets at every step the share of requests that was asked for."""

from collections.abc import Callable

import pytest

from localcluster.demo.shares import FEWEST_REQUESTS, LARGEST_Z

from .evidence import Evidence
from .rig import Rig
from .scenarios import CANDIDATE, GOOD


def test_a_good_version_is_promoted_through_every_step(rig: Rig, evidence: Evidence) -> None:
    release = rig.played[GOOD.name]
    evidence.check(release.promoted, release, "was not promoted")
    weights = [step.share.weight for step in release.steps]
    evidence.check(weights == [5, 25, 50], release, f"weights {weights} were in force")
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {CANDIDATE} does not answer everything afterwards: {after}")


@pytest.mark.parametrize("step", [0, 1, 2])
def test_the_canary_gets_its_share_of_real_requests(
    rig: Rig, evidence: Evidence, record_property: Callable[[str, object], None], step: int
) -> None:
    release = rig.played[GOOD.name]
    evidence.check(len(release.steps) > step, release, f"never came to step {step}")
    share = release.steps[step].share
    record_property("requests", share.requests)
    record_property("standard errors off", round(share.z, 2))
    evidence.check(share.requests >= FEWEST_REQUESTS, release, f"only {share.requests} requests at {share.weight} %")
    off = f"got {share.measured:.2%} at weight {share.weight}: {share.z:+.1f} standard errors off"
    evidence.check(abs(share.z) <= LARGEST_Z, release, off)


def test_no_request_is_lost_while_a_version_is_promoted(rig: Rig, evidence: Evidence) -> None:
    release = rig.played[GOOD.name]
    seconds = (int(release.observer.since), int(release.observer.since) + sum(hold for _, hold in GOOD.steps))
    counts = rig.load.counts(*seconds, GOOD.host)
    lost = {f"{version or 'nobody'}: {status}": n for (version, status), n in counts.items() if status != 200}
    evidence.check(counts.total() > 0 and not lost, release, f"of {counts.total()} requests failed: {lost}")


@pytest.mark.parametrize("moment", ["midway", "afterwards"])
def test_pulumi_leaves_to_the_engine_what_the_engine_changes(rig: Rig, evidence: Evidence, moment: str) -> None:
    difference = rig.differences[moment]
    evidence.check(not difference, rig.played[GOOD.name], f"{moment} Pulumi would change live objects: {difference}")
