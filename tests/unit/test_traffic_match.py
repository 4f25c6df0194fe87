"""Which requests are an app's: what users write, and the conditions that Istio gets."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from components.capability import Refused
from components.features import Feature
from components.routers.istio import IstioRouter
from components.spec.names import Regex
from tests.specs import Project, changed, compiled_app, example_app, only

SHOP = example_app()


def root_route(root: Path, app: dict[str, Any]) -> dict[str, Any]:
    [route] = only(compiled_app(root, app).manifests, "VirtualService", "shop")["spec"]["http"]
    return dict(route)


def conditions(root: Path, *entries: dict[str, Any]) -> Any:
    return root_route(root, changed(SHOP, "traffic", "match", to=list(entries)))["match"]


def test_without_entries_every_request_is_the_apps(tmp_path: Path) -> None:
    assert "match" not in root_route(tmp_path, SHOP)


def test_a_prefix_is_one_of_whole_segments(tmp_path: Path) -> None:
    assert conditions(tmp_path, {"path": {"prefix": "/cart"}}) == [
        {"uri": {"exact": "/cart"}},
        {"uri": {"prefix": "/cart/"}},
    ]


def test_a_slash_at_the_end_of_a_prefix_says_nothing(tmp_path: Path) -> None:
    written = [
        conditions(tmp_path / str(index), {"path": {"prefix": path}}) for index, path in enumerate(("/a/", "/a"))
    ]
    assert written[0] == written[1]


def test_the_root_as_a_prefix_is_every_path(tmp_path: Path) -> None:
    assert conditions(tmp_path, {"path": {"prefix": "/"}}) == [{"uri": {"prefix": "/"}}]


def test_entries_are_alternatives_and_what_stands_in_one_must_all_fit(tmp_path: Path) -> None:
    found = conditions(
        tmp_path,
        {"path": {"exact": "/login"}, "headers": {"x-client": {"prefix": "mobile"}, "x-beta": {"exact": "yes"}}},
        {"path": {"regex": "/item/[0-9]+"}},
        {"headers": {"x-client": {"regex": "mobile|desktop"}}},
    )
    assert found == [
        {"uri": {"exact": "/login"}, "headers": {"x-client": {"prefix": "mobile"}, "x-beta": {"exact": "yes"}}},
        {"uri": {"regex": "/item/[0-9]+"}},
        {"headers": {"x-client": {"regex": "mobile|desktop"}}},
    ]


def test_headers_stand_beside_both_conditions_of_a_prefix(tmp_path: Path) -> None:
    found = conditions(tmp_path, {"path": {"prefix": "/cart"}, "headers": {"x-a": {"exact": "1"}}})
    assert [one["headers"] for one in found] == [{"x-a": {"exact": "1"}}] * 2


def test_the_engines_route_has_no_condition_and_no_port_of_its_own(tmp_path: Path) -> None:
    app = changed(changed(SHOP, "traffic", "match", to=[{"path": {"exact": "/a"}}]), "traffic", "port", to=8081)
    manifests = compiled_app(tmp_path, app).manifests
    [route] = only(manifests, "VirtualService", "shop-split")["spec"]["http"]
    assert route.keys() == {"name", "route"}
    assert [to["destination"].keys() for to in route["route"]] == [{"host"}, {"host"}]


def test_a_label_of_the_app_is_on_its_objects_and_makes_no_new_version(tmp_path: Path) -> None:
    labelled = changed(SHOP, "labels", to={"example.com/season": "autumn"})
    before, after = compiled_app(tmp_path / "a", SHOP), compiled_app(tmp_path / "b", labelled)
    assert before.plan.revision == after.plan.revision
    for one in after.manifests:
        assert one["metadata"]["labels"]["example.com/season"] == "autumn", one["kind"]
    assert only(before.manifests, "Rollout")["spec"] == only(after.manifests, "Rollout")["spec"]


def test_a_router_that_cannot_choose_requests_is_refused_with_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Refused("it is poor", "choose another")
    poorer = {engine: {**able, Feature.MATCH: refused} for engine, able in IstioRouter.capabilities.items()}
    monkeypatch.setattr(IstioRouter, "capabilities", poorer)
    project = Project(tmp_path)
    project.apps(changed(SHOP, "traffic", "match", to=[{"path": {"exact": "/a"}}]))
    [message] = project.messages()
    assert message.startswith(
        "apps/app.yaml: traffic.match: app 'shop' needs choosing requests by path and headers, which engine "
        "'argo-rollouts' with router 'istio' cannot do: it is poor; choose another; routers that can: "
    )


@pytest.mark.parametrize(
    "text", ["/item/[0-9]+", "a|b", r"\\1", r"[*+]+", r"[(?=]", "(?i)abc", "(?P<name>a)", "a+?b{2,3}"]
)
def test_expressions_that_both_python_and_envoy_take_are_taken(text: str) -> None:
    assert TypeAdapter(Regex).validate_python(text) == text


@pytest.mark.parametrize(
    "text", ["(?!a)b", "(?<=a)b", r"(a)\1", "(?P<n>a)(?P=n)", "a++", "(?>a)", r"a\Z", "a{2000}", "("]
)
def test_expressions_that_envoy_does_not_take_are_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(f"'{text}' ")):
        TypeAdapter(Regex).validate_python(text)


@pytest.mark.parametrize("raw", ["", 5, None])
def test_what_is_no_text_is_no_expression(raw: object) -> None:
    with pytest.raises(ValidationError, match="is not a regular expression"):
        TypeAdapter(Regex).validate_python(raw)
