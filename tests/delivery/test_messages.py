"""People are told why a release was taken back, by the controllers themselves and without asking for it."""

import pytest

from .evidence import Evidence
from .rig import Rig
from .scenarios import (
    CANDIDATE,
    ERRORS,
    FLAGGER_ERRORS,
    FLAGGER_GOOD,
    FLAGGER_QUIET,
    FLAGGER_SLOW,
    GOOD,
    QUIET,
    SLOW,
    Scenario,
)

BAD = [
    (ERRORS, "error rate ", ", at most 5%"),
    (SLOW, "latency p99 ", ", at most 500ms"),
    (QUIET, "error rate no data", ", at most 5%"),
]
NAMES = [scenario.name for scenario, *_ in BAD]


@pytest.mark.parametrize(("scenario", "begins", "ends"), BAD, ids=NAMES)
def test_an_abort_is_told_once_with_the_check_its_value_and_its_limit(
    rig: Rig, evidence: Evidence, scenario: Scenario, begins: str, ends: str
) -> None:
    release = rig.played[scenario.name]
    posted = rig.messages.posted(scenario.name)
    evidence.check(len(posted) == 1, release, f"{len(posted)} messages came, not one: {posted}")
    [facts] = posted
    where = (facts["event"], facts["version"], facts["step"], facts["steps"], facts["weight"])
    expected = ("aborted", CANDIDATE, 1, len(scenario.steps), scenario.steps[0][0])
    evidence.check(where == expected, release, f"told of {where}, not of {expected}")
    first = facts["reasons"][0]
    evidence.check(first.startswith(begins) and first.endswith(ends), release, f"the reason is told as '{first}'")
    text = facts["text"]
    evidence.check(first in text and f"`coalmine status {scenario.name}`" in text, release, f"the text is '{text}'")
    said = rig.messages.by_bot(scenario.name)
    evidence.check(said == [text], release, f"the bot said {said}")


@pytest.mark.parametrize("scenario", [FLAGGER_ERRORS, FLAGGER_SLOW, FLAGGER_QUIET], ids=lambda one: one.name)
def test_flagger_tells_that_too_many_checks_failed(rig: Rig, evidence: Evidence, scenario: Scenario) -> None:
    said = rig.messages.by_flagger(scenario.name)
    expected = [f"Failed checks threshold reached {scenario.tolerated + 1}"]
    evidence.check(said == expected, rig.played[scenario.name], f"Flagger said {said}, not {expected}")


def test_nobody_is_woken_by_a_release_that_went_well(rig: Rig, evidence: Evidence) -> None:
    told = [*rig.messages.by_bot(GOOD.name), *rig.messages.by_flagger(FLAGGER_GOOD.name)]
    evidence.check(not told, rig.played[GOOD.name], f"was told as well: {told}")


def test_who_asks_for_news_gets_them_in_order_and_once(rig: Rig, evidence: Evidence) -> None:
    release = rig.played[GOOD.name]
    told = [facts for facts in rig.messages.posted(GOOD.name) if facts["version"] == CANDIDATE]
    news = [(facts["event"], facts["step"]) for facts in told]
    expected = [("started", 0), ("step", 1), ("step", 2), ("promoted", 0)]
    # The last step's success is the promotion, which mostly comes before it could be told.
    evidence.check([one for one in news if one != ("step", 3)] == expected, release, f"told of {news}")
