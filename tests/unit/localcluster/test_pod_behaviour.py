"""Annotations of a pod are understood or told, never ignored."""

import pytest

from localcluster.pods.behaviour import ERROR_RATE, FAILED, LATENCY, OK, SETTING, behaviour_of
from localcluster.pods.server import App


def test_without_annotations_a_pod_is_quick_and_right() -> None:
    behaviour = behaviour_of({})
    assert {behaviour.status() for _ in range(100)} == {OK}
    assert behaviour.delay() < 0.005


@pytest.mark.parametrize(("text", "seconds"), [("20ms", 0.020), ("1.5s", 1.5), ("0ms", 0.0), ("0.5ms", 0.0005)])
def test_latency_is_the_typical_time_and_the_slowest_follow_it(text: str, seconds: float) -> None:
    behaviour = behaviour_of({LATENCY: text})
    delays = sorted(behaviour.delay() for _ in range(2000))
    assert 0.8 * seconds <= delays[0]
    assert delays[-1] <= 1.25 * seconds
    assert delays[1979] >= 1.15 * seconds, "p99 must follow the latency"


def test_the_error_rate_is_the_share_of_failures() -> None:
    behaviour = behaviour_of({ERROR_RATE: "0.25"})
    failures = sum(behaviour.status() == FAILED for _ in range(4000))
    # Six standard errors of a quarter of 4,000.
    assert abs(failures - 1000) < 165


@pytest.mark.parametrize("text", ["1.5", "-0.1", "5%", "half", "nan", ""])
def test_an_impossible_error_rate_fails_every_request_and_says_so(text: str) -> None:
    behaviour = behaviour_of({ERROR_RATE: text})
    assert behaviour.status() == FAILED
    assert f"{ERROR_RATE}: {text!r}" in behaviour.problem


@pytest.mark.parametrize("text", ["20", "20 ms", "fast", "-1s", "61s", ""])
def test_an_impossible_latency_fails_every_request_and_says_so(text: str) -> None:
    behaviour = behaviour_of({LATENCY: text})
    assert behaviour.status() == FAILED
    assert f"{LATENCY}: {text!r}" in behaviour.problem


def test_all_problems_are_told_at_once() -> None:
    problem = behaviour_of({ERROR_RATE: "2", LATENCY: "soon"}).problem
    assert ERROR_RATE in problem
    assert LATENCY in problem


def test_a_setting_is_repeated_by_every_answer_and_is_otherwise_left_out() -> None:
    told = App("shop-1", "1.0.0", behaviour_of({SETTING: "blue"}))
    assert b"\r\nx-setting: blue\r\n" in told.answer(OK)
    assert b"x-setting" not in App("shop-1", "1.0.0", behaviour_of({})).answer(OK)
