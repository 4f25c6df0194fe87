"""A bad version is taken back, soon, and leaves all traffic to the stable one."""

from collections.abc import Callable

import pytest

from components.operate.contract import why
from components.spec.values import Duration
from localcluster.api import path_of
from localcluster.demo.bounds import longest_rollback

from .evidence import Evidence
from .played import Played
from .rig import Rig
from .scenarios import ERRORS, SCRAPE_SECONDS, SLOW, STABLE, Scenario

Record = Callable[[str, object], None]

BAD = [(ERRORS, "error rate"), (SLOW, "p99 latency")]
NAMES = [scenario.name for scenario, _ in BAD]


@pytest.mark.parametrize(("scenario", "reason"), BAD, ids=NAMES)
def test_a_bad_version_is_aborted_for_what_is_bad(
    rig: Rig, evidence: Evidence, scenario: Scenario, reason: str
) -> None:
    release = rig.played[scenario.name]
    evidence.check(release.taken_back, release, "was not aborted")
    said = why(release.observer.verdicts(release.state))
    evidence.check(said.startswith(reason), release, f"was aborted for another reason: {said}")


@pytest.mark.parametrize(("scenario", "reason"), BAD, ids=NAMES)
def test_a_bad_version_is_gone_in_time(
    rig: Rig, evidence: Evidence, record_property: Record, scenario: Scenario, reason: str
) -> None:
    release = rig.played[scenario.name]
    evidence.check(release.taken_back, release, "was not aborted")
    took = release.observer.seconds_to_abort()
    bound = longest_rollback(release.plan, scenario.rate, Duration.of_seconds(SCRAPE_SECONDS))
    record_property("seconds", took)
    record_property("seconds allowed", bound)
    message = f"{took:.1f} s from the first bad answer to the last one of the canary, {bound:.1f} s are allowed"
    evidence.check(took <= bound, release, message)


@pytest.mark.parametrize(("scenario", "reason"), BAD, ids=NAMES)
def test_all_traffic_is_back_at_the_stable_version(
    rig: Rig, evidence: Evidence, scenario: Scenario, reason: str
) -> None:
    release = rig.played[scenario.name]
    weights = routed(rig, release)
    evidence.check(weights == (100, 0), release, f"the VirtualService sends {weights} to stable and canary")
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {STABLE} does not answer everything: {after}")


def routed(rig: Rig, release: Played) -> tuple[int, int]:
    """The weights of stable and canary in the VirtualService."""
    path = path_of("networking.istio.io/v1/virtualservices", release.plan.namespace, f"{release.plan.name}-split")
    routes = rig.cluster.api.get(path)["spec"]["http"][0]["route"]
    weights = {route["destination"]["host"]: route.get("weight", 0) for route in routes}
    return weights[f"{release.plan.name}-stable"], weights[release.plan.canary_service]
