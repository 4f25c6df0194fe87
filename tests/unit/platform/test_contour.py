"""Contour and the kinds of the Gateway API, as a stack asks for them."""

from pathlib import Path
from typing import Any

import pytest

from components.manifests.meta import Manifest
from components.platform.checks import problems
from components.platform.piece import pieces_of
from components.platform.pieces import contour
from components.platform.pod_standard import level
from components.spec.load import LoadedStack
from tests.specs import Project, example_app, only, stack_keys

CPU = {"requests": {"cpu": "500m"}}


def loaded(root: Path, router: Any = "contour", **platform: Any) -> LoadedStack:
    """A stack of Flagger's behind a router, with these options of the platform."""
    project = Project(root)
    keys = stack_keys()
    keys["delivery"] |= {"engine": "flagger", "router": router}
    project.stack({**keys, "platform": platform})
    project.apps(example_app())
    return project.load()


def made(root: Path, router: Any = "contour", **options: Any) -> list[Manifest]:
    spec = loaded(root, router, contour={"install": True, **options}).spec
    return [item for stage in contour.stages(spec) for item in stage]


def arguments(objects: list[Manifest]) -> list[str]:
    [container] = only(objects, "Deployment", "contour")["spec"]["template"]["spec"]["containers"]
    return list(container["args"])


def envoy(objects: list[Manifest]) -> Manifest:
    return only(objects, "Deployment", "envoy")


@pytest.mark.parametrize(("router", "option"), [("contour", "contour"), ("gateway-api", "gateway_api")])
def test_it_is_installed_where_a_stack_asks_for_it_and_routes_by_it(tmp_path: Path, router: str, option: str) -> None:
    chosen = {"kind": router, **({"gateway": "public", "gateway_namespace": "gw"} if router == "gateway-api" else {})}
    asked = {option: {"install": True}}
    assert router in [piece.name for piece in pieces_of(loaded(tmp_path, chosen, **asked).spec)]
    assert router not in [piece.name for piece in pieces_of(loaded(tmp_path, chosen).spec)]
    assert router not in [piece.name for piece in pieces_of(loaded(tmp_path, "istio", **asked).spec)]


def test_its_pods_are_restricted(tmp_path: Path) -> None:
    objects = made(tmp_path)
    pods = {one["kind"]: one["spec"]["template"]["spec"] for one in objects if one["kind"] in ("Deployment", "Job")}
    assert {kind: level(pod) for kind, pod in pods.items()} == {"Deployment": "restricted", "Job": "restricted"}
    assert level(envoy(objects)["spec"]["template"]["spec"]) == "restricted", "a port of the node is open"


def test_it_serves_the_class_that_routes_are_of(tmp_path: Path) -> None:
    assert "--ingress-class-name=public" in arguments(made(tmp_path, {"kind": "contour", "ingress_class": "public"}))
    assert not [one for one in arguments(made(tmp_path)) if "class" in one]


def test_the_gateway_is_as_large_as_the_stack_says(tmp_path: Path) -> None:
    fixed = made(tmp_path, replicas=3, gateway={"replicas": 4, "resources": CPU}, resources=CPU)
    assert only(fixed, "Deployment", "contour")["spec"]["replicas"] == 3
    assert envoy(fixed)["spec"]["replicas"] == 4
    assert only(fixed, "PodDisruptionBudget", "envoy")["spec"]["maxUnavailable"] == 1
    amounts = [one.get("resources") for one in envoy(fixed)["spec"]["template"]["spec"]["containers"]]
    assert amounts == [None, CPU], "Envoy alone takes the traffic"
    scaled = made(tmp_path, gateway={"replicas": 3, "max_replicas": 9, "resources": CPU})
    assert "replicas" not in envoy(scaled)["spec"], "the number of pods would have two owners"
    limits = only(scaled, "HorizontalPodAutoscaler", "envoy")["spec"]
    assert (limits["minReplicas"], limits["maxReplicas"]) == (3, 9)
    assert not [one for one in made(tmp_path, gateway={"replicas": 1}) if one["kind"] == "PodDisruptionBudget"]


@pytest.mark.parametrize(("kind", "kept"), [("LoadBalancer", True), ("NodePort", True), ("ClusterIP", False)])
def test_the_service_is_of_the_kind_and_with_the_annotations_that_it_is_given(
    tmp_path: Path, kind: str, kept: bool
) -> None:
    service = only(made(tmp_path, gateway={"service": kind, "service_annotations": {"a/b": "c"}}), "Service", "envoy")
    assert (service["spec"]["type"], service["metadata"]["annotations"]) == (kind, {"a/b": "c"})
    assert ("externalTrafficPolicy" in service["spec"]) is kept
    assert "annotations" not in only(made(tmp_path), "Service", "envoy")["metadata"], "upstream's is for one cloud"


def test_an_autoscaler_of_pods_that_request_no_cpu_is_refused(tmp_path: Path) -> None:
    without = loaded(tmp_path, contour={"install": True, "gateway": {"max_replicas": 5}})
    assert [f"{one.path}: {one.message}" for one in problems(without)] == [
        "coalmine:platform.contour.gateway.max_replicas: the autoscaler keeps the pods at 80 % of the CPU that they "
        "request, and they request none: set platform.contour.gateway.resources.requests.cpu, like '500m'"
    ]
