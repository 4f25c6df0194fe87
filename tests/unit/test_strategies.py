"""What a strategy becomes on each engine, and what is refused with a way out."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from tests.specs import Project, changed, compiled_app, example_app, only, stack_keys

CHECKS = {"checks": [{"kind": "error_rate", "max": "1%"}]}
INTERNAL = {"headers": {"x-internal": {"exact": "yes"}}}
BETA = {"cookie": {"name": "beta.v2", "value": "on"}}
BOTH = changed(stack_keys(), "delivery", "other_engines", to=["flagger"])


def app(delivery: dict[str, Any], engine: str = "argo-rollouts") -> dict[str, Any]:
    return changed(example_app(), "delivery", to={"analysis": CHECKS, "engine": engine, **delivery})


def messages(root: Path, delivery: dict[str, Any], engine: str = "argo-rollouts") -> list[str]:
    project = Project(root)
    project.stack(BOTH)
    project.apps(app(delivery, engine))
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def rollout(root: Path, delivery: dict[str, Any]) -> dict[str, Any]:
    strategy: dict[str, Any] = only(compiled_app(root, app(delivery), BOTH).manifests, "Rollout")["spec"]["strategy"]
    return strategy


def canary(root: Path, delivery: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = only(compiled_app(root, app(delivery, "flagger"), BOTH).manifests, "Canary")["spec"]
    return spec


def kinds(steps: list[dict[str, Any]]) -> list[str]:
    assert all(len(step) == 1 for step in steps), "a step of two kinds: the engine would take one of them"
    return [next(iter(step)) for step in steps]


@pytest.mark.trap(4)
def test_pods_are_there_before_a_cohort_is_sent_to_them(tmp_path: Path) -> None:
    steps = rollout(tmp_path, {"steps": [{"audience": INTERNAL, "hold": "1m"}, {"weight": 10, "hold": "1m"}]})
    made = steps["canary"]["steps"]
    assert kinds(made) == ["setCanaryScale", "setHeaderRoute", "analysis", "setWeight", "analysis"]
    assert made[0]["setCanaryScale"] == {"weight": 25}
    [condition] = made[1]["setHeaderRoute"]["match"]
    assert condition == {"headerName": "x-internal", "headerValue": {"exact": "yes"}}
    assert steps["canary"]["trafficRouting"]["managedRoutes"] == [{"name": made[1]["setHeaderRoute"]["name"]}]


def test_a_growing_weight_gets_more_pods_than_the_cohort_had(tmp_path: Path) -> None:
    steps = [{"audience": INTERNAL, "hold": "1m", "scale": "30%"}, {"weight": 20, "hold": "1m"}]
    steps += [{"weight": 60, "hold": "1m"}, {"weight": 80, "hold": "1m", "scale": "100%"}]
    made = rollout(tmp_path, {"steps": steps})["canary"]["steps"]
    sized = [next(iter(step.values()))["weight"] for step in made if "setCanaryScale" in step]
    assert sized == [30, 60, 100]
    for before, after in itertools.pairwise(made):
        assert not ("setWeight" in before and "setCanaryScale" in after), "requests come before the pods for them"


def test_a_cookie_is_matched_among_all_cookies_of_a_request(tmp_path: Path) -> None:
    made = rollout(tmp_path, {"strategy": "ab", "cohort": BETA, "hold": "5m"})["canary"]["steps"]
    [condition] = made[1]["setHeaderRoute"]["match"]
    pattern = re.compile(condition["headerValue"]["regex"])
    assert condition["headerName"] == "cookie"
    for header in ("beta.v2=on", "a=1; beta.v2=on", "beta.v2=on; z=2", "a=1; beta.v2=on; z=2"):
        assert pattern.fullmatch(header), header
    for header in ("beta.v2=only", "xbeta.v2=on", "betaxv2=on", "a=beta.v2", ""):
        assert not pattern.fullmatch(header), header


def test_copies_end_with_their_step(tmp_path: Path) -> None:
    steps = [{"mirror": {"share": "40%"}, "hold": "1m"}, {"weight": 10, "hold": "1m", "approval": True}]
    made = rollout(tmp_path, {"steps": steps})["canary"]["steps"]
    assert kinds(made)[1:4] == ["setMirrorRoute", "analysis", "setMirrorRoute"]
    assert made[1]["setMirrorRoute"]["percentage"] == 40
    methods = [one["method"]["exact"] for one in made[1]["setMirrorRoute"]["match"]]
    assert methods == ["GET", "HEAD"], "requests that change something are executed twice"
    assert set(made[3]["setMirrorRoute"]) == {"name"}, "with a condition the route would stay"
    assert made[-1] == {"pause": {}}, "an approval is a pause without an end"


@pytest.mark.trap(16)
def test_a_switch_is_watched_while_the_old_pods_are_still_there(tmp_path: Path) -> None:
    delivery = {"strategy": "blue-green", "hold": "10m", "approval": True, "rollback": {"keep_old_pods": "1m"}}
    made = rollout(tmp_path, delivery)["blueGreen"]
    assert (made["activeService"], made["previewService"]) == ("shop-stable", "shop-canary")
    assert made["autoPromotionEnabled"] is False
    count = {one["name"]: one for one in made["postPromotionAnalysis"]["args"]}["count"]
    assert count["value"] == "20"
    # The controller cancels the analysis when the old pods go (trap: its delay is shorter than the analysis).
    assert made["scaleDownDelaySeconds"] > 600


def test_a_switch_moves_pods_behind_a_service_so_nobody_owns_the_route(tmp_path: Path) -> None:
    compiled = compiled_app(tmp_path, app({"strategy": "blue-green", "hold": "10m"}), BOTH)
    [route] = only(compiled.manifests, "VirtualService")["spec"]["http"]
    assert [to["destination"]["host"] for to in route["route"]] == ["shop-stable"]
    assert {field.kind for field in compiled.ownership.fields} == {"Service"}


def test_flagger_serves_a_cohort_for_as_many_checks_as_the_hold_has(tmp_path: Path) -> None:
    analysis = canary(tmp_path, {"strategy": "ab", "cohort": INTERNAL, "hold": "5m"})["analysis"]
    assert (analysis["interval"], analysis["iterations"]) == ("30s", 10)
    assert analysis["match"] == [{"headers": {"x-internal": {"exact": "yes"}}}]
    assert not {"stepWeights", "mirror"} & set(analysis), "Flagger takes exactly one way"


def test_flagger_copies_requests_and_keeps_users_apart(tmp_path: Path) -> None:
    delivery = {"strategy": "mirror", "copies": {"share": "20%", "methods": "all"}, "hold": "5m"}
    analysis = canary(tmp_path / "a", delivery)["analysis"]
    assert (analysis["mirror"], analysis["mirrorWeight"], analysis["iterations"]) == (True, 20, 10)
    steps = [{"weight": 10, "hold": "1m"}, {"weight": 50, "hold": "1m"}]
    kept = {"cookie": "c", "max_age": "1h", "stable_may_drift": True}
    sticky = canary(tmp_path / "b", {"steps": steps, "session_affinity": kept})
    assert sticky["analysis"]["sessionAffinity"] == {"cookieName": "c", "maxAge": 3600}
    assert sticky["analysis"]["stepWeights"] == [10, 50]


def test_with_weights_flagger_looks_once_at_the_whole_of_a_step(tmp_path: Path) -> None:
    steps = [{"weight": 10, "hold": "2m"}, {"weight": 50, "hold": "2m"}]
    delivery = {"steps": steps, "analysis": {**CHECKS, "tolerated_failures": 2, "minimum_requests": 30}}
    compiled = compiled_app(tmp_path, app(delivery, "flagger"), BOTH)
    analysis = only(compiled.manifests, "Canary")["spec"]["analysis"]
    assert (analysis["interval"], analysis["threshold"]) == ("120s", 3)
    query = only(compiled.manifests, "MetricTemplate")["spec"]["query"]
    assert query.count("[2m]") == 3, "a check that covers less than its step"
    assert query.endswith(">= 120)"), "four intervals need four times the requests of one"
    assert 'destination_workload="shop"' in query, "not the canary alone: the stable pods are shop-primary's"
    assert [note.split(":")[0] for note in compiled.notes] == [
        "With flagger, several checks at one weight",
        "With flagger, failed checks that are tolerated step by step",
    ]


@pytest.mark.parametrize("replicas", [3, 7])
def test_flagger_gets_a_fixed_number_of_pods_from_an_autoscaler(tmp_path: Path, replicas: int) -> None:
    """A number in the Deployment would fight the controller, which scales it to zero between releases."""
    spec = changed(app({"steps": [{"weight": 10, "hold": "1m"}]}, "flagger"), "replicas", to=replicas)
    compiled = compiled_app(tmp_path, spec, BOTH)
    scaler = only(compiled.manifests, "HorizontalPodAutoscaler")
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (replicas, replicas)
    assert "replicas" not in only(compiled.manifests, "Deployment")["spec"]
    selected = only(compiled.manifests, "PodDisruptionBudget")["spec"]["selector"]["matchExpressions"]
    assert selected[0]["values"] == ["shop", "shop-primary"], "a drain could take all pods that serve users"


STEP = {"weight": 10, "hold": "1m"}
REFUSED = [
    ({"steps": [STEP, {"weight": 20, "hold": "2m"}]}, "delivery.steps", "give every step the same hold"),
    ({"steps": [{**STEP, "approval": True}]}, "delivery.steps[0]", "leave 'approval' out"),
    ({"steps": [{**STEP, "scale": "50%"}]}, "delivery.steps[0]", "leave 'scale' out"),
    ({"steps": [{"audience": INTERNAL, "hold": "1m"}, STEP]}, "delivery.steps[0]", "use strategy 'ab'"),
    ({"steps": [{**STEP, "mirror": {"methods": "all"}}]}, "delivery.steps[0]", "use strategy 'mirror'"),
    ({"strategy": "mirror", "hold": "5m"}, "delivery.copies", "set methods to 'all'"),
    ({"strategy": "blue-green", "hold": "5m"}, "delivery.strategy", "use strategy 'mirror'"),
    ({"steps": [STEP], "rollback": {"keep_old_pods": "1m"}}, "delivery.rollback.keep_old_pods", "leave rollback"),
]


@pytest.mark.parametrize(("delivery", "path", "instead"), REFUSED, ids=[case[2] for case in REFUSED])
@pytest.mark.trap(28)
def test_what_flagger_cannot_do_is_refused_with_what_can(
    tmp_path: Path, delivery: dict[str, Any], path: str, instead: str
) -> None:
    found = [line for line in messages(tmp_path, delivery, "flagger") if instead in line]
    assert len(found) == 1, messages(tmp_path, delivery, "flagger")
    assert found[0].startswith(f"{path}: app 'shop' needs "), found[0]
    assert "choose engine 'argo-rollouts'" in found[0]


def test_a_hold_that_flagger_cannot_count_is_refused(tmp_path: Path) -> None:
    delivery = {"strategy": "ab", "cohort": INTERNAL, "hold": "1m10s"}
    wanted = "delivery.hold: 1m10s must be a multiple of analysis.interval, 30s: engine 'flagger' counts intervals"
    assert messages(tmp_path, delivery, "flagger") == [wanted]


def test_sticky_users_are_refused_where_nobody_sets_cookies(tmp_path: Path) -> None:
    [message] = messages(tmp_path, {"steps": [STEP], "session_affinity": {"cookie": "c"}})
    assert message.startswith("delivery.session_affinity: app 'shop' needs users who keep the version they got")
    assert "Argo Rollouts sets no cookies; give a cookie to some users" in message


def test_an_engine_that_the_cluster_does_not_have_is_refused(tmp_path: Path) -> None:
    [message] = messages(tmp_path, {"steps": [STEP]}, "flager")
    expected = (
        "delivery.engine: the cluster has no engine 'flager' (did you mean 'flagger'?): see delivery.other_engines"
    )
    assert message == expected


def test_a_key_of_another_strategy_says_whose_it_is(tmp_path: Path) -> None:
    [message] = messages(tmp_path, {"steps": [STEP], "cohort": INTERNAL})
    assert message == "delivery.cohort: unknown key, which belongs to 'ab'"
