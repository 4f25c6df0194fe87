"""Gloo: Gloo Edge with Flagger, Gloo Platform with Argo Rollouts; what is routed, measured and refused."""

from pathlib import Path
from typing import Any

import pytest

from components.platform.pieces import argo_rollouts
from tests.specs import Project, changed, only

from .apps import AB, BLUE_GREEN, COPIES, STICKY, WEIGHTS, app, compiled, refused, stack

GLOO = "gloo"


def test_the_plug_in_is_told_of_the_table_and_the_route_and_has_both_services(tmp_path: Path) -> None:
    """Of a plug-in, Argo Rollouts does not ask whether both Services are there."""
    made = compiled(tmp_path, GLOO, app())
    table = only(made.manifests, "RouteTable")
    name = table["metadata"]["name"]
    canary = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]
    assert (canary["stableService"], canary["canaryService"]) == ("shop-stable", "shop-canary")
    assert canary["trafficRouting"] == {
        "plugins": {
            "solo-io/glooplatform": {
                "routeTableSelector": {"name": name, "namespace": "shop"},
                "routeSelector": {"name": "split"},
            }
        }
    }
    [route] = table["spec"]["http"]
    shares = {one["ref"]["name"]: one["weight"] for one in route["forwardTo"]["destinations"]}
    assert (route["name"], shares) == ("split", {"shop-stable": 100, "shop-canary": 0})
    assert {one.path for one in made.ownership.fields if one.kind == "RouteTable"} == {"spec.http"}


def test_other_conditions_make_another_table_instead_of_a_change_that_is_dropped(tmp_path: Path) -> None:
    match = [{"path": {"prefix": "/cart"}, "headers": {"x-a": {"prefix": "a.b"}, "x-b": {"exact": "1"}}}]
    plain = only(compiled(tmp_path / "a", GLOO, app()).manifests, "RouteTable")
    chosen = only(
        compiled(tmp_path / "b", GLOO, app(WEIGHTS, {"hosts": ["a.b"], "match": match})).manifests, "RouteTable"
    )
    assert plain["metadata"]["name"] != chosen["metadata"]["name"]
    assert chosen["spec"]["http"][0]["matchers"] == [
        {
            "uri": {"regex": "/cart(/.*)?"},
            "headers": [
                {"name": "x-a", "value": r"a\.b.*", "regex": True},
                {"name": "x-b", "value": "1", "regex": False},
            ],
        }
    ]


def test_flaggers_table_is_reached_by_the_apps_hosts(tmp_path: Path) -> None:
    made = compiled(tmp_path, GLOO, app(), "flagger").manifests
    assert only(made, "Canary")["spec"]["provider"] == "gloo"
    host = only(made, "VirtualService")["spec"]["virtualHost"]
    assert host["domains"] == ["shop.example.com"]
    assert [one["delegateAction"]["ref"] for one in host["routes"]] == [{"name": "shop", "namespace": "shop"}]


def test_users_outside_the_cohort_have_a_route_too(tmp_path: Path) -> None:
    """Flagger's route in Gloo takes requests with the header alone; all others would be answered with 404."""
    made = compiled(tmp_path, GLOO, app(AB), "flagger").manifests
    routes = only(made, "VirtualService")["spec"]["virtualHost"]["routes"]
    assert routes[-1]["routeAction"]["single"]["upstream"]["name"] == "shop-shop-primaryupstream-80"
    assert only(made, "Canary")["spec"]["analysis"]["match"] == [{"headers": {"x-internal": {"exact": "yes"}}}]


def test_a_prefix_does_not_become_a_header_of_any_value(tmp_path: Path) -> None:
    """Flagger reads a prefix as an empty exact value here."""
    delivery = changed(AB, "cohort", to={"headers": {"x-a": {"prefix": "be.ta"}}})
    made = compiled(tmp_path, GLOO, app(delivery), "flagger").manifests
    assert only(made, "Canary")["spec"]["analysis"]["match"] == [{"headers": {"x-a": {"regex": r"be\.ta.*"}}}]


def test_headers_of_which_all_would_be_wanted_are_refused(tmp_path: Path) -> None:
    delivery = changed(AB, "cohort", to={"headers": {"x-a": {"exact": "1"}, "x-b": {"exact": "1"}}})
    [message] = refused(tmp_path, GLOO, app(delivery), "flagger")
    assert message == (
        "delivery.cohort: 'gloo' wants all of a cohort's headers, where one should be enough: give one header"
    )


@pytest.mark.parametrize(
    ("engine", "delivery", "only_canary"),
    [
        ("argo-rollouts", WEIGHTS, 'destination_service_namespace="shop", destination_service_name="shop-canary"'),
        ("argo-rollouts", BLUE_GREEN, 'destination_service_namespace="shop", destination_service_name="shop-stable"'),
        ("flagger", WEIGHTS, '{envoy_cluster_name="shop-shop-canaryupstream-80_shop"'),
    ],
)
def test_the_new_version_alone_is_measured(
    tmp_path: Path, engine: str, delivery: dict[str, Any], only_canary: str
) -> None:
    made = compiled(tmp_path, GLOO, app(delivery), engine).manifests
    if engine == "flagger":
        query = only(made, "MetricTemplate")["spec"]["query"]
    else:
        query = only(made, "AnalysisTemplate")["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert query.count(only_canary) == 3


def test_a_cohort_that_the_plug_in_would_make_everybody_is_refused(tmp_path: Path) -> None:
    """It adds the cohort's condition beside those of the route, of which any is enough."""
    [message] = refused(tmp_path, GLOO, app(AB))
    assert "makes a cohort's condition one of several, of which any is enough" in message
    assert "or choose engine 'flagger'" in message


@pytest.mark.parametrize("delivery", [COPIES, STICKY], ids=["copies", "sticky"])
def test_what_the_plug_in_would_pass_over_is_refused(tmp_path: Path, delivery: dict[str, Any]) -> None:
    [message] = refused(tmp_path, GLOO, app(delivery))
    assert "the plug-in sets weights alone" in message


def test_limits_that_the_engines_routes_do_not_have_are_refused(tmp_path: Path) -> None:
    traffic = {"hosts": ["a.b"], "timeout": "5s", "retries": {"attempts": 1}}
    paths = {line.split(":")[0] for line in refused(tmp_path, GLOO, app(WEIGHTS, traffic))}
    assert paths == {"traffic.timeout", "traffic.retries"}


def test_a_controller_without_the_plug_in_is_not_installed(tmp_path: Path) -> None:
    """Without it no weight would ever move. The rest is in tests/unit/platform/test_router_plugins.py."""
    keys = changed(stack(GLOO), "cluster", to={"name": "test", "kubernetes": "1.36"})
    project = Project(tmp_path)
    project.stack(keys)
    project.apps(app())
    [problem] = [message for path, message in argo_rollouts.PIECE.problems(project.load().spec)]
    assert "router 'gloo' needs the plug-in solo-io/glooplatform" in problem
