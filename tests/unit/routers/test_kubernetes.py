"""No router: one Service over the pods of both versions, whose numbers are the weights."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import REMOVED, changed, only

from .apps import AB, BLUE_GREEN, COPIES, INSIDE, STICKY, app, compiled, refused

KUBERNETES = "kubernetes"
ACTIVE = {"hosts": ["shop-stable.shop.svc.cluster.local"]}
PODS = {"steps": [{"weight": 25, "hold": "1m"}, {"weight": 50, "hold": "1m"}]}


def of_weights(replicas: int, *weights: int) -> dict[str, Any]:
    """An app of so many pods, released by these weights."""
    steps = [{"weight": weight, "hold": "1m"} for weight in weights]
    return changed(app({"steps": steps}, INSIDE), "replicas", to=replicas)


@pytest.mark.trap(6)
def test_pods_are_shifted_behind_one_service_without_a_word_about_traffic(tmp_path: Path) -> None:
    """Services and scales of their own belong to a router: the controller would refuse them, or pay them no heed."""
    made = compiled(tmp_path, KUBERNETES, app(PODS, INSIDE))
    canary = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]
    assert sorted(canary) == ["maxSurge", "maxUnavailable", "steps"]
    assert [step["setWeight"] for step in canary["steps"] if "setWeight" in step] == [25, 50]
    assert {key for step in canary["steps"] for key in step} == {"setWeight", "analysis"}
    [service] = [one for one in made.manifests if one["kind"] == "Service"]
    assert service["metadata"]["name"] == "shop"
    assert service["spec"]["selector"] == {"app.kubernetes.io/name": "shop"}
    assert made.ownership.fields == ()
    assert made.notes == ("With argo-rollouts, shifting traffic by weight: a share of the pods behind one Service",)


def test_the_rollout_finds_no_service_that_is_not_there(tmp_path: Path) -> None:
    """A switch has its two Services, whichever router there is: the active one is the address of the app."""
    made = compiled(tmp_path, KUBERNETES, app(BLUE_GREEN, ACTIVE))
    release = only(made.manifests, "Rollout")["spec"]["strategy"]["blueGreen"]
    assert (release["activeService"], release["previewService"]) == ("shop-stable", "shop-canary")
    services = [one["metadata"]["name"] for one in made.manifests if one["kind"] == "Service"]
    assert services == ["shop-stable", "shop-canary"]
    assert {(field.name, field.path) for field in made.ownership.fields} == {
        ("shop-stable", "spec.selector"),
        ("shop-canary", "spec.selector"),
    }


@pytest.mark.parametrize(("delivery", "traffic"), [(PODS, INSIDE), (BLUE_GREEN, ACTIVE)], ids=["weights", "switch"])
def test_the_new_versions_pods_alone_are_measured(tmp_path: Path, delivery: Any, traffic: Any) -> None:
    template = only(compiled(tmp_path, KUBERNETES, app(delivery, traffic)).manifests, "AnalysisTemplate")
    query = template["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert query.count('namespace="shop", app_kubernetes_io_name="shop", version="{{args.revision}}"') == 3


@pytest.mark.parametrize(
    ("replicas", "weight", "instead"),
    [
        (4, 5, "weight 25 or replicas 20"),
        (4, 30, "weight 25 or weight 50 or replicas 10"),
        (2, 60, "weight 50 or replicas 5"),
        (3, 50, "replicas 4"),
        (30, 25, "weight 20 or weight 30 or replicas 32"),
    ],
)
@pytest.mark.trap(7)
def test_a_weight_that_is_no_whole_number_of_pods_is_refused_with_what_is(
    tmp_path: Path, replicas: int, weight: int, instead: str
) -> None:
    [message] = refused(tmp_path, KUBERNETES, of_weights(replicas, weight))
    assert message == (
        "delivery.steps[0].weight: without a router a weight is a number of pods, and "
        f"{weight}% of {replicas} is not a whole one: give {instead}"
    )


@pytest.mark.parametrize(
    ("replicas", "weights"), [(4, (25,)), (4, (50,)), (20, (5,)), (10, (10,)), (5, (60,)), (2, (50,)), (3, (100,))]
)
def test_what_a_message_names_and_every_whole_number_of_pods_is_taken(
    tmp_path: Path, replicas: int, weights: tuple[int, ...]
) -> None:
    assert compiled(tmp_path, KUBERNETES, of_weights(replicas, *weights)).manifests


@pytest.mark.trap(7)
def test_an_autoscaler_is_refused_with_weights_and_not_with_a_switch(tmp_path: Path) -> None:
    def scaled(spec: dict[str, Any]) -> dict[str, Any]:
        made = changed(changed(spec, "replicas", to=REMOVED), "scaling", to={"min": 4, "max": 8, "cpu": "70%"})
        return changed(made, "workload", "resources", to={"requests": {"cpu": "100m"}})

    [message] = refused(tmp_path / "weights", KUBERNETES, scaled(app(PODS, INSIDE)))
    assert message.startswith("scaling: without a router a weight is a number of pods, and an autoscaler may choose")
    assert message.endswith("give 'replicas' instead, or use strategy 'blue-green'")
    assert compiled(tmp_path / "switch", KUBERNETES, scaled(app(BLUE_GREEN, ACTIVE))).manifests


@pytest.mark.parametrize("delivery", [AB, COPIES, {**STICKY, **PODS}], ids=["cohort", "copies", "sticky"])
def test_what_pods_cannot_say_is_refused(tmp_path: Path, delivery: dict[str, Any]) -> None:
    [message] = refused(tmp_path, KUBERNETES, app(delivery, INSIDE))
    assert "router 'kubernetes' cannot do: a Service gives every request to any of its pods; use strategy" in message


def test_what_a_service_has_no_place_for_is_refused(tmp_path: Path) -> None:
    traffic = {**INSIDE, "timeout": "5s", "retries": {"attempts": 1}, "match": [{"path": {"exact": "/a"}}]}
    paths = {line.split(":")[0] for line in refused(tmp_path, KUBERNETES, app(PODS, traffic))}
    assert paths == {"traffic.timeout", "traffic.retries", "traffic.match"}


@pytest.mark.parametrize(
    ("delivery", "service"), [(PODS, "shop"), (BLUE_GREEN, "shop-stable")], ids=["weights", "switch"]
)
def test_another_host_than_the_services_is_refused(tmp_path: Path, delivery: dict[str, Any], service: str) -> None:
    [message] = refused(tmp_path, KUBERNETES, app(delivery, {"hosts": ["shop.example.com"]}))
    assert message == (
        f"traffic.hosts[0]: 'kubernetes' routes what is sent to the Service '{service}' only: give "
        f"'{service}.shop.svc.cluster.local', and lead an ingress of yours to it for other names"
    )


def test_pods_beside_the_weight_are_refused(tmp_path: Path) -> None:
    """The controller takes a scale of its own, and old pods that stay, beside a router only."""
    steps = [{"weight": 25, "hold": "1m", "scale": "50%"}]
    [scale] = refused(tmp_path / "scale", KUBERNETES, app({"steps": steps}, INSIDE))
    assert scale.startswith("delivery.steps[0].scale: without a router the canary's share of the pods is its weight")
    [kept] = refused(tmp_path / "kept", KUBERNETES, app({**PODS, "rollback": {"keep_old_pods": "5m"}}, INSIDE))
    assert kept.startswith("delivery.rollback.keep_old_pods: ")
    assert kept.endswith("give '0s', or use strategy 'blue-green'")


def test_a_gate_that_pods_without_requests_would_wait_for_is_refused(tmp_path: Path) -> None:
    gates = [{"name": "smoke", "when": "pre", "url": "http://gate.ops.svc/ok"}]
    [message] = refused(tmp_path / "pre", KUBERNETES, app({**PODS, "gates": gates}, INSIDE))
    assert message.startswith("delivery.gates[0].when: without a router the first pods get requests as soon as")
    assert "use 'confirm'" in message
    confirmed = [{**gates[0], "when": "confirm"}, {**gates[0], "name": "more", "when": "increase"}]
    assert compiled(tmp_path / "confirm", KUBERNETES, app({**PODS, "gates": confirmed}, INSIDE)).manifests


def test_a_query_by_a_service_of_the_new_version_is_refused_where_there_is_none(tmp_path: Path) -> None:
    check = {"kind": "query", "name": "q", "query": 'sum(up{service="{{service}}"})', "min": 1}
    asked = {"analysis": {"checks": [check]}}
    [message] = refused(tmp_path / "weights", KUBERNETES, app({**PODS, **asked}, INSIDE))
    assert message == (
        "delivery.analysis.checks[0].query: without a router no Service leads to the new version alone, as "
        "'{{service}}' says: use '{{pods}}' or another way"
    )
    assert compiled(tmp_path / "switch", KUBERNETES, app({**BLUE_GREEN, **asked}, ACTIVE)).manifests


def test_flagger_never_leads_such_a_service_to_its_canary(tmp_path: Path) -> None:
    [message] = refused(tmp_path, KUBERNETES, app(PODS, INSIDE), "flagger")
    assert "'kubernetes' does not work with 'flagger'" in message
