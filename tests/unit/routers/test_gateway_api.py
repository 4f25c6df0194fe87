"""The Gateway API: what is routed and measured, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from components.platform.pieces.argo_rollouts import PIECE
from components.spec.cluster import StackSpec
from tests.specs import changed, only, stack_keys

from .apps import AB, BLUE_GREEN, COPIES, INTERNAL, WEIGHTS, app, compiled, refused

GATEWAY = {"kind": "gateway-api", "gateway": "public", "implementation": "contour"}
TIMED = {"hosts": ["shop.example.com"], "timeout": "10s"}
AUDIENCE = {"steps": [{"weight": 10, "audience": INTERNAL, "hold": "1m"}, {"weight": 50, "hold": "1m"}]}


def canary(root: Path, spec: dict[str, Any]) -> dict[str, Any]:
    return dict(only(compiled(root, GATEWAY, spec, "flagger").manifests, "Canary")["spec"])


@pytest.mark.trap(3)
def test_the_plug_in_is_told_of_the_route_and_owns_its_rules(tmp_path: Path) -> None:
    made = compiled(tmp_path, GATEWAY, app())
    route = only(made.manifests, "HTTPRoute")
    name = route["metadata"]["name"]
    plugins = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]["trafficRouting"]["plugins"]
    told = {"httpRoute": name, "namespace": "shop", "configMap": "shop-routes", "disableInProgressLabel": True}
    assert plugins == {"argoproj-labs/gatewayAPI": told}
    [rule] = route["spec"]["rules"]
    assert {one["name"]: one["weight"] for one in rule["backendRefs"]} == {"shop-stable": 100, "shop-canary": 0}
    assert (name, "spec.rules") in {(one.name, one.path) for one in made.ownership.fields}


def test_another_timeout_makes_another_route_instead_of_a_change_that_is_dropped(tmp_path: Path) -> None:
    names = [
        only(compiled(tmp_path / str(number), GATEWAY, app(traffic=traffic)).manifests, "HTTPRoute")["metadata"]["name"]
        for number, traffic in enumerate((TIMED, {**TIMED, "timeout": "11s"}))
    ]
    assert names[0] != names[1]


def test_flagger_makes_the_route_itself_so_none_of_ours_has_its_name(tmp_path: Path) -> None:
    """An HTTPRoute of ours under the app's name would be taken over (flagger#1889)."""
    made = compiled(tmp_path, GATEWAY, app(traffic=TIMED), "flagger").manifests
    assert not [one for one in made if one["kind"] == "HTTPRoute"]
    spec = only(made, "Canary")["spec"]
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "shop"}
    service = {key: spec["service"][key] for key in ("gatewayRefs", "hosts", "timeout")}
    assert spec["provider"] == "gatewayapi:v1"
    assert service == {"gatewayRefs": [parent], "hosts": ["shop.example.com"], "timeout": "10s"}


def test_a_prefix_of_a_header_never_becomes_a_match_of_everything(tmp_path: Path) -> None:
    """Flagger knows no prefixes here: it would send all users to the new version."""
    cohort = {"headers": {"x-build": {"prefix": "1.2-"}}}
    analysis = canary(tmp_path, app({**AB, "cohort": cohort}, TIMED))["analysis"]
    assert analysis["match"] == [{"headers": {"x-build": {"regex": r"1\.2\-.*"}}}]


def test_a_switch_moves_pods_behind_a_service_so_nobody_owns_the_route(tmp_path: Path) -> None:
    made = compiled(tmp_path, GATEWAY, app(BLUE_GREEN))
    [rule] = only(made.manifests, "HTTPRoute")["spec"]["rules"]
    assert [one["name"] for one in rule["backendRefs"]] == ["shop-stable"]
    assert {field.kind for field in made.ownership.fields} == {"Service"}


def test_the_canary_is_measured_by_its_service_alone(tmp_path: Path) -> None:
    query = only(compiled(tmp_path, GATEWAY, app(), "flagger").manifests, "MetricTemplate")["spec"]["query"]
    assert query.count('envoy_cluster_name="shop_shop-canary_80"') == 3


