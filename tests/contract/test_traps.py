"""What engines take and then do otherwise than was meant: no combination makes any of it, whatever an app asks for.

Each test is named after what it prevents; where a user could ask for it, the refusal has a test of its own.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from components.compile import compile_app
from components.manifests.meta import Manifest
from components.plan import Plan
from components.spec.load import LoadedApp
from components.spec.origin import Origin

from .variants import Combination, both

STEP_KINDS = {"setWeight", "pause", "setCanaryScale", "analysis", "setHeaderRoute", "setMirrorRoute"}
"""The kinds of steps that are made. An experiment is none: without a duration it runs for ever, and Istio's weights of
one are not taken back in all versions."""
DURATION = re.compile(r"[0-9]+[ms]")


def _id(value: Any) -> str:
    return value.name if isinstance(value, Plan) else str(value)


def objects(combination: Combination, plan: Plan, kind: str) -> list[Manifest]:
    made = compile_app(LoadedApp(plan.app, Origin("apps/app.yaml")), combination.delivery).manifests
    return [one for one in made if one["kind"] == kind]


BOTH = both()
every = pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)


def canaries(combination: Combination, plan: Plan) -> Iterator[Manifest]:
    for one in objects(combination, plan, "Rollout"):
        if "canary" in one["spec"]["strategy"]:
            yield one["spec"]["strategy"]["canary"]


@every
def test_no_step_has_two_kinds_of_which_one_would_be_ignored(combination: Combination, plan: Plan) -> None:
    for canary in canaries(combination, plan):
        for index, step in enumerate(canary["steps"]):
            assert len(step) == 1, f"step {index} is {sorted(step)}"
            assert set(step) <= STEP_KINDS


@every
def test_no_weight_is_above_the_pods_that_an_earlier_step_fixed(combination: Combination, plan: Plan) -> None:
    for canary in canaries(combination, plan):
        pods = 100
        for step in canary["steps"]:
            pods = step.get("setCanaryScale", {}).get("weight", pods)
            assert step.get("setWeight", 0) <= pods, "few pods would get the requests of many"


@every
def test_stable_pods_are_not_scaled_down_while_a_release_could_still_go_back(
    combination: Combination, plan: Plan
) -> None:
    for canary in canaries(combination, plan):
        assert "dynamicStableScale" not in canary, "after an abort there would be too few pods for everybody"


@every
def test_no_analysis_runs_in_the_background_and_counts_as_passed_without_a_measurement(
    combination: Combination, plan: Plan
) -> None:
    for canary in canaries(combination, plan):
        assert "analysis" not in canary


@every
def test_no_switch_waits_for_a_person_and_for_a_time_that_is_ignored(combination: Combination, plan: Plan) -> None:
    for one in objects(combination, plan, "Rollout"):
        switch = one["spec"]["strategy"].get("blueGreen", {})
        assert switch.get("autoPromotionEnabled", True) or "autoPromotionSeconds" not in switch


@every
def test_an_endless_pause_names_the_team_that_is_asked(combination: Combination, plan: Plan) -> None:
    for one in objects(combination, plan, "Rollout"):
        steps = one["spec"]["strategy"].get("canary", {}).get("steps", [])
        if {"pause": {}} in steps:
            assert one["metadata"]["labels"]["coalmine.dev/owner"] == plan.app.owner


@every
def test_no_way_back_is_promised_beyond_the_versions_that_are_kept(combination: Combination, plan: Plan) -> None:
    for one in objects(combination, plan, "Rollout"):
        assert one["spec"].get("rollbackWindow", {}).get("revisions", 0) <= one["spec"]["revisionHistoryLimit"]


@every
def test_flagger_never_skips_the_checks_of_a_first_deployment_and_all_others(
    combination: Combination, plan: Plan
) -> None:
    for one in objects(combination, plan, "Canary"):
        assert "skipAnalysis" not in one["spec"]


@every
def test_flagger_reads_every_duration_as_it_is_written(combination: Combination, plan: Plan) -> None:
    for one in objects(combination, plan, "Canary"):
        analysis = one["spec"]["analysis"]
        hooks = analysis.get("webhooks", [])
        given = [analysis["interval"], *(metric["interval"] for metric in analysis["metrics"])]
        given += [hook["timeout"] for hook in hooks if "timeout" in hook]
        assert [text for text in given if not DURATION.fullmatch(text)] == []


@every
def test_flagger_is_answered_before_its_next_look(combination: Combination, plan: Plan) -> None:
    for one in objects(combination, plan, "Canary"):
        analysis = one["spec"]["analysis"]
        asked = [hook for hook in analysis.get("webhooks", []) if hook["type"] == "rollout"]
        assert sum(_seconds(hook["timeout"]) for hook in asked) < _seconds(analysis["interval"])


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]
