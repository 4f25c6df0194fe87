"""APISIX: what is routed and measured, and what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.specs import changed, only

from .apps import AB, BLUE_GREEN, COPIES, INTERNAL, STICKY, WEIGHTS, app, compiled, refused

APISIX = "apisix"
PODS = {"kind": "apisix", "pod_metrics": {}}
COOKIE = changed(AB, "cohort", to={"cookie": {"name": "beta", "value": "on"}})


def rules(root: Path, traffic: dict[str, Any]) -> list[dict[str, Any]]:
    made = compiled(root, APISIX, app(AB, traffic)).manifests
    return list(only(made, "ApisixRoute")["spec"]["http"])


def query(root: Path, delivery: dict[str, Any]) -> str:
    template = only(compiled(root, APISIX, app(delivery)).manifests, "AnalysisTemplate")
    return str(template["spec"]["metrics"][0]["provider"]["prometheus"]["query"])


def test_the_engine_is_told_of_the_route_and_all_its_rules(tmp_path: Path) -> None:
    match = [{"path": {"exact": "/a"}}, {"path": {"prefix": "/b"}}]
    made = compiled(tmp_path, APISIX, app(AB, {"hosts": ["a.b"], "match": match}))
    route = only(made.manifests, "ApisixRoute")
    name = route["metadata"]["name"]
    routing = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]["trafficRouting"]
    assert routing["apisix"] == {"route": {"name": name, "rules": ["rule-0", "rule-1"]}}
    for rule in route["spec"]["http"]:
        assert {one["serviceName"]: one["weight"] for one in rule["backends"]} == {"shop-stable": 100, "shop-canary": 0}
    assert {(one.name, one.path) for one in made.ownership.fields if one.kind == "ApisixRoute"} == {(name, "spec.http")}


def test_another_host_makes_another_route_instead_of_a_change_that_is_dropped(tmp_path: Path) -> None:
    names = {
        only(compiled(tmp_path / host, APISIX, app(AB, {"hosts": [host]})).manifests, "ApisixRoute")["metadata"]["name"]
        for host in ("a.b", "c.d")
    }
    assert len(names) == 2


def test_the_cohorts_of_two_apps_in_one_namespace_do_not_meet(tmp_path: Path) -> None:
    """The controller makes an ApisixRoute of this name, and stops where another app has one."""
    canary = only(compiled(tmp_path, APISIX, app(AB)).manifests, "Rollout")["spec"]["strategy"]["canary"]
    assert canary["trafficRouting"]["managedRoutes"] == [{"name": "shop-audience"}]


def test_prefixes_are_of_whole_segments(tmp_path: Path) -> None:
    found = rules(tmp_path, {"hosts": ["a.b"], "match": [{"path": {"prefix": "/cart/"}}, {"path": {"prefix": "/"}}]})
    assert [rule["match"]["paths"] for rule in found] == [["/cart", "/cart/*"], ["/*"]]


def test_headers_and_expressions_are_matched_whole(tmp_path: Path) -> None:
    headers = {"x-a": {"exact": "1"}, "x-b": {"prefix": "a.b"}, "x-c": {"regex": "a|b"}}
    traffic = {"hosts": ["a.b"], "match": [{"path": {"regex": "/i/[0-9]+"}, "headers": headers}]}
    made = compiled(tmp_path, APISIX, app(BLUE_GREEN, traffic)).manifests
    [rule] = only(made, "ApisixRoute")["spec"]["http"]
    assert [(one["subject"].get("name"), one["op"], one["value"]) for one in rule["match"]["exprs"]] == [
        (None, "RegexMatch", "^(?:/i/[0-9]+)$"),
        ("x-a", "Equal", "1"),
        ("x-b", "RegexMatch", r"^a\.b"),
        ("x-c", "RegexMatch", "^(?:a|b)$"),
    ]


@pytest.mark.parametrize(
    ("delivery", "measured", "others"),
    [
        (AB, "shop_shop-audience_rule-0", ["shop_shop-1a2b3c4d_rule-0", "shop_shop_rule-0"]),
        (BLUE_GREEN, "shop_shop_rule-0", ["shop_shop-audience_rule-0", "other_shop_rule-0"]),
    ],
    ids=["cohort", "switch"],
)
def test_only_the_route_to_the_new_version_is_measured(
    tmp_path: Path, delivery: dict[str, Any], measured: str, others: list[str]
) -> None:
    [pattern] = set(re.findall('route=~"([^"]+)"', query(tmp_path, delivery)))
    assert re.fullmatch(pattern, measured)
    assert not [other for other in others if re.fullmatch(pattern, other)]


def test_weights_are_refused_where_stables_requests_would_be_counted_too(tmp_path: Path) -> None:
    """One route leads to both versions, and APISIX counts by route."""
    [message] = refused(tmp_path, APISIX, app(WEIGHTS))
    assert message == (
        "delivery.analysis.checks[0]: cannot be measured, because APISIX counts the requests of a route, and with "
        "weights one route leads to both versions: give 'pod_metrics' in delivery.router"
    )


@pytest.mark.parametrize(
    ("engine", "version"),
    [("argo-rollouts", 'version="{{args.revision}}"'), ("flagger", 'app_kubernetes_io_name="shop"')],
)
def test_with_weights_the_pods_of_the_new_version_are_asked(tmp_path: Path, engine: str, version: str) -> None:
    made = compiled(tmp_path, PODS, app(WEIGHTS), engine).manifests
    kind = "MetricTemplate" if engine == "flagger" else "AnalysisTemplate"
    spec = only(made, kind)["spec"]
    query = spec["query"] if engine == "flagger" else spec["metrics"][0]["provider"]["prometheus"]["query"]
    assert query.count(version) == 3


def test_flagger_is_told_of_a_route_to_its_own_service(tmp_path: Path) -> None:
    made = compiled(tmp_path, PODS, app(WEIGHTS), "flagger").manifests
    spec = only(made, "Canary")["spec"]
    assert spec["provider"] == "apisix"
    assert spec["routeRef"] == {"apiVersion": "apisix.apache.org/v2", "kind": "ApisixRoute", "name": "shop"}
    [rule] = only(made, "ApisixRoute", "shop")["spec"]["http"]
    assert rule["backends"] == [{"serviceName": "shop", "servicePort": 80}]


def test_rules_that_flagger_would_not_copy_are_refused(tmp_path: Path) -> None:
    traffic = {"hosts": ["a.b"], "match": [{"path": {"exact": "/a"}}, {"path": {"exact": "/b"}}]}
    [message] = refused(tmp_path, PODS, app(WEIGHTS, traffic), "flagger")
    assert message == "traffic.match: Flagger copies one rule of an ApisixRoute: give one entry"


def test_a_cohort_that_flagger_would_make_everybody_is_refused(tmp_path: Path) -> None:
    [message] = refused(tmp_path, PODS, app(AB), "flagger")
    assert "would give everybody the new version" in message


@pytest.mark.parametrize(
    ("value", "why"), [({"prefix": "a.b"}, "as an expression"), ({"regex": "beta"}, "anywhere in the value")]
)
def test_a_cohort_that_would_fit_more_users_than_asked_for_is_refused(
    tmp_path: Path, value: dict[str, str], why: str
) -> None:
    [message] = refused(tmp_path, APISIX, app(changed(AB, "cohort", to={"headers": {"x-a": value}})))
    assert message.startswith("delivery.cohort: ")
    assert why in message
    anchored = {"headers": {"x-a": {"regex": "^beta$"}}}
    assert refused(tmp_path, APISIX, app(changed(AB, "cohort", to=anchored))) == []
    assert refused(tmp_path, APISIX, app(COOKIE)) == []


def test_headers_of_which_all_would_be_wanted_are_refused(tmp_path: Path) -> None:
    two = {"headers": {**INTERNAL["headers"], "x-b": {"exact": "1"}}}
    [message] = refused(tmp_path, APISIX, app(changed(AB, "cohort", to=two)))
    assert message.endswith("'apisix' wants all of a cohort's headers, where one should be enough: give one header")


def test_conditions_that_a_cohorts_would_take_the_place_of_are_refused(tmp_path: Path) -> None:
    match = [{"path": {"exact": "/a"}}, {"headers": {"x-a": {"exact": "1"}}}, {"path": {"regex": "/b"}}]
    messages = refused(tmp_path, APISIX, app(AB, {"hosts": ["a.b"], "match": match}))
    assert sorted(line.split(":")[0] for line in messages) == ["traffic.match[1]", "traffic.match[2]"]
    assert all("would be lost for a cohort" in line for line in messages)


@pytest.mark.parametrize("delivery", [COPIES, STICKY], ids=["copies", "sticky"])
def test_what_the_engine_would_pass_over_is_refused(tmp_path: Path, delivery: dict[str, Any]) -> None:
    assert any(
        "sets weights and headers in an ApisixRoute" in line for line in refused(tmp_path, APISIX, app(delivery))
    )


def test_limits_that_a_route_does_not_have_are_refused(tmp_path: Path) -> None:
    traffic = {"hosts": ["a.b"], "timeout": "5s", "retries": {"attempts": 1}}
    paths = {line.split(":")[0] for line in refused(tmp_path, APISIX, app(AB, traffic))}
    assert paths == {"traffic.timeout", "traffic.retries"}
