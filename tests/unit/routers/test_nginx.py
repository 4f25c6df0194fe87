"""ingress-nginx: what is routed and measured, what is refused, and that its end is said."""

from pathlib import Path
from typing import Any

import pytest

from tests.coalmine import coalmine
from tests.specs import Project, only

from .apps import AB, BLUE_GREEN, COPIES, INTERNAL, STICKY, WEIGHTS, app, compiled, refused, stack

NGINX = {"kind": "nginx", "ingress_class": "public", "tls_secret": "cert"}


def cohort(one: dict[str, Any]) -> dict[str, Any]:
    return app({**AB, "cohort": one})


def match(root: Path, one: dict[str, Any]) -> Any:
    canary = only(compiled(root, NGINX, cohort(one), "flagger").manifests, "Canary")
    return canary["spec"]["analysis"]["match"]


def test_the_ingress_leads_to_the_service_that_each_engine_looks_for(tmp_path: Path) -> None:
    """The engines make the canary Ingress themselves, of the rules that lead to just this Service."""
    for engine, service in (("argo-rollouts", "shop-stable"), ("flagger", "shop")):
        made = compiled(tmp_path / engine, NGINX, app(), engine).manifests
        spec = only(made, "Ingress", "shop")["spec"]
        [path] = spec["rules"][0]["http"]["paths"]
        assert (spec["ingressClassName"], path["backend"]["service"]["name"]) == ("public", service)
        assert spec["tls"] == [{"hosts": ["shop.example.com"], "secretName": "cert"}]


def test_both_engines_are_told_of_it(tmp_path: Path) -> None:
    rollout = only(compiled(tmp_path / "a", NGINX, app()).manifests, "Rollout")
    assert rollout["spec"]["strategy"]["canary"]["trafficRouting"] == {"nginx": {"stableIngress": "shop"}}
    canary = only(compiled(tmp_path / "f", NGINX, app(), "flagger").manifests, "Canary")
    assert (canary["spec"]["provider"], canary["spec"]["ingressRef"]["name"]) == ("nginx", "shop")


def test_the_canary_is_measured_by_its_backend_alone(tmp_path: Path) -> None:
    query = only(compiled(tmp_path, NGINX, app(), "flagger").manifests, "MetricTemplate")["spec"]["query"]
    assert query.count('{exported_namespace="shop", ingress="shop", canary="shop-shop-canary-80"') == 3
    switched = only(compiled(tmp_path, NGINX, app(BLUE_GREEN)).manifests, "AnalysisTemplate")["spec"]["metrics"]
    assert 'service="shop-stable"' in switched[0]["provider"]["prometheus"]["query"]


def test_a_cohort_is_served_by_flagger_for_a_number_of_checks(tmp_path: Path) -> None:
    """Without iterations Flagger reads the weight as 100 % at once."""
    canary = only(compiled(tmp_path, NGINX, app(AB), "flagger").manifests, "Canary")["spec"]["analysis"]
    assert canary["iterations"] == 10
    assert canary["match"] == [{"headers": {"x-internal": {"exact": "yes"}}}]


def test_a_pattern_fits_the_whole_value_and_a_prefix_its_beginning(tmp_path: Path) -> None:
    assert match(tmp_path / "a", {"headers": {"x-a": {"regex": "a|b"}}}) == [
        {"headers": {"x-a": {"regex": "^(?:a|b)$"}}}
    ]
    assert match(tmp_path / "b", {"headers": {"x-a": {"prefix": "1.2"}}}) == [{"headers": {"x-a": {"regex": r"^1\.2"}}}]
    always = {"cookie": {"name": "beta", "value": "always"}}
    assert match(tmp_path / "c", always) == [{"headers": {"cookie": {"exact": "beta"}}}]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a cookie whose value nobody would look at": (
        cohort({"cookie": {"name": "beta", "value": "on"}}),
        "delivery.cohort: ingress-nginx looks for the value 'always' in a cookie, and for no other",
    ),
    "a header of which the last one only would count": (
        cohort({"headers": {"x-a": {"exact": "1"}, "x-b": {"exact": "2"}}}),
        "delivery.cohort: 'nginx' wants all of a cohort's headers",
    ),
    "a path that no Ingress matches": (
        app(traffic={"hosts": ["a.b"], "match": [{"path": {"regex": "/a+"}}]}),
        "traffic.match[0].path.regex: an Ingress knows no expressions",
    ),
    "a header that no Ingress matches": (
        app(traffic={"hosts": ["a.b"], "match": [{"headers": {"x-a": {"exact": "1"}}}]}),
        "traffic.match[0].headers: an Ingress knows paths only",
    ),
    "a timeout of a whole request": (
        app(traffic={"hosts": ["a.b"], "timeout": "1s"}),
        "traffic.timeout: ingress-nginx",
    ),
    "copies that leave no pod": (app(COPIES), "delivery.copies: app 'shop' needs copies of requests"),
    "users who would change versions": (app(STICKY), "delivery.session_affinity: app 'shop' needs users who keep"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_happen_is_refused(tmp_path: Path, name: str) -> None:
    spec, expected = REFUSED[name]
    [message] = refused(tmp_path, NGINX, spec, "flagger")
    assert message.startswith(expected)


def test_a_cohort_in_steps_that_the_controller_does_not_take_is_refused(tmp_path: Path) -> None:
    steps = {"steps": [{"weight": 10, "audience": INTERNAL, "hold": "1m"}]}
    found = refused(tmp_path, NGINX, app(steps))
    assert "Argo Rollouts takes no step about a cohort on ingress-nginx; use strategy 'ab'" in found[0]


@pytest.mark.trap(42)
def test_its_end_is_a_warning_and_no_mistake(tmp_path: Path) -> None:
    warning = "Router 'nginx' is at its end: ingress-nginx gets no fixes since March 2026; use router 'gateway-api'"
    assert compiled(tmp_path / "a", NGINX, app()).notes[-1] == warning
    project = Project(tmp_path / "b")
    project.stack(stack(NGINX))
    project.apps(app(WEIGHTS))
    done = coalmine("validate", "--root", project.root)
    assert done.returncode == 0, done.stderr
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"test: warning: {warning}")
