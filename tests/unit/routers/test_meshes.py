"""Linkerd, Kuma, App Mesh, SMI, Open Service Mesh: what is sent to the app's own Service is routed, nothing else."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import only

from .apps import AB, BLUE_GREEN, COPIES, INSIDE, STICKY, WEIGHTS, app, compiled, latency, refused

ON_FLAGGER = {
    "app-mesh": "appmesh:v1beta2",
    "kuma": "kuma",
    "linkerd": "linkerd",
    "osm": "osm",
    "smi": "smi:v1alpha2",
}
"""Flagger's names for them."""
ON_ARGO_ROLLOUTS = ("app-mesh", "consul", "linkerd", "smi")
PAIRS = [(one, "argo-rollouts") for one in ON_ARGO_ROLLOUTS] + [(one, "flagger") for one in ON_FLAGGER]


def query(root: Path, router: str, engine: str) -> str:
    made = compiled(root, router, app(WEIGHTS, INSIDE), engine).manifests
    if engine == "flagger":
        return str(only(made, "MetricTemplate")["spec"]["query"])
    return str(only(made, "AnalysisTemplate")["spec"]["metrics"][0]["provider"]["prometheus"]["query"])


@pytest.mark.parametrize("router", ON_FLAGGER)
def test_flagger_gets_a_name_that_it_knows_and_no_object_of_ours(tmp_path: Path, router: str) -> None:
    """Any other name would silently become Istio."""
    made = compiled(tmp_path, router, app(WEIGHTS, INSIDE), "flagger").manifests
    assert only(made, "Canary")["spec"]["provider"] == ON_FLAGGER[router]
    kinds = {"ServiceAccount", "MetricTemplate", "Deployment", "HorizontalPodAutoscaler", "Canary"}
    assert {one["kind"] for one in made} == {*kinds, "PodDisruptionBudget"}


@pytest.mark.parametrize("router", ["linkerd", "smi"])
def test_argo_rollouts_splits_what_is_sent_to_a_service_over_both_versions(tmp_path: Path, router: str) -> None:
    made = compiled(tmp_path, router, app(WEIGHTS, INSIDE)).manifests
    canary = only(made, "Rollout")["spec"]["strategy"]["canary"]
    assert canary["trafficRouting"] == {"smi": {"rootService": "shop", "trafficSplitName": "shop"}}
    assert (canary["stableService"], canary["canaryService"]) == ("shop-stable", "shop-canary")
    assert only(made, "Service", "shop")["spec"]["selector"] == {"app.kubernetes.io/name": "shop"}


@pytest.mark.parametrize(
    ("router", "engine", "only_canary"),
    [
        ("linkerd", "argo-rollouts", '{direction="outbound", dst_namespace="shop", dst_service="shop-canary"'),
        ("linkerd", "flagger", '{direction="inbound", namespace="shop", deployment="shop"'),
        ("smi", "argo-rollouts", 'app_kubernetes_io_name="shop", version="{{args.revision}}"'),
        ("smi", "flagger", '{namespace="shop", app_kubernetes_io_name="shop"'),
        ("app-mesh", "argo-rollouts", 'app_kubernetes_io_name="shop", version="{{args.revision}}"'),
        ("consul", "argo-rollouts", 'service="shop", consul_destination_service_subset="shop-canary"'),
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


def test_the_nodes_of_app_mesh_never_select_the_same_pods(tmp_path: Path) -> None:
    """App Mesh's webhook refuses two nodes with one selector; the controller puts the hashes in."""
    made = compiled(tmp_path, "app-mesh", app(WEIGHTS, INSIDE))
    nodes = [one for one in made.manifests if one["kind"] == "VirtualNode"]
    assert [one["metadata"]["name"] for one in nodes] == ["shop-stable", "shop-canary"]
    stable, canary = (one["spec"]["podSelector"]["matchLabels"] for one in nodes)
    assert stable != canary
    routing = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]["trafficRouting"]["appMesh"]
    assert routing["virtualService"] == {"name": only(made.manifests, "VirtualService")["metadata"]["name"]}
    assert routing["virtualNodeGroup"]["stableVirtualNodeRef"] == {"name": "shop-stable"}
    [route] = only(made.manifests, "VirtualRouter")["spec"]["routes"]
    targets = route["httpRoute"]["action"]["weightedTargets"]
    assert {one["virtualNodeRef"]["name"]: one["weight"] for one in targets} == {"shop-stable": 100, "shop-canary": 0}
    owned = {(one.kind, one.path) for one in made.ownership.fields}
    assert {("VirtualRouter", "spec.routes"), ("VirtualNode", "spec.podSelector")} <= owned


@pytest.mark.trap(42)
@pytest.mark.parametrize("router", ["app-mesh", "osm", "smi"])
def test_what_is_at_its_end_says_so_and_what_to_use_instead(tmp_path: Path, router: str) -> None:
    [note] = [one for one in compiled(tmp_path, router, app(WEIGHTS, INSIDE), "flagger").notes if "at its end" in one]
    assert f"Router '{router}'" in note
    assert "use router '" in note
