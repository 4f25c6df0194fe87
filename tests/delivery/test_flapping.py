"""A version that is good and bad by turns comes to what the rules of its engine make of that: on real traffic."""

from collections import defaultdict

import pytest

from .engines import failed_looks
from .evidence import Evidence
from .flapping import EVERY, IN_A_ROW, ON_AND_OFF, Flapping, course_of
from .rig import Rig
from .scenarios import CANDIDATE, CONTOUR, GATEWAY_API, STABLE

EACH = pytest.mark.parametrize("scenario", EVERY, ids=[scenario.name for scenario in EVERY])

_CHECK = "error-rate"


@EACH
def test_a_version_that_flaps_comes_to_what_its_plan_says(rig: Rig, evidence: Evidence, scenario: Flapping) -> None:
    release = rig.played[scenario.name]
    course = course_of(release.plan, scenario.script)
    evidence.check(release.decided, release, "is not decided")
    verdict, expected = ("promoted" if one.promoted else "taken back" for one in (release, course))
    evidence.check(verdict == expected, release, f"was {verdict} by the script {scenario.script}, not {expected}")
    weights = [stretch.weight for stretch in release.observer.canary_stretches()]
    evidence.check(weights == list(course.played), release, f"weights {weights} were in force, not {[*course.played]}")
    version = CANDIDATE if course.promoted else STABLE
    after = release.after
    well = after is not None and after.requests > 0 and after.canary == 0
    evidence.check(well, release, f"version {version} does not answer everything afterwards: {after}")


@EACH
def test_the_checks_fail_that_looked_at_a_bad_spell_and_no_other(
    rig: Rig, evidence: Evidence, scenario: Flapping
) -> None:
    release = rig.played[scenario.name]
    failed = failed_looks(rig.cluster.api, release.plan, _CHECK)
    expected = {weight: times for weight, times in course_of(release.plan, scenario.script).failed.items() if times}
    evidence.check(failed == expected, release, f"{_CHECK} failed {failed} times by weight, not {expected}")


def test_each_engine_promotes_one_script_and_takes_another_one_back(rig: Rig) -> None:
    """And not the same one: what is counted, and over which time, decides; the router in front does not."""
    promoted: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for one in EVERY:
        scripts = promoted[one.engine].setdefault(one.router, [])
        scripts += [one.script] if rig.played[one.name].promoted else []
    assert promoted == {
        "": {"": [ON_AND_OFF.script]},
        "flagger": {router: [IN_A_ROW.script] for router in ("", GATEWAY_API, CONTOUR)},
    }
