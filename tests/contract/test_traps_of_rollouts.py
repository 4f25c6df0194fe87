"""What validates and fails later, in Argo Rollouts: none of it is found in the objects of any app, on any router.

A rule holds for what is made now and for every router, provider and strategy that comes: they are met by being there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from components.spec.values import Duration

from .trap_objects import Object, canaries, made, objects, plugin, routers, routing, steps, with_key


def _pods_or_weight(step: Object) -> bool:
    scale = step.get("setCanaryScale", {})
    return bool(
        step.get("setWeight") or scale.get("weight") or scale.get("replicas") or scale.get("matchTrafficWeight")
    )


@pytest.mark.trap(1)
def test_a_step_does_one_thing() -> None:
    assert [step for one in steps() for step in one if len(step) != 1] == []


@pytest.mark.trap(2)
def test_nothing_is_copied_by_the_gateway_api_plug_in() -> None:
    mirrored = [
        one for one in canaries() if plugin(one, "gatewayapi") and list(with_key(one["steps"], "setMirrorRoute"))
    ]
    assert mirrored == []


@pytest.mark.trap(4)
def test_pods_are_there_before_a_route_leads_to_them() -> None:
    for one in steps():
        for number, step in enumerate(one):
            route = step.get("setHeaderRoute") or step.get("setMirrorRoute")
            if route and route.get("match"):
                assert any(map(_pods_or_weight, one[:number])), f"{route} leads to no pods: {one}"


@pytest.mark.trap(5)
def test_a_canary_names_both_services() -> None:
    def named(one: Object) -> list[Any]:
        turns = one.get("pingPong", {})
        return [one.get("stableService", turns.get("pingService")), one.get("canaryService", turns.get("pongService"))]

    assert [one for one in canaries() if routing(one) and not all(named(one))] == []


@pytest.mark.trap(6)
def test_services_are_named_only_where_a_router_uses_them() -> None:
    named = [one for one in canaries() if one.get("stableService") or one.get("canaryService")]
    assert [one for one in named if not routing(one)] == []


@pytest.mark.trap(7)
def test_without_a_router_a_weight_is_a_whole_number_of_pods() -> None:
    found = 0
    for one in objects("Rollout"):
        canary, replicas = one["spec"]["strategy"].get("canary"), one["spec"].get("replicas")
        if canary and not routing(canary):
            weights = [step["setWeight"] for step in canary["steps"] if "setWeight" in step]
            assert replicas is not None, "an autoscaler may choose a number of pods that fits no weight"
            assert [weight for weight in weights if weight * replicas % 100] == []
            found += 1
    assert found


@pytest.mark.trap(8)
def test_a_weight_never_gets_fewer_pods_than_its_share() -> None:
    for one in steps():
        pods, bound = 0, False
        for step in one:
            scale = step.get("setCanaryScale", {})
            bound = bool(scale.get("weight") is not None or scale.get("replicas")) if scale else bound
            pods = scale.get("weight", 100 if scale.get("replicas") else 0) if scale else pods
            assert not bound or step.get("setWeight", 0) <= pods, f"{step} with {pods} % of the pods: {one}"


@pytest.mark.trap(9)
def test_the_stable_pods_stay_while_the_canary_grows() -> None:
    assert [one for one in canaries() if one.get("dynamicStableScale")] == []


@pytest.mark.trap(13, 14)
def test_an_analysis_in_the_background_begins_with_the_requests_and_has_no_end_of_its_own() -> None:
    found = 0
    for app in made():
        templates = {one["metadata"]["name"]: one["spec"] for one in app.manifests if one["kind"] == "AnalysisTemplate"}
        canary = (
            next((one for one in app.manifests if one["kind"] == "Rollout"), {}).get("spec", {}).get("strategy", {})
        )
        background = canary.get("canary", {}).get("analysis")
        if background:
            step = canary["canary"]["steps"][background["startingStep"]]
            assert "args" in step["analysis"], "what is watched begins with the checks of a step"
            [template] = background["templates"]
            shortest = min(stage.hold for stage in app.plan.stages)
            for metric in templates[template["templateName"]]["metrics"]:
                assert "count" not in metric
                assert Duration.parse(metric["initialDelay"]) <= shortest
            found += 1
    assert found


@pytest.mark.trap(16)
def test_the_old_pods_stay_as_long_as_the_analysis_after_a_switch() -> None:
    found = 0
    for app in made():
        for one in app.manifests:
            blue_green = one["spec"]["strategy"].get("blueGreen") if one["kind"] == "Rollout" else None
            if blue_green and "postPromotionAnalysis" in blue_green:
                [stage] = app.plan.stages
                assert blue_green["scaleDownDelaySeconds"] > stage.hold.whole_seconds
                found += 1
    assert found


@pytest.mark.trap(17)
def test_no_switch_has_a_clock_that_is_ignored() -> None:
    blue_green = list(with_key(objects("Rollout"), "blueGreen"))
    assert blue_green
    assert [one for one in blue_green if "autoPromotionSeconds" in one["blueGreen"]] == []


def _targets(reference: str) -> list[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]:
    """Every object that refers to another, with what it refers to."""
    found = []
    for app in made():
        by_name = {(one["kind"], one["metadata"]["name"]): one for one in app.manifests}
        for one in app.manifests:
            to = one["spec"].get(reference) if isinstance(one.get("spec"), dict) else None
            if to:
                found.append((one, [by_name[place] for place in [(to.get("kind"), to["name"])] if place in by_name]))
    return found


@pytest.mark.trap(19)
def test_a_deployment_that_a_rollout_takes_its_pods_from_declares_no_replicas() -> None:
    assert [to for _, found in _targets("workloadRef") for to in found if "replicas" in to["spec"]] == []
    others = [(app, one["spec"]["workloadRef"]) for app in made() for one in app.manifests if _refers(one)]
    assert others, "no app of the tests takes its pods from a Deployment"
    for app, reference in others:
        given_up = app.ownership.pulumi.get((reference["kind"], reference["name"]))
        assert given_up == ("spec.replicas",), f"nothing tells GitOps to leave the replicas of {reference} alone"


def _refers(one: Mapping[str, Any]) -> bool:
    return one["kind"] == "Rollout" and "workloadRef" in one["spec"]


@pytest.mark.trap(20)
def test_as_many_revisions_are_kept_as_a_rollback_may_skip() -> None:
    for one in objects("Rollout"):
        skipped = one["spec"].get("rollbackWindow", {}).get("revisions", 0)
        assert skipped <= one["spec"].get("revisionHistoryLimit", 10)


@pytest.mark.trap(22, 38)
def test_what_an_autoscaler_scales_declares_no_replicas() -> None:
    scaled = [to for _, found in _targets("scaleTargetRef") for to in found]
    assert {to["kind"] for to in scaled} >= {"Rollout", "Deployment"}
    assert [to for to in scaled if "replicas" in to["spec"]] == []


@pytest.mark.trap(23)
def test_no_experiments_services_go_before_its_weight() -> None:
    """With a duration they do, while the last check is awaited; and the route is then one to no Service."""
    istio = [one for one in canaries() if "istio" in routing(one)]
    found = [step["experiment"] for one in istio for step in with_key(one["steps"], "experiment")]
    assert found
    assert [one for one in found if "duration" in one] == []


@pytest.mark.trap(24)
def test_of_several_routers_each_can_do_every_step() -> None:
    several = [one for one in canaries() if len(routers(one)) > 1]
    assert several
    for one in several:
        for step, able in _ABLE.items():
            assert not list(with_key(one["steps"], step)) or routers(one) <= able, f"{sorted(routers(one))}: {step}"


_ABLE = {
    "setHeaderRoute": {"alb", "apisix", "argoproj-labs/gatewayAPI", "istio"},
    "setMirrorRoute": {"istio"},
}
"""Of the steps that only some routers can do, those routers."""


@pytest.mark.trap(25)
def test_every_experiment_ends() -> None:
    found = list(with_key(list(canaries()), "experiment"))
    assert found
    for one in found:
        ends = [run for run in with_key(one, "requiredForCompletion") if run["requiredForCompletion"]]
        assert one["experiment"].get("duration") or ends
