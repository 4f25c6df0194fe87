"""Waiting until one version answers everything, on a clock that only sleeping moves."""

from collections import Counter
from collections.abc import Callable

import pytest

from localcluster.demo import proof
from localcluster.demo.proof import PROOF_SECONDS, Claim, await_proof, await_proofs
from localcluster.demo.shares import Share
from localcluster.demo.tally import Tally

RATE = 100
GOOD = {("1", 200): RATE}
MIXED = {("1", 200): RATE - 1, ("2", 200): 1}

Answers = Callable[[int], dict[tuple[str, int], int]]


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Flow:
    """A load. Fields: `clock`; `answers`: (second since the start) -> counts; `lag`: seconds until they are known."""

    def __init__(self, clock: Clock, answers: Answers, lag: int) -> None:
        self._clock = clock
        self._answers = answers
        self._lag = lag

    def counts(self, since: float, until: float, host: str) -> Counter[tuple[str, int]]:
        total: Counter[tuple[str, int]] = Counter()
        for second in range(int(since), min(int(until), int(self._clock.now) - self._lag)):
            total.update(self._answers(second - 1000))
        return total


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(proof, "time", made)
    return made


def prove(clock: Clock, answers: Answers, lag: int = 0) -> tuple[Share, list[Share]]:
    seen: list[Share] = []
    return await_proof(Tally(Flow(clock, answers, lag), "web.example.com"), "1", RATE, seen.append), seen


def test_three_seconds_of_good_answers_are_proof(clock: Clock) -> None:
    found, seen = prove(clock, lambda _second: GOOD)
    assert found == seen[-1] == Share(0, PROOF_SECONDS * RATE, 0)
    assert clock.now == 1000 + PROOF_SECONDS


def test_an_answer_of_another_version_starts_the_wait_again(clock: Clock) -> None:
    found, seen = prove(clock, lambda second: MIXED if second < 4 else GOOD)
    assert found.canary == 0
    assert any(share.canary for share in seen)
    assert clock.now == 1004 + PROOF_SECONDS


def test_answers_from_before_prove_nothing(clock: Clock) -> None:
    clock.now = 1010.5
    prove(clock, lambda _second: GOOD)
    assert clock.now == 1011 + PROOF_SECONDS


def test_seconds_that_are_written_down_late_are_waited_for(clock: Clock) -> None:
    found, _ = prove(clock, lambda _second: GOOD, lag=5)
    assert found == Share(0, PROOF_SECONDS * RATE, 0)
    assert clock.now == 1005 + PROOF_SECONDS


def test_without_answers_there_is_no_proof(clock: Clock) -> None:
    found, _ = prove(clock, lambda _second: {})
    assert found == Share(0, 0, 0)


def test_a_canary_that_goes_on_answering_is_told_at_the_deadline(clock: Clock) -> None:
    found, _ = prove(clock, lambda _second: MIXED)
    assert found == Share(0, PROOF_SECONDS * RATE, PROOF_SECONDS)


def test_many_apps_are_proved_in_the_time_of_the_last_one(clock: Clock) -> None:
    flows = {
        "soon": Flow(clock, lambda _second: GOOD, 0),
        "late": Flow(clock, lambda second: GOOD if second > 5 else MIXED, 0),
    }
    claims = {name: Claim(Tally(flow, f"{name}.example.com"), "1", RATE) for name, flow in flows.items()}
    assert await_proofs(claims) == {name: Share(0, PROOF_SECONDS * RATE, 0) for name in flows}
    assert clock.now == 1006 + PROOF_SECONDS


def test_apps_that_are_not_proved_are_told_from_those_that_are(clock: Clock) -> None:
    flows = {"good": Flow(clock, lambda _second: GOOD, 0), "mixed": Flow(clock, lambda _second: MIXED, 0)}
    claims = {name: Claim(Tally(flow, f"{name}.example.com"), "1", RATE) for name, flow in flows.items()}
    found = await_proofs(claims)
    assert (found["good"].canary, found["mixed"].canary) == (0, PROOF_SECONDS)
