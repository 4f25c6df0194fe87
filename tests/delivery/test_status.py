"""`coalmine status` says of releases that real traffic decided how they stand, and why."""

import json

import pytest

from tests.coalmine import coalmine

from .rig import Rig
from .scenarios import ERRORS, GOOD, QUIET, SLOW, Scenario

HEALTHY, DEGRADED = 0, 3
CASES = [
    (GOOD, HEALTHY, ""),
    (ERRORS, DEGRADED, "error rate "),
    (SLOW, DEGRADED, "p99 latency "),
    (QUIET, DEGRADED, "no data for error rate in 1 of 1 checks at weight "),
]


@pytest.mark.parametrize(("scenario", "code", "reason"), CASES, ids=[scenario.name for scenario, *_ in CASES])
def test_status_tells_scripts_and_people_what_became_of_it(
    rig: Rig, scenario: Scenario, code: int, reason: str
) -> None:
    environment = {"KUBECONFIG": str(rig.cluster.kubeconfig)}
    done = coalmine("status", scenario.name, "--json", environment=environment)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert (done.returncode, said["aborted"], said["promoted"]) == (code, code == DEGRADED, code == HEALTHY), said
    assert said["reason"].startswith(reason), said
    assert bool(said["reason"]) == bool(reason), said
