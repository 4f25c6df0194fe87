"""`coalmine status` says of releases that real traffic decided how they stand, and why, whatever engine ran them."""

import json

import pytest

from tests.coalmine import coalmine

from .rig import Rig
from .scenarios import BEHIND_CONTOUR, BEHIND_GATEWAY_API, BY_FLAGGER, BY_PULUMI, Scenario

HEALTHY, DEGRADED = 0, 3
REASONS = ("", "error rate ", "p99 latency ", "no data for error rate in 1 of 1 checks at weight ")
"""Of the good version, of that with errors, of the slow one, of the one without requests."""
OTHERS = (BY_FLAGGER, BEHIND_GATEWAY_API, BEHIND_CONTOUR)
"""The same releases, in the same order, as those of Argo Rollouts behind Istio."""
CASES = [case for same in (BY_PULUMI, *OTHERS) for case in zip(same, REASONS, strict=True)]
PAIRS = [pair for others in OTHERS for pair in zip(BY_PULUMI, others, strict=True)]


@pytest.mark.parametrize(("scenario", "reason"), CASES, ids=[scenario.name for scenario, _ in CASES])
def test_status_tells_scripts_and_people_what_became_of_it(rig: Rig, scenario: Scenario, reason: str) -> None:
    environment = {"KUBECONFIG": str(rig.cluster.kubeconfig)}
    done = coalmine("status", scenario.name, "--json", environment=environment)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    code = DEGRADED if reason else HEALTHY
    assert (done.returncode, said["aborted"], said["promoted"]) == (code, code == DEGRADED, code == HEALTHY), said
    assert said["reason"].startswith(reason), said
    assert bool(said["reason"]) == bool(reason), said
    times = f"in {scenario.tolerated + 1} of {scenario.tolerated + 1} checks at weight {scenario.steps[0][0]}"
    assert not reason or said["reason"].endswith(times), said


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda one: one.name)
def test_every_engine_and_router_comes_to_the_same_verdict(rig: Rig, ours: Scenario, theirs: Scenario) -> None:
    one, other = rig.played[ours.name], rig.played[theirs.name]
    assert one.decided, "\n".join([f"{one.name} is not decided", *one.told()])
    assert other.decided, "\n".join([f"{other.name} is not decided", *other.told()])
    assert one.promoted == other.promoted, "\n".join([*one.told(), *other.told()])
