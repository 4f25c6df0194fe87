"""Linkerd, Kuma and Open Service Mesh: what is sent to the app's own Service, and nothing else, is routed."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import only

from .apps import AB, BLUE_GREEN, COPIES, INSIDE, STICKY, WEIGHTS, app, compiled, latency, refused

ON_FLAGGER = ["kuma", "linkerd", "osm"]
PAIRS = [("linkerd", "argo-rollouts"), *((router, "flagger") for router in ON_FLAGGER)]


def query(root: Path, router: str, engine: str) -> str:
    made = compiled(root, router, app(WEIGHTS, INSIDE), engine).manifests
    if engine == "flagger":
        return str(only(made, "MetricTemplate")["spec"]["query"])
    return str(only(made, "AnalysisTemplate")["spec"]["metrics"][0]["provider"]["prometheus"]["query"])


@pytest.mark.parametrize("router", ON_FLAGGER)
def test_flagger_gets_a_name_that_it_knows_and_no_object_of_ours(tmp_path: Path, router: str) -> None:
    """Any other name would silently become Istio."""
    made = compiled(tmp_path, router, app(WEIGHTS, INSIDE), "flagger").manifests
    assert only(made, "Canary")["spec"]["provider"] == router
    kinds = {"ServiceAccount", "MetricTemplate", "Deployment", "HorizontalPodAutoscaler", "Canary"}
    assert {one["kind"] for one in made} == {*kinds, "PodDisruptionBudget"}


def test_argo_rollouts_splits_what_is_sent_to_a_service_over_both_versions(tmp_path: Path) -> None:
    made = compiled(tmp_path, "linkerd", app(WEIGHTS, INSIDE)).manifests
    canary = only(made, "Rollout")["spec"]["strategy"]["canary"]
    assert canary["trafficRouting"] == {"smi": {"rootService": "shop", "trafficSplitName": "shop"}}
    assert (canary["stableService"], canary["canaryService"]) == ("shop-stable", "shop-canary")
    assert only(made, "Service", "shop")["spec"]["selector"] == {"app.kubernetes.io/name": "shop"}


@pytest.mark.parametrize(
    ("router", "engine", "only_canary"),
    [
        ("linkerd", "argo-rollouts", '{direction="outbound", dst_namespace="shop", dst_service="shop-canary"'),
        ("linkerd", "flagger", '{direction="inbound", namespace="shop", deployment="shop"'),
        ("kuma", "flagger", '{envoy_cluster_name="shop-canary_shop_svc_80"'),
        ("osm", "flagger", 'destination_kind="Deployment", destination_name="shop"'),
    ],
)
def test_the_canary_alone_is_measured(tmp_path: Path, router: str, engine: str, only_canary: str) -> None:
    assert query(tmp_path, router, engine).count(only_canary) == 3


@pytest.mark.parametrize(("router", "engine"), PAIRS)
def test_a_host_that_only_an_ingress_could_answer_to_is_refused(tmp_path: Path, router: str, engine: str) -> None:
    [message] = refused(tmp_path, router, app(WEIGHTS, {"hosts": ["shop.example.com"]}), engine)
    assert message == (
        f"traffic.hosts[0]: '{router}' routes what is sent to the Service 'shop' only: give "
        "'shop.shop.svc.cluster.local', and lead an ingress of yours to it for other names"
    )


@pytest.mark.parametrize(("router", "engine"), PAIRS)
@pytest.mark.parametrize("delivery", [AB, COPIES, STICKY, BLUE_GREEN], ids=["cohort", "copies", "sticky", "switch"])
def test_what_weights_cannot_say_is_refused_before_everybody_gets_the_canary(
    tmp_path: Path, router: str, engine: str, delivery: dict[str, Any]
) -> None:
    [message] = refused(tmp_path, router, app(delivery, INSIDE), engine)
    assert f"router '{router}' cannot do: " in message or "engine 'flagger'" in message
    assert "use strategy '" in message


@pytest.mark.parametrize(("router", "engine"), PAIRS)
def test_what_the_meshs_object_has_no_place_for_is_refused(tmp_path: Path, router: str, engine: str) -> None:
    traffic = {**INSIDE, "timeout": "5s", "retries": {"attempts": 1}, "match": [{"path": {"exact": "/a"}}]}
    paths = {line.split(":")[0] for line in refused(tmp_path, router, app(WEIGHTS, traffic), engine)}
    assert paths == {"traffic.timeout", "traffic.retries", "traffic.match"}


def test_a_latency_that_linkerd_could_not_see_to_be_exceeded_is_refused(tmp_path: Path) -> None:
    [message] = refused(tmp_path, "linkerd", app(latency("50s"), INSIDE))
    assert "must be below 50s, the largest bucket of 'linkerd'" in message
