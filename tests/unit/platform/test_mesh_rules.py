"""Who may talk to whom in the mesh, as a stack says it."""

from pathlib import Path
from typing import Any

import pytest

from components.manifests.meta import Manifest
from components.platform.checks import problems
from components.platform.mesh_rules import rules
from components.spec.load import LoadedStack
from tests.specs import Project, changed, example_app, only, stack_keys


def loaded(root: Path, **istio: Any) -> LoadedStack:
    """A stack with two apps in namespaces of their own, and these options of Istio."""
    project = Project(root)
    project.stack({**stack_keys(), "platform": {"istio": istio}})
    cart = changed(changed(example_app(), "name", to="cart"), "namespace", to="cart")
    project.apps(example_app(), changed(cart, "traffic", "hosts", to=["cart.example.com"]))
    return project.load()


def made(root: Path, **istio: Any) -> list[Manifest]:
    found = loaded(root, **istio)
    apps = [app.spec for app in found.apps]
    return list(rules(found.spec.platform.istio, apps, "istio-system", "istio-ingress"))


def said(root: Path, **istio: Any) -> list[str]:
    return [f"{problem.path}: {problem.message}" for problem in problems(loaded(root, **istio))]


def test_nothing_is_made_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert made(tmp_path) == []


def test_strict_holds_for_the_whole_mesh(tmp_path: Path) -> None:
    [policy] = made(tmp_path, mutual_tls="strict")
    assert (policy["kind"], policy["metadata"]["namespace"]) == ("PeerAuthentication", "istio-system")
    assert policy["spec"] == {"mtls": {"mode": "STRICT"}}, "with a selector it would hold for some pods only"


def test_an_app_takes_requests_from_the_gateway_its_own_namespace_and_its_callers(tmp_path: Path) -> None:
    policies = made(tmp_path, default_deny=True, callers={"shop": ["cart", "jobs"]})
    allowed = {
        one["metadata"]["namespace"]: one["spec"]["rules"][0]["from"][0]["source"]["namespaces"] for one in policies
    }
    assert allowed == {"cart": ["cart", "istio-ingress"], "shop": ["shop", "istio-ingress", "cart", "jobs"]}
    assert {one["spec"]["action"] for one in policies} == {"ALLOW"}
    assert len(only(policies[:1], "AuthorizationPolicy")["spec"]["rules"]) == 1


@pytest.mark.parametrize("option", [{"mutual_tls": "strict"}, {"default_deny": True}])
def test_what_only_proxies_could_keep_is_refused_without_them(tmp_path: Path, option: dict[str, Any]) -> None:
    [name] = option
    assert said(tmp_path, sidecars=False, **option) == [
        f"coalmine:platform.istio.{name}: is kept by the pods' proxies, of which there are none: "
        "set sidecars to true, or leave it out"
    ]


def test_callers_are_those_of_apps_and_mean_nothing_where_all_may_call(tmp_path: Path) -> None:
    assert said(tmp_path, default_deny=True, callers={"shops": ["cart"]}) == [
        "coalmine:platform.istio.callers.shops: no app of the stack is in this namespace (known: cart, shop)"
    ]
    assert said(tmp_path, callers={"shop": ["cart"]}) == [
        "coalmine:platform.istio.callers: says who may call where all others may not: set default_deny to true, or "
        "leave it out"
    ]
