"""What a version that is good and bad by turns comes to, by the rules of either engine, and when it has to be bad."""

import math
from dataclasses import replace

import pytest

from components.plan import Plan, build_plan
from components.spec.app import AppSpec
from localcluster.demo.timeline import Stretch
from tests.delivery.flapping import Course, Flapping, course_of, is_bad

_STEPS = ((20, 30), (50, 30))
"""Three checks of Argo Rollouts at each weight, one look of Flagger's."""


def plan_of(engine: str, tolerated: int) -> Plan:
    return build_plan(
        AppSpec.model_validate(Flapping("shop", rate=1, steps=_STEPS, tolerated=tolerated, engine=engine).spec())
    )


# By script and tolerated failures: on Argo Rollouts, on Flagger.
COURSES = {
    ("", 0): (
        Course(True, {20: "...", 50: "..."}, {20: 0, 50: 0}),
        Course(True, {20: "...", 50: "..."}, {20: 0, 50: 0}),
    ),
    (".x", 0): (Course(False, {20: ".x"}, {20: 1}), Course(False, {20: ".x."}, {20: 1})),
    ("x.x", 1): (Course(False, {20: "x.x"}, {20: 2}), Course(True, {20: "x.x...", 50: "..."}, {20: 1, 50: 0})),
    ("..xx", 1): (Course(True, {20: "..x", 50: "x.."}, {20: 1, 50: 1}), Course(False, {20: "..xx.."}, {20: 2})),
    ("x.....x", 1): (
        Course(True, {20: "x..", 50: "..."}, {20: 1, 50: 0}),
        Course(False, {20: "x.....", 50: "x.."}, {20: 1, 50: 1}),
    ),
}


@pytest.mark.parametrize(("script", "tolerated"), COURSES)
def test_the_verdict_follows_from_the_plan_and_the_engine(script: str, tolerated: int) -> None:
    by_argo_rollouts, by_flagger = COURSES[script, tolerated]
    assert course_of(plan_of("", tolerated), script) == by_argo_rollouts
    assert course_of(plan_of("flagger", tolerated), script) == by_flagger


def test_a_version_is_bad_well_inside_the_bad_intervals_of_the_weight_in_force() -> None:
    course = Course(True, {50: "x.", 80: ".x"})
    first = Stretch(50, 100.0, 120.0)
    second = replace(first, weight=80, since=121.0, until=math.inf)
    bad = [now for now in range(95, 160) if is_bad(course, [first, second], 10, float(now))]
    assert bad == [102, 103, 104, 133, 134, 135]
