"""Flagger decides on real traffic as Argo Rollouts does: the same apps, beside them, on the same cluster."""

import json
from collections.abc import Callable

import pytest

from components.operate.contract import why
from localcluster.api import path_of
from localcluster.demo.shares import FEWEST_REQUESTS, LARGEST_Z
from tests.coalmine import coalmine

from .evidence import Evidence
from .rig import Played, Rig
from .scenarios import (
    CANDIDATE,
    ERRORS,
    FLAGGER_ERRORS,
    FLAGGER_GOOD,
    FLAGGER_QUIET,
    FLAGGER_SLOW,
    GOOD,
    QUIET,
    SCRAPE_SECONDS,
    SLOW,
    STABLE,
    Scenario,
)

Record = Callable[[str, object], None]

_ALLOWANCE = 1.2
_SECOND = 1
"""Counts are kept by the second."""
_ENDING_SECONDS = 2
"""Two seconds of the canary's requests: what a gateway may take to hear of a change on a busy machine."""

BAD = [(FLAGGER_ERRORS, "error rate "), (FLAGGER_SLOW, "p99 latency "), (FLAGGER_QUIET, "no data for error rate ")]
NAMES = [scenario.name for scenario, _ in BAD]


TWINS = (GOOD, ERRORS, SLOW, QUIET)
"""Those of Argo Rollouts that are played on Flagger too."""


@pytest.mark.parametrize("twin", TWINS, ids=[scenario.name for scenario in TWINS])
def test_both_engines_come_to_the_same_verdict(rig: Rig, evidence: Evidence, twin: Scenario) -> None:
    ours, theirs = rig.played[f"flagger-{twin.name}"], rig.played[twin.name]
    evidence.check(ours.decided, ours, "is not decided")
    evidence.check(theirs.decided, theirs, "is not decided")
    evidence.check(ours.promoted == theirs.promoted, ours, f"promoted: {ours.promoted}, on Argo Rollouts not so")


def test_a_good_version_is_promoted_through_every_step(rig: Rig, evidence: Evidence) -> None:
    release = rig.played[FLAGGER_GOOD.name]
    evidence.check(release.promoted, release, "was not promoted")
    weights = [step.share.weight for step in release.steps]
    evidence.check(weights == [5, 25, 50], release, f"weights {weights} were in force")
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {CANDIDATE} does not answer everything afterwards: {after}")


@pytest.mark.parametrize("step", [0, 1, 2])
def test_the_canary_gets_its_share_of_real_requests(
    rig: Rig, evidence: Evidence, record_property: Record, step: int
) -> None:
    release = rig.played[FLAGGER_GOOD.name]
    evidence.check(len(release.steps) > step, release, f"never came to step {step}")
    share = release.steps[step].share
    record_property("requests", share.requests)
    record_property("standard errors off", round(share.z, 2))
    evidence.check(share.requests >= FEWEST_REQUESTS, release, f"only {share.requests} requests at {share.weight} %")
    off = f"got {share.measured:.2%} at weight {share.weight}: {share.z:+.1f} standard errors off"
    evidence.check(abs(share.z) <= LARGEST_Z, release, off)


@pytest.mark.parametrize(("scenario", "reason"), BAD, ids=NAMES)
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


@pytest.mark.parametrize("scenario", [FLAGGER_ERRORS, FLAGGER_SLOW], ids=lambda scenario: scenario.name)
def test_a_bad_version_is_gone_in_time(
    rig: Rig, evidence: Evidence, record_property: Record, scenario: Scenario
) -> None:
    release = rig.played[scenario.name]
    took, bound = release.observer.seconds_to_abort(), longest(scenario)
    record_property("seconds", took)
    record_property("seconds allowed", bound)
    message = f"{took:.1f} s from the first bad answer to the last one of the canary, {bound:.1f} s are allowed"
    evidence.check(took <= bound, release, message)


