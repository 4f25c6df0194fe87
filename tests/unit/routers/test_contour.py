"""Contour's HTTPProxy: what is routed and measured, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import only

from .apps import AB, BLUE_GREEN, COPIES, STICKY, app, compiled, refused

CONTOUR = {"kind": "contour", "ingress_class": "public"}
TWO = {"hosts": ["a.example.com", "b.example.com"], "timeout": "10s"}


def proxies(manifests: Any) -> list[dict[str, Any]]:
    return [one for one in manifests if one["kind"] == "HTTPProxy"]


def test_every_host_has_a_proxy_and_the_plug_in_is_told_of_all(tmp_path: Path) -> None:
    made = compiled(tmp_path, CONTOUR, app(traffic=TWO))
    names = [one["metadata"]["name"] for one in proxies(made.manifests)]
    routing = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]["trafficRouting"]
    assert routing == {"plugins": {"argoproj-labs/contour": {"httpProxies": names, "namespace": "shop"}}}
    assert {one.name for one in made.ownership.fields if one.path == "spec.routes"} == set(names)
    for one in proxies(made.manifests):
        [route] = one["spec"]["routes"]
        assert {to["name"]: to["weight"] for to in route["services"]} == {"shop-stable": 100, "shop-canary": 0}
        assert route["timeoutPolicy"] == {"response": "10s"}


def test_flaggers_proxy_has_no_host_so_ours_include_it(tmp_path: Path) -> None:
    made = compiled(tmp_path, CONTOUR, app(traffic=TWO), "flagger").manifests
    assert [one["spec"]["virtualhost"]["fqdn"] for one in proxies(made)] == TWO["hosts"]
    assert all(one["spec"]["includes"] == [{"name": "shop", "namespace": "shop"}] for one in proxies(made))
    assert "shop" not in {one["metadata"]["name"] for one in proxies(made)}, "Flagger's own name"
    canary = only(made, "Canary")["spec"]
    assert (canary["provider"], canary["service"]["timeout"]) == ("contour", "10s")


def test_flaggers_proxy_is_of_the_same_class_or_contour_would_not_see_it(tmp_path: Path) -> None:
    def annotations(router: Any) -> Any:
        made = compiled(tmp_path, router, app(), "flagger").manifests
        return only(made, "Canary")["spec"]["service"]["apex"].get("annotations")

    assert annotations(CONTOUR) == {"projectcontour.io/ingress.class": "public"}
    assert annotations("contour") is None


def test_the_version_that_users_get_is_measured_by_its_service(tmp_path: Path) -> None:
    for delivery, service in ((None, "canary"), (BLUE_GREEN, "stable")):
        spec = app(delivery) if delivery else app()
        metrics = only(compiled(tmp_path / service, CONTOUR, spec).manifests, "AnalysisTemplate")["spec"]["metrics"]
        assert f'envoy_cluster_name="shop_shop-{service}_80"' in metrics[0]["provider"]["prometheus"]["query"]


def ab(headers: dict[str, Any]) -> dict[str, Any]:
    return app({**AB, "cohort": {"headers": headers}})


ON_FLAGGER: dict[str, tuple[dict[str, Any], str]] = {
    "a prefix that matches in the middle": (
        ab({"x-a": {"prefix": "1"}}),
        "delivery.cohort: header 'x-a': with Contour a",
    ),
    "an expression that matches nothing": (
        ab({"x-a": {"regex": "1"}}),
        "delivery.cohort: header 'x-a': with Contour a",
    ),
    "a header that must fit beside another one": (
        ab({"x-a": {"exact": "1"}, "x-b": {"exact": "2"}}),
        "delivery.cohort: 'contour' wants all of a cohort's headers",
    ),
    "a cookie in the middle of another one": (
        app({**AB, "cohort": {"cookie": {"name": "a", "value": "b"}}}),
        "delivery.cohort: app 'shop' needs the new version for users with a cookie",
    ),
    "copies that nobody sends": (app(COPIES), "delivery.copies: app 'shop' needs copies of requests"),
    "users who would change versions": (app(STICKY), "delivery.session_affinity: app 'shop' needs users who keep"),
    "a path that only the first route would know": (
        app(traffic={"hosts": ["a.b"], "match": [{"path": {"prefix": "/a"}}]}),
        "traffic.match: app 'shop' needs choosing requests by path and headers",
    ),
    "a host with a wildcard": (app(traffic={"hosts": ["*.b.c"]}), "traffic.hosts[0]: an HTTPProxy is for one host"),
}


@pytest.mark.parametrize("name", ON_FLAGGER)
def test_what_would_mean_something_else_is_refused(tmp_path: Path, name: str) -> None:
    spec, expected = ON_FLAGGER[name]
    [message] = refused(tmp_path, CONTOUR, spec, "flagger")
    assert message.startswith(expected)


def test_a_cohort_that_the_plug_in_forgets_is_refused(tmp_path: Path) -> None:
    found = refused(tmp_path, CONTOUR, app(AB))
    assert "cannot do: its plug-in sets nothing but weights; use router 'gateway-api'" in found[0]
