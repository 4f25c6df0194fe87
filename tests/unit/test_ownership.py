"""The forms of the ownership contract, and the digest that tells a dropped change."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from components.contracts import OwnedField
from components.ownership import DIGEST_ANNOTATION, Ownership, dropped, marked, together
from tests.specs import ROOT, compiled_app, example_app

HTTP = OwnedField("networking.istio.io", "VirtualService", "shop", "shop-split", "spec.http")
SELECTOR = OwnedField("", "Service", "shop", "shop-stable", "spec.selector")
REPLICAS = OwnedField("argoproj.io", "Rollout", "shop", "shop.v2", "spec.replicas")
PAUSED = OwnedField("argoproj.io", "Rollout", "shop", "shop.v2", "spec.paused")
ALL = Ownership((SELECTOR, HTTP, REPLICAS, PAUSED))


def test_pulumi_gets_the_paths_of_each_object() -> None:
    assert ALL.pulumi == {
        ("Rollout", "shop.v2"): ("spec.replicas", "spec.paused"),
        ("Service", "shop-stable"): ("spec.selector",),
        ("VirtualService", "shop-split"): ("spec.http",),
    }


def test_argo_cd_gets_one_rule_for_each_object_and_leaves_the_fields_alone_in_a_sync() -> None:
    assert ALL.argo_cd == {
        "ignoreDifferences": [
            {
                # An empty group would go when Argo CD writes the Application, which then owns all the rules.
                "kind": "Service",
                "namespace": "shop",
                "name": "shop-stable",
                "jsonPointers": ["/spec/selector"],
            },
            {
                "group": "networking.istio.io",
                "kind": "VirtualService",
                "namespace": "shop",
                "name": "shop-split",
                "jsonPointers": ["/spec/http"],
            },
            {
                "group": "argoproj.io",
                "kind": "Rollout",
                "namespace": "shop",
                "name": "shop.v2",
                "jsonPointers": ["/spec/replicas", "/spec/paused"],
            },
        ],
        "syncPolicy": {"syncOptions": ["RespectIgnoreDifferences=true"]},
    }


def test_flux_gets_expressions_that_match_whole_names_and_nothing_else() -> None:
    service, _, rollout = ALL.flux_kustomization["ignore"]
    assert service == {
        "paths": ["/spec/selector"],
        # An empty group would match a Service of any group.
        "target": {"group": "^$", "kind": "^Service$", "namespace": "^shop$", "name": "^shop-stable$"},
    }
    assert rollout["target"]["name"] == "^shop[.]v2$"
    assert ALL.flux_helm_release == {"driftDetection": {"mode": "enabled", "ignore": ALL.flux_kustomization["ignore"]}}


def test_the_contracts_of_several_apps_are_one() -> None:
    assert together([Ownership((SELECTOR,)), Ownership((HTTP, REPLICAS, PAUSED))]) == ALL


@pytest.mark.parametrize("form", ["argo_cd", "flux_kustomization"])
def test_the_page_shows_what_an_app_is_given(form: str, tmp_path: Path) -> None:
    page = (ROOT / "docs/concepts/ownership.md").read_text(encoding="utf-8")
    [shown] = re.findall(rf"```json {form}\n(.*?)```", page, re.DOTALL)
    assert json.loads(shown) == getattr(compiled_app(tmp_path, example_app()).ownership, form)


def test_where_nothing_is_owned_no_tool_is_told_anything() -> None:
    nothing = Ownership(())
    assert nothing.argo_cd == nothing.flux_kustomization == nothing.flux_helm_release == {}


def one(**spec: Any) -> dict[str, Any]:
    return {"kind": "Any", "metadata": {"name": "a", "annotations": {"kept": "yes"}}, "spec": spec}


def inputs(*paths: str, **spec: Any) -> dict[str, Any]:
    return marked(one(**spec), paths)


def test_an_object_without_owned_fields_is_left_as_it_is() -> None:
    plain = one(a=1)
    assert marked(plain, ()) is plain
    assert marked(plain, ("spec.absent",)) is plain


def test_the_digest_stands_beside_other_annotations() -> None:
    annotations = inputs("spec.a", a=1)["metadata"]["annotations"]
    assert annotations["kept"] == "yes"
    assert annotations[DIGEST_ANNOTATION].startswith("spec.a=")


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        pytest.param(inputs("spec.a", a=1), inputs("spec.a", a=2), ["spec.a"], id="changed"),
        pytest.param(inputs("spec.a", a=1), inputs("spec.a", a=1), [], id="the same"),
        pytest.param(inputs("spec.a", a={"x": 1, "y": 2}), inputs("spec.a", a={"y": 2, "x": 1}), [], id="reordered"),
        pytest.param(inputs("spec.a", a=1, b=1), inputs("spec.a", a=1, b=2), [], id="changed elsewhere"),
        pytest.param(inputs("spec.a", a=1), inputs("spec.a"), [], id="left to the controller"),
        pytest.param(inputs("spec.a", a=1), one(a=2), [], id="taken back"),
        pytest.param(one(a=1), inputs("spec.a", a=2), [], id="owned for the first time"),
        pytest.param(
            inputs("spec.a", "spec.b", a=[1], b=[1]), inputs("spec.a", "spec.b", a=[1], b=[2]), ["spec.b"], id="second"
        ),
        pytest.param({}, inputs("spec.a", a=1), [], id="nothing before"),
    ],
)
def test_what_would_be_dropped(old: dict[str, Any], new: dict[str, Any], lost: list[str]) -> None:
    assert dropped(old, new) == lost