def longest(scenario: Scenario) -> float:
    """The bound, from the app's spec: one look per hold, and the one after the last failure takes the release back."""
    hold = scenario.steps[0][1]
    return _ALLOWANCE * (hold * (scenario.tolerated + 2) + SCRAPE_SECONDS + 2 * _SECOND)


@pytest.mark.parametrize(("scenario", "reason"), BAD, ids=NAMES)
def test_all_traffic_is_back_at_the_stable_version(
    rig: Rig, evidence: Evidence, scenario: Scenario, reason: str
) -> None:
    release = rig.played[scenario.name]
    weights = routed(rig, release)
    evidence.check(weights == (100, 0), release, f"the VirtualService sends {weights} to primary and canary")
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {STABLE} does not answer everything: {after}")


def routed(rig: Rig, release: Played) -> tuple[int, int]:
    """The weights of primary and canary in the VirtualService that Flagger made."""
    path = path_of("networking.istio.io/v1/virtualservices", release.plan.namespace, release.plan.name)
    routes = rig.cluster.api.get(path)["spec"]["http"][0]["route"]
    weights = {route["destination"]["host"]: route.get("weight", 0) for route in routes}
    return weights[f"{release.plan.name}-primary"], weights[release.plan.canary_service]


def test_no_request_is_lost_while_a_version_is_promoted(rig: Rig, evidence: Evidence) -> None:
    release = rig.played[FLAGGER_GOOD.name]
    stretches = release.observer.canary_stretches()
    seconds = (int(release.observer.since), int(stretches[-1].until) + 2 * FLAGGER_GOOD.interval)
    counts = rig.load.counts(*seconds, FLAGGER_GOOD.host)
    lost = {f"{version or 'nobody'}: {status}": n for (version, status), n in counts.items() if status != 200}
    evidence.check(counts.total() > 0 and not lost, release, f"of {counts.total()} requests failed: {lost}")


def test_few_requests_are_lost_when_a_version_is_taken_back(
    rig: Rig, evidence: Evidence, record_property: Record
) -> None:
    """Flagger moves the traffic and ends the canary's pods in one breath; the gateway hears of it a bit later."""
    release = rig.played[FLAGGER_SLOW.name]
    stretches = release.observer.canary_stretches()
    seconds = (int(release.observer.since), int(stretches[-1].until) + FLAGGER_SLOW.interval)
    counts = rig.load.counts(*seconds, FLAGGER_SLOW.host)
    lost = sum(number for (_, status), number in counts.items() if status != 200)
    bound = FLAGGER_SLOW.rate * FLAGGER_SLOW.steps[0][0] / 100 * _ENDING_SECONDS
    record_property("lost", lost)
    record_property("allowed", bound)
    evidence.check(lost <= bound, release, f"{lost} requests were lost, {bound:.0f} may be")


CASES = [(FLAGGER_GOOD, 0, ""), *((scenario, 3, reason) for scenario, reason in BAD)]


@pytest.mark.parametrize(("scenario", "code", "reason"), CASES, ids=[scenario.name for scenario, *_ in CASES])
def test_status_tells_scripts_and_people_what_became_of_it(
    rig: Rig, scenario: Scenario, code: int, reason: str
) -> None:
    done = coalmine("status", scenario.name, "--json", environment={"KUBECONFIG": str(rig.cluster.kubeconfig)})
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert (done.returncode, said["aborted"], said["promoted"]) == (code, bool(code), not code), said
    assert said["reason"].startswith(reason), said
    assert bool(said["reason"]) == bool(reason), said
    times = f"in {scenario.tolerated + 1} of {scenario.tolerated + 1} checks at weight {scenario.steps[0][0]}"
    assert not reason or said["reason"].endswith(times), said


@pytest.mark.parametrize("moment", ["midway with Flagger", "afterwards"])
def test_pulumi_leaves_to_flagger_what_flagger_changes(rig: Rig, evidence: Evidence, moment: str) -> None:
    difference = rig.differences[moment]
    evidence.check(not difference, rig.played[FLAGGER_GOOD.name], f"{moment} Pulumi would change: {difference}")