def test_the_pods_own_metrics_are_asked_where_the_implementation_has_none(tmp_path: Path) -> None:
    other = {"kind": "gateway-api", "implementation": "other", "pod_metrics": {"status": "status"}}
    query = only(compiled(tmp_path, other, app(), "flagger").manifests, "MetricTemplate")["spec"]["query"]
    assert 'http_requests_total{namespace="shop", app_kubernetes_io_name="shop", status=~"5.."}' in query


def test_unknown_metrics_are_not_guessed(tmp_path: Path) -> None:
    [message] = refused(tmp_path, {"kind": "gateway-api", "implementation": "other"}, app())
    assert message.startswith("delivery.analysis.checks[0]: cannot be measured, because every implementation")
    assert message.endswith("delivery.router.implementation (istio, contour), or give delivery.router.pod_metrics")


def test_copies_that_the_plug_in_would_never_send_are_refused(tmp_path: Path) -> None:
    found = refused(tmp_path, GATEWAY, app(COPIES))
    assert "cannot do: its plug-in takes the step and copies nothing; use strategy 'mirror' with engine" in found[0]


def test_a_cohort_whose_route_would_weigh_nothing_is_refused(tmp_path: Path) -> None:
    """The plug-in sets the weight of all routes to the canary: at 0 % the cohort's requests are answered by nobody."""
    [message] = refused(tmp_path, GATEWAY, app(AB))
    assert message.startswith("delivery.cohort: the plug-in gives the cohort's route the step's weight too")
    assert refused(tmp_path, GATEWAY, app(AUDIENCE)) == []


ON_ARGO_ROLLOUTS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a header that must fit beside another one": (
        {"headers": {"x-a": {"exact": "1"}, "x-b": {"exact": "2"}}},
        {},
        "delivery.steps[0]: 'gateway-api' wants all of a cohort's headers, where one should be enough",
    ),
    "a prefix that lets others in": (
        {"headers": {"x-a": {"prefix": "1.2"}}},
        {},
        "delivery.steps[0]: header 'x-a': the plug-in reads the prefix '1.2' as a regular expression: give 'regex'",
    ),
    "a timeout that the cohort does not have": (
        INTERNAL,
        {"timeout": "10s"},
        "traffic.timeout: the plug-in leaves it out of the cohort's route",
    ),
    "a condition that the cohort replaces": (
        INTERNAL,
        {"match": [{"headers": {"x-tenant": {"exact": "a"}}}]},
        "traffic.match: a cohort's header would replace these",
    ),
}


@pytest.mark.parametrize("name", ON_ARGO_ROLLOUTS)
def test_what_the_plug_in_would_change_is_refused(tmp_path: Path, name: str) -> None:
    cohort, traffic, expected = ON_ARGO_ROLLOUTS[name]
    spec = app(changed(AUDIENCE, "steps", 0, "audience", to=cohort), {"hosts": ["a.b"], **traffic})
    [message] = refused(tmp_path, GATEWAY, spec)
    assert message.startswith(expected)


def test_flaggers_empty_timeout_is_refused_before_the_api_server_does(tmp_path: Path) -> None:
    [message] = refused(tmp_path, GATEWAY, app(AB), "flagger")
    assert message.startswith("traffic.timeout: is required with a cohort: Flagger 1.36 writes an empty one there")
    assert refused(tmp_path, GATEWAY, app(AB, TIMED), "flagger") == []


def test_retries_that_no_standard_route_has_are_refused(tmp_path: Path) -> None:
    [message] = refused(tmp_path, GATEWAY, app(traffic={"hosts": ["a.b"], "retries": {"attempts": 2}}))
    assert message.startswith("traffic.retries: no release of the Gateway API's standard channel has retries")


def test_a_platform_whose_argo_rollouts_lacks_the_plug_in_is_refused() -> None:
    stack = StackSpec.model_validate(changed(stack_keys(), "delivery", "router", to=GATEWAY))
    [(path, message)] = PIECE.problems(stack)
    assert path == "platform.argo_rollouts.plugins"
    assert "needs the plug-in argoproj-labs/gatewayAPI" in message


def test_weights_alone_need_no_more_than_a_host(tmp_path: Path) -> None:
    assert refused(tmp_path, GATEWAY, app(WEIGHTS)) == []
