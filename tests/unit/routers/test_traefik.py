"""Traefik: what is routed and measured, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import changed, only

from .apps import AB, BLUE_GREEN, COPIES, STICKY, WEIGHTS, app, compiled, latency, refused

TRAEFIK = "traefik"


def rule(root: Path, traffic: dict[str, Any]) -> str:
    route = only(compiled(root, TRAEFIK, app(traffic=traffic)).manifests, "IngressRoute")
    return str(route["spec"]["routes"][0]["match"])


def test_the_engine_is_told_of_the_service_that_the_route_leads_to(tmp_path: Path) -> None:
    made = compiled(tmp_path, TRAEFIK, app())
    split = only(made.manifests, "TraefikService")
    name = split["metadata"]["name"]
    routing = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]["trafficRouting"]
    assert routing == {"traefik": {"weightedTraefikServiceName": name}}
    [route] = only(made.manifests, "IngressRoute")["spec"]["routes"]
    assert route["services"] == [{"kind": "TraefikService", "name": name}]
    shares = {one["name"]: one["weight"] for one in split["spec"]["weighted"]["services"]}
    assert shares == {"shop-stable": 100, "shop-canary": 0}
    assert {(one.name, one.path) for one in made.ownership.fields if one.kind == "TraefikService"} == {
        (name, "spec.weighted")
    }


def test_another_port_makes_another_service_instead_of_a_change_that_is_dropped(tmp_path: Path) -> None:
    names = [
        only(
            compiled(tmp_path / str(port), TRAEFIK, app(traffic={"hosts": ["a.b"], "port": port})).manifests,
            "TraefikService",
        )["metadata"]["name"]
        for port in (80, 81)
    ]
    assert names[0] != names[1]


def test_hosts_paths_and_headers_become_one_rule(tmp_path: Path) -> None:
    match = [
        {"path": {"prefix": "/cart/"}, "headers": {"x-a": {"exact": 'say "yes"'}}},
        {"path": {"regex": "/item/[0-9]+"}, "headers": {"x-b": {"prefix": "a.b"}, "x-c": {"regex": "a|b"}}},
        {"path": {"exact": "/login"}},
    ]
    assert rule(tmp_path, {"hosts": ["a.example.com", "*.b.example.com"], "match": match}) == (
        r'(Host("a.example.com") || HostRegexp("^[^.]+\\.b\\.example\\.com$")) && '
        r'((Path("/cart") || PathPrefix("/cart/")) && Header("x-a", "say \"yes\"") || '
        r'PathRegexp("^(?:/item/[0-9]+)$") && HeaderRegexp("x-b", "^a\\.b") && HeaderRegexp("x-c", "^(?:a|b)$") || '
        r'Path("/login"))'
    )


def test_traefik_counts_the_first_try_too(tmp_path: Path) -> None:
    made = compiled(tmp_path, TRAEFIK, app(traffic={"hosts": ["a.b"], "retries": {"attempts": 2}})).manifests
    assert only(made, "Middleware")["spec"] == {"retry": {"attempts": 3}}
    [route] = only(made, "IngressRoute")["spec"]["routes"]
    assert route["middlewares"] == [{"name": "shop-retry"}]


def test_https_is_served_with_the_certificate(tmp_path: Path) -> None:
    router = {"kind": "traefik", "entry_points": ["websecure"], "tls_secret": "shop-tls"}
    spec = only(compiled(tmp_path, router, app()).manifests, "IngressRoute")["spec"]
    assert (spec["entryPoints"], spec["tls"]) == (["websecure"], {"secretName": "shop-tls"})


def test_only_requests_to_the_canarys_service_are_measured(tmp_path: Path) -> None:
    template = only(compiled(tmp_path, TRAEFIK, app()).manifests, "AnalysisTemplate")
    query = template["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert query.count('{service="shop-shop-canary-80@kubernetescrd"') == 3


def test_after_a_switch_the_service_that_users_reach_is_measured(tmp_path: Path) -> None:
    made = compiled(tmp_path, TRAEFIK, app(BLUE_GREEN)).manifests
    [route] = only(made, "IngressRoute")["spec"]["routes"]
    assert route["services"] == [{"name": "shop-stable", "port": 80}]
    query = only(made, "AnalysisTemplate")["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert "shop-shop-stable-80@" in query, "nobody sends requests to the other one"


def test_a_latency_that_no_bucket_can_exceed_is_refused(tmp_path: Path) -> None:
    [message] = refused(tmp_path, TRAEFIK, app(latency("5s")))
    expected = "must be below 5s, the largest bucket of 'traefik': no request could be seen to be slower"
    assert message == f"delivery.analysis.checks[0].max: {expected}"
    wider = {"kind": "traefik", "largest_bucket": "30s"}
    assert refused(tmp_path, wider, app(latency("5s"))) == []


def test_limits_that_traefik_does_not_have_are_refused(tmp_path: Path) -> None:
    retries = {"attempts": 1, "per_try_timeout": "1s", "retry_on": "5xx"}
    traffic = {"hosts": ["a.b"], "timeout": "5s", "retries": retries}
    paths = {line.split(":")[0] for line in refused(tmp_path, TRAEFIK, app(traffic=traffic))}
    assert paths == {"traffic.timeout", "traffic.retries.per_try_timeout", "traffic.retries.retry_on"}


@pytest.mark.parametrize("engine", ["argo-rollouts", "flagger"])
@pytest.mark.parametrize("delivery", [AB, COPIES, STICKY], ids=["cohort", "copies", "sticky"])
def test_what_would_not_move_or_would_give_everybody_the_canary_is_refused(
    tmp_path: Path, engine: str, delivery: dict[str, Any]
) -> None:
    [message] = refused(tmp_path, TRAEFIK, app(delivery), engine)
    assert "the engine sets nothing but the two weights of a TraefikService" in message


def test_flagger_makes_the_service_of_the_apps_name_in_the_group_that_it_knows(tmp_path: Path) -> None:
    made = compiled(tmp_path, TRAEFIK, app(), "flagger").manifests
    assert not [one for one in made if one["kind"] == "TraefikService"]
    route = only(made, "IngressRoute")
    assert route["apiVersion"] == "traefik.containo.us/v1alpha1"
    assert route["spec"]["routes"][0]["services"] == [{"kind": "TraefikService", "name": "shop"}]
    assert only(made, "Canary")["spec"]["provider"] == "traefik"


def test_the_step_of_a_promotion_that_loops_on_traefik_is_never_asked_for(tmp_path: Path) -> None:
    """Flagger with `stepWeightPromotion` never ends on Traefik (fluxcd/flagger#1692)."""
    analysis = only(compiled(tmp_path, TRAEFIK, app(), "flagger").manifests, "Canary")["spec"]["analysis"]
    assert analysis["stepWeights"] == [10, 50]
    assert "stepWeightPromotion" not in analysis


def test_rules_of_another_traefik_are_refused_on_flagger(tmp_path: Path) -> None:
    spec = changed(app(WEIGHTS), "traffic", "match", to=[{"path": {"exact": "/a"}}])
    [message] = refused(tmp_path, TRAEFIK, spec, "flagger")
    assert "Flagger 1.36 steers Traefik 2" in message
