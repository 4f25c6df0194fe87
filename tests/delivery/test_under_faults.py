"""A piece of the platform is killed, or hangs, in the middle of releases: nothing is promoted without data.

Users lose no request unless it is Envoy that is down, and every release ends as its spec says once the piece is back.
"""

import json

import pytest

from tests.coalmine import coalmine

from .evidence import Evidence
from .faults import API_SERVER, CONTROLLER, ENVOY, ISTIOD, ORDER, PROMETHEUS, Fault, How
from .measured import Measurement, measurements, requests_in_window
from .outages import Outage, Outages
from .played import Played
from .scenarios import CANDIDATE, SCRAPE_SECONDS, STABLE, Scenario

HEALTHY, DEGRADED = 0, 3

_ALLOWANCE = 1.2
_EXTRAPOLATED = 3.2
"""increase() of two samples, a scrape apart, adds up to 1.1 scrapes on either side: so much more than it has seen."""

EVERY_FAULT = pytest.mark.parametrize("fault", ORDER, ids=[fault.name for fault in ORDER])
MOVERS = (CONTROLLER, API_SERVER, ISTIOD)


@EVERY_FAULT
def test_no_weight_rises_while_it_lasts(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    outage = outages.played[fault.name]
    for name, release in outage.releases.items():
        fault_evidence.check(name not in outage.promoted, release, "was promoted while it lasted")
        before = outage.weights[name] or 0
        risen = [
            stretch.weight
            for stretch in release.observer.all_stretches()
            if outage.since < stretch.since < outage.until and stretch.weight > before
        ]
        fault_evidence.check(not risen, release, f"got the weights {risen} while it lasted")
        fault_evidence.check(outage.mattered, release, "the fault kept nothing from happening: this proves nothing")


@EVERY_FAULT
def test_every_step_that_was_left_was_measured(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    for release in outages.played[fault.name].releases.values():
        found = measurements(release)
        for weight, hold in release.scenario.steps if release.promoted else ():
            wanted = hold // release.scenario.interval
            for check in ("error-rate", "latency-p99"):
                answers = _of_last_analysis([one for one in found if (one.weight, one.check) == (weight, check)])
                passed = sum(one.successful for one in answers)
                enough = len(answers) == wanted and passed >= wanted - release.scenario.tolerated
                message = f"{check} at {weight}: {passed} of {len(answers)} answers passed, {wanted} are asked for"
                fault_evidence.check(enough, release, message)
        for one in found:
            if one.successful:
                _check_data(fault_evidence, release, one)


def _of_last_analysis(measured: list[Measurement]) -> list[Measurement]:
    """The answers that a step was left for: a controller that was killed may have its analysis done once more."""
    last = max((one.begun for one in measured), default=0.0)
    return [one for one in measured if one.begun == last and one.phase != "Error"]


def _check_data(evidence: Evidence, release: Played, one: Measurement) -> None:
    """A check may pass only on the canary's requests of its own step, of which there were enough."""
    least = release.scenario.minimum / _EXTRAPOLATED
    seen = requests_in_window(release, one)
    where = f"{one.check} at {one.weight} passed"
    evidence.check(
        seen >= least, release, f"{where} with {seen} requests in its window, at least {least:.0f} are needed"
    )
    # Both times are whole seconds.
    waited = one.asked - one.begun
    evidence.check(waited >= release.scenario.interval - 1, release, f"{where} {waited:.0f} s after its step began")


@pytest.mark.parametrize(
    "fault", [fault for fault in ORDER if fault.piece != ISTIOD], ids=[f.name for f in ORDER if f.piece != ISTIOD]
)
def test_every_step_that_was_left_was_in_force(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    """Without istiod it need not be: the engine asks for weights, and no check sees that Envoy does not get them."""
    release = outages.played[fault.name].releases[fault.good.name]
    wanted = [weight for weight, _ in release.scenario.steps]
    # For a moment Envoy may know that the canary gets everything, before the canary is the stable version.
    weights = [one.weight for one in release.observer.all_stretches() if one.weight not in (0, 100)]
    fault_evidence.check(weights == wanted, release, f"got the weights {weights}, its spec says {wanted}")


@pytest.mark.parametrize(
    "fault", [fault for fault in ORDER if fault.piece == CONTROLLER], ids=[how.value for how in How]
)
def test_nothing_is_measured_without_the_controller(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    outage = outages.played[fault.name]
    for release in outage.releases.values():
        # Times of the API are cut to whole seconds.
        during = [one for one in measurements(release) if outage.since < one.answered < outage.until - 1]
        fault_evidence.check(not during, release, f"was measured while it lasted: {during}")


@pytest.mark.parametrize(
    "fault", [fault for fault in ORDER if fault.piece != ENVOY], ids=[f.name for f in ORDER if f.piece != ENVOY]
)
def test_users_lose_no_request(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    outage = outages.played[fault.name]
    for release in outage.releases.values():
        counts = outages.load.counts(int(outage.since), int(outage.back) + 1, release.scenario.host)
        lost = {key: number for key, number in counts.items() if key not in _expected_answers(release.scenario)}
        seen = counts.total() >= release.scenario.rate * outage.seconds / _ALLOWANCE
        fault_evidence.check(seen and not lost, release, f"of {counts.total()} requests were lost: {lost}")


def _expected_answers(scenario: Scenario) -> set[tuple[str, int]]:
    own_errors = {(CANDIDATE, 500)} if scenario.candidate else set()
    return {(STABLE, 200), (CANDIDATE, 200)} | own_errors


@pytest.mark.parametrize("fault", [fault for fault in ORDER if fault.piece == ENVOY], ids=[how.value for how in How])
def test_users_are_not_answered_without_envoy(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    """Or else the silence that the checks met would not have been real."""
    outage = outages.played[fault.name]
    for release in outage.releases.values():
        host = release.scenario.host
        during = [
            one for one in outages.load.seconds() if one.host == host and outage.since < one.time < outage.until - 1
        ]
        # An Envoy that goes on answers those whose patience lasts until then.
        soon = [
            answers
            for one in during
            for answers in one.answers
            if answers.status and one.time + 1 + answers.p50 / 1000 < outage.until
        ]
        sent = sum(one.sent for one in during)
        fault_evidence.check(sent > 0 and not soon, release, f"of {sent} requests were answered meanwhile: {soon}")


@EVERY_FAULT
def test_every_release_ends_as_its_spec_says(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    releases = outages.played[fault.name].releases
    good = releases[fault.good.name]
    fault_evidence.check(good.promoted, good, "bears the fault, but was not promoted")
    for taken_back in fault.apps[1:]:
        release = releases[taken_back.name]
        fault_evidence.check(release.taken_back, release, "was not aborted")
    for release in releases.values():
        answering = CANDIDATE if release.promoted else STABLE
        after = release.after
        well = after is not None and after.requests > 0 and after.canary == 0
        fault_evidence.check(well, release, f"version {answering} does not answer everything afterwards: {after}")


@EVERY_FAULT
def test_every_release_ends_in_time(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    outage = outages.played[fault.name]
    for release in outage.releases.values():
        took, bound = release.decided_at - outage.back, longest(release, outage, outages)
        message = f"{took:.1f} s after the piece was back, {bound:.1f} s are allowed"
        fault_evidence.check(took <= bound, release, f"was decided {message}")


def longest(release: Played, outage: Outage, outages: Outages) -> float:
    """The bound after the piece is back, from the app's own spec and from how long faults lasted.

    Whatever was under way may begin anew, and whoever could not reach a piece needs a while to try again.
    """
    scenario = release.scenario
    checks = scenario.interval * (scenario.tolerated + 1) + SCRAPE_SECONDS
    rest = sum(hold for _, hold in scenario.steps) if release.promoted else checks
    met = [one for one in outages.played.values() if one.back > outage.since and one.since < release.decided_at]
    return _ALLOWANCE * (rest + sum(_longest_pause(one) for one in met))


def _longest_pause(outage: Outage) -> float:
    """How long after an outage the last one tries again: pauses double, and those of the API server's clients vary."""
    return outage.seconds * (2 if outage.fault.piece == API_SERVER else 1)


def _reason(fault: Fault, scenario: Scenario) -> str:
    """How the reason of an abort begins."""
    if scenario == fault.strict and fault.piece == PROMETHEUS:
        return "error rate could not be measured in 1 of 1 checks at weight 50 ("
    return "no data for error rate in 1 of 1 checks at weight 50" if scenario == fault.strict else "error rate "


@EVERY_FAULT
def test_status_names_the_cause(outages: Outages, fault: Fault) -> None:
    environment = {"KUBECONFIG": str(outages.cluster.kubeconfig)}
    for scenario in fault.apps:
        done = coalmine("status", scenario.name, "--json", environment=environment)
        assert done.stdout, done.stderr
        said = json.loads(done.stdout)
        good = scenario == fault.good
        assert (done.returncode, said["promoted"]) == (HEALTHY if good else DEGRADED, good), said
        assert said["reason"].startswith("" if good else _reason(fault, scenario)), said
        assert bool(said["reason"]) != good, said


def test_a_question_that_hangs_is_given_up_while_it_hangs(outages: Outages, fault_evidence: Evidence) -> None:
    fault = Fault(PROMETHEUS, How.HUNG)
    outage = outages.played[fault.name]
    assert fault.strict is not None
    release = outage.releases[fault.strict.name]
    errors = [one for one in measurements(release) if one.phase == "Error" and one.answered <= outage.until]
    fault_evidence.check(bool(errors), release, "the question was not given up before Prometheus went on")
    waited = max(one.answered - one.asked for one in errors)
    fault_evidence.check(waited > 0, release, "the question was refused at once: nothing hung")


@pytest.mark.parametrize(
    "fault", [fault for fault in ORDER if fault.piece in MOVERS], ids=[f.name for f in ORDER if f.piece in MOVERS]
)
def test_nothing_moves_without_what_moves_it(outages: Outages, fault_evidence: Evidence, fault: Fault) -> None:
    """A bad version keeps its share meanwhile, too: it loses it when the piece is back."""
    outage = outages.played[fault.name]
    for name, release in outage.releases.items():
        moved = [one.weight for one in release.observer.all_stretches() if outage.since < one.since < outage.until]
        message = f"got the weights {moved}, beside {outage.weights[name]}"
        fault_evidence.check(not moved, release, message)
