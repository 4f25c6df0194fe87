"""Delivery through Git by Flux: a commit releases, a bad one is told as unhealthy, and a tenant stays where it is."""

import pytest

from .by_flux import TENANTS, ByFlux
from .flux_play import LOOKS, PODS, UNSAFE_WEIGHT, WEIGHT


def test_what_stands_in_git_runs_and_is_told_to_be_ready(by_flux: ByFlux) -> None:
    after = by_flux.after["stable"]
    assert after.release.promoted(by_flux.plans["stable"].revision)
    assert (after.told.ready, after.told.applied) == ("True", after.commit), after


def test_a_commit_with_a_good_version_is_promoted_by_the_engine(by_flux: ByFlux) -> None:
    after = by_flux.after["good"]
    assert after.release.promoted(by_flux.plans["good"].revision)
    assert (after.told.ready, after.told.applied) == ("True", after.commit), after


def test_flux_leaves_to_the_controllers_what_they_own_while_it_compares_again_and_again(by_flux: ByFlux) -> None:
    first, *others = by_flux.held
    assert (first.weights, first.replicas) == ((100 - WEIGHT, WEIGHT), PODS)
    stable, canary = first.selectors
    assert stable != canary, f"the engine has not told the versions apart: {stable}"
    changes = [one for one in others if one != first]
    assert not changes, f"of {first} became {changes[0]}"
    assert by_flux.looks >= LOOKS, f"at {WEIGHT} % Flux looked {by_flux.looks} times: this test saw too little"


def test_a_commit_with_a_bad_version_is_taken_back_and_told_to_be_unhealthy(by_flux: ByFlux) -> None:
    after = by_flux.after["bad"]
    assert after.release.taken_back(by_flux.plans["bad"].revision)
    told = after.told
    assert (told.ready, told.reason, told.attempted) == ("False", "HealthCheckFailed", after.commit), told
    assert "Rollout/by-flux/by-flux" in told.message, told.message


def test_a_commit_that_takes_the_bad_one_back_makes_it_ready_again(by_flux: ByFlux) -> None:
    after = by_flux.after["reverted"]
    assert after.release.promoted(by_flux.plans["good"].revision)
    assert (after.told.ready, after.told.applied) == ("True", after.commit), after


@pytest.mark.parametrize("name", TENANTS)
def test_a_tenant_that_reaches_further_than_its_app_is_refused(by_flux: ByFlux, name: str) -> None:
    after = by_flux.refused[name]
    assert (after.told.ready, after.told.attempted) == ("False", after.commit), after.told
    assert TENANTS[name].refusal in after.told.message, after.told.message


def test_a_commit_that_breaks_a_rule_is_refused_with_the_rule_and_what_to_do(by_flux: ByFlux) -> None:
    after = by_flux.unsafe
    assert after is not None, "it was never refused"
    assert (after.told.ready, after.told.attempted) == ("False", after.commit), after.told
    rule, found = "first-step-weight", f"the first weight is {UNSAFE_WEIGHT} %, the limit is 10 %"
    fix = "begin with a weight of 10 % or less"
    assert all(part in after.told.message for part in (rule, found, fix)), after.told.message
    assert after.release.promoted(by_flux.plans["good"].revision), "the version that was there does not run any more"


def test_nothing_that_a_tenant_reached_for_is_there(by_flux: ByFlux) -> None:
    assert not by_flux.reached
