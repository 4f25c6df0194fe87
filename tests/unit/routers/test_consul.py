"""Consul: the subsets that its plug-in fills, and how the versions are told apart. The rest is in test_meshes.py."""

import re
from pathlib import Path
from typing import Any

from tests.specs import changed, only

from .apps import INSIDE, WEIGHTS, app, compiled, refused

PREFIX = "consul.hashicorp.com"


def shop(image: str = "registry.example.com/shop:1.0.0") -> dict[str, Any]:
    return changed(app(WEIGHTS, INSIDE), "workload", "image", to=image)


def annotations(root: Path, spec: dict[str, Any]) -> dict[str, str]:
    found = only(compiled(root, "consul", spec).manifests, "Rollout")["spec"]["template"]["metadata"]["annotations"]
    return {str(name): str(value) for name, value in found.items()}


def test_the_plug_in_is_told_of_the_service_and_its_subsets(tmp_path: Path) -> None:
    made = compiled(tmp_path, "consul", shop())
    canary = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]
    told = {"serviceName": "shop", "stableSubsetName": "shop-stable", "canarySubsetName": "shop-canary"}
    assert canary["trafficRouting"] == {"plugins": {"hashicorp/consul": told}}
    assert (canary["stableService"], canary["canaryService"]) == ("shop-stable", "shop-canary")
    assert only(made.manifests, "ServiceDefaults")["spec"] == {"protocol": "http"}
    resolver = only(made.manifests, "ServiceResolver")["spec"]
    assert (resolver["defaultSubset"], set(resolver["subsets"])) == ("shop-stable", {"shop-stable", "shop-canary"})
    splits = only(made.manifests, "ServiceSplitter")["spec"]["splits"]
    assert {one["serviceSubset"]: one["weight"] for one in splits} == {"shop-stable": 100, "shop-canary": 0}
    owned = {(one.kind, one.path) for one in made.ownership.fields}
    assert {("ServiceResolver", "spec.subsets"), ("ServiceSplitter", "spec.splits")} <= owned


def test_all_entries_are_named_like_the_service_that_the_pods_belong_to(tmp_path: Path) -> None:
    """Of three Services that select a pod, Consul would otherwise take any."""
    made = compiled(tmp_path / "a", "consul", shop()).manifests
    names = {one["metadata"]["name"] for one in made if one["apiVersion"].startswith(PREFIX)}
    assert names == {annotations(tmp_path / "b", shop())[f"{PREFIX}/kubernetes-service"]} == {"shop"}
    assert only(made, "Service", "shop")["spec"]["selector"] == {"app.kubernetes.io/name": "shop"}


def test_each_version_has_a_mark_of_its_own_that_consul_can_read_without_quotes(tmp_path: Path) -> None:
    """The plug-in writes `Service.Meta.version == <mark>`: a digit first, a dot or a dash would not be read."""
    images = ("registry.example.com/shop:1.0.0", "registry.example.com/shop:2.0.0-rc.1")
    marks = [
        annotations(tmp_path / str(index), shop(image))[f"{PREFIX}/service-meta-version"]
        for index, image in enumerate(images)
    ]
    assert len(set(marks)) == len(images)
    assert all(re.fullmatch("[a-zA-Z][a-zA-Z0-9]*", mark) for mark in marks), marks


def test_the_users_own_annotations_stay_and_those_of_the_versions_are_refused(tmp_path: Path) -> None:
    kept = changed(shop(), "workload", "annotations", to={"example.com/a": "b"})
    assert annotations(tmp_path / "a", kept)["example.com/a"] == "b"
    lost = changed(shop(), "workload", "annotations", to={f"{PREFIX}/service-meta-version": "1"})
    [message] = refused(tmp_path / "b", "consul", lost)
    assert message == (
        f"workload.annotations.{PREFIX}/service-meta-version: is set for every version, so that Consul tells them "
        "apart: leave it out"
    )


def test_flagger_does_not_know_it_and_the_message_says_who_does(tmp_path: Path) -> None:
    [message] = refused(tmp_path, "consul", app(WEIGHTS, INSIDE), "flagger")
    assert message.startswith("delivery.steps[0]: app 'shop' needs shifting traffic by weight, which engine 'flagger'")
    assert "'consul' does not work with 'flagger'" in message
    assert "routers that can: " in message
    assert "istio" in message
