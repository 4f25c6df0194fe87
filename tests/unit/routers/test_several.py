"""Several routers that lead to one app: what each of them gets, and what is refused."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.compile import Compiled
from tests.specs import Project, changed, compiled_app, only

from .apps import AB, BLUE_GREEN, COPIES, WEIGHTS, app, stack

OTHERS = ("nginx", "linkerd", "smi", "alb", "kubernetes", "gateway-api", "contour", "consul")
EDGE, OWN = "shop.example.com", "shop.shop.svc.cluster.local"


def keys(engine: str = "argo-rollouts", others: Sequence[Any] = OTHERS) -> dict[str, Any]:
    return changed(stack("istio", engine), "delivery", "other_routers", to=list(others))


def by(
    *routers: str, hosts: Sequence[str] = (EDGE,), delivery: Mapping[str, Any] = WEIGHTS, **traffic: Any
) -> dict[str, Any]:
    return app(delivery, {"hosts": list(hosts), "routers": list(routers), **traffic})


def made(root: Path, spec: Mapping[str, Any], engine: str = "argo-rollouts") -> Compiled:
    return compiled_app(root, spec, keys(engine))


def messages(root: Path, spec: Mapping[str, Any], engine: str = "argo-rollouts") -> list[str]:
    project = Project(root)
    project.stack(keys(engine))
    project.apps(dict(spec))
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def test_an_app_that_names_none_uses_the_clusters_first(tmp_path: Path) -> None:
    alone = made(tmp_path / "a", app()).manifests
    assert alone == compiled_app(tmp_path / "b", app(), stack("istio")).manifests


@pytest.mark.parametrize(("engine", "kind"), [("argo-rollouts", "Ingress"), ("flagger", "Ingress")])
def test_an_app_may_use_another_router_of_the_cluster_alone(tmp_path: Path, engine: str, kind: str) -> None:
    manifests = made(tmp_path, by("nginx"), engine).manifests
    assert only(manifests, kind)["spec"]["rules"][0]["host"] == EDGE
    assert not [one for one in manifests if one["kind"] == "VirtualService"]


def test_both_routers_move_the_weight_and_each_has_its_own_objects(tmp_path: Path) -> None:
    found = made(tmp_path, by("nginx", "linkerd"))
    routing = only(found.manifests, "Rollout")["spec"]["strategy"]["canary"]["trafficRouting"]
    assert routing == {
        "nginx": {"stableIngress": "shop"},
        "smi": {"rootService": "shop", "trafficSplitName": "shop"},
    }
    assert only(found.manifests, "Ingress")["spec"]["rules"][0]["host"] == EDGE
    assert only(found.manifests, "Service", "shop")["spec"]["selector"] == {"app.kubernetes.io/name": "shop"}


def test_a_name_inside_the_cluster_is_the_meshs_and_not_a_host_of_the_ingress(tmp_path: Path) -> None:
    rules = only(made(tmp_path, by("nginx", "linkerd", hosts=[EDGE, OWN])).manifests, "Ingress")["spec"]["rules"]
    assert [rule["host"] for rule in rules] == [EDGE]


def test_two_routers_at_the_edge_have_all_hosts_each(tmp_path: Path) -> None:
    """So that a cluster can move from one to the other."""
    found = made(tmp_path, by("nginx", "gateway-api", hosts=[EDGE, "b.example.com"])).manifests
    rules = only(found, "Ingress")["spec"]["rules"]
    assert [rule["host"] for rule in rules] == only(found, "HTTPRoute")["spec"]["hostnames"] == [EDGE, "b.example.com"]


def test_two_plug_ins_stand_beside_each_other(tmp_path: Path) -> None:
    canary = only(made(tmp_path, by("contour", "consul")).manifests, "Rollout")["spec"]["strategy"]["canary"]
    assert set(canary["trafficRouting"]["plugins"]) == {"argoproj-labs/contour", "hashicorp/consul"}


def test_a_switch_is_seen_by_all_of_them(tmp_path: Path) -> None:
    found = made(tmp_path, by("nginx", "contour", delivery=BLUE_GREEN)).manifests
    backend = only(found, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"]
    [route] = only(found, "HTTPProxy")["spec"]["routes"]
    assert backend == route["services"][0]["name"] == "shop-stable"


@pytest.mark.parametrize(("routers", "counter"), [(("nginx", "linkerd"), "nginx"), (("linkerd", "nginx"), "linkerd")])
def test_the_first_one_is_measured_and_the_plan_says_so(tmp_path: Path, routers: tuple[str, str], counter: str) -> None:
    found = made(tmp_path, by(*routers))
    query = only(found.manifests, "AnalysisTemplate")["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert ("nginx_ingress_controller_requests" in query) == (counter == "nginx")
    other = next(one for one in routers if one != counter)
    assert f"Only the requests by way of '{counter}' are counted, not those of '{other}'" in found.notes


def test_what_only_the_second_one_could_not_measure_is_no_mistake(tmp_path: Path) -> None:
    """Linkerd's histogram ends at 50 s; nobody asks it."""
    slow = {**WEIGHTS, "analysis": {"checks": [{"kind": "latency", "quantile": "p99", "max": "55s"}]}}
    assert messages(tmp_path / "a", by("istio", "linkerd", delivery=slow)) == []
    [message] = messages(tmp_path / "b", by("linkerd", "istio", delivery=slow))
    assert "the largest bucket of 'linkerd'" in message


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a router that the cluster does not have": (
        by("nginx", "linkred"),
        "traffic.routers[1]: the cluster has no router 'linkred' (did you mean 'linkerd'?): see delivery.other_routers",
    ),
    "one twice": (by("nginx", "nginx"), "traffic.routers[1]: 'nginx' is there twice"),
    "two with one stanza, and one Service": (
        by("linkerd", "smi", hosts=[OWN]),
        "traffic.routers: 'linkerd' and 'smi' cannot work at once, because Argo Rollouts can steer one of them by "
        "'smi': take one out",
    ),
    "two meshes": (
        by("linkerd", "consul", hosts=[OWN]),
        "traffic.routers: 'linkerd' and 'consul' cannot work at once, because both would make the Service 'shop': "
        "take one out",
    ),
    "Services that take turns": (
        by("alb", "linkerd"),
        "traffic.routers: 'alb' works alone, because its two Services take turns, and the routes of another router "
        "would not: take it or the others out",
    ),
    "shares of pods": (
        by("nginx", "kubernetes", hosts=[EDGE, OWN]),
        "traffic.routers: 'kubernetes' works alone, because the share of the pods is its weight, and another router "
        "would take its own share of that: take it or the others out",
    ),
    "no host for the ingress": (
        by("nginx", "linkerd", hosts=[OWN]),
        "traffic.hosts: 'nginx' needs a host that users outside the cluster reach, and these are names inside it: "
        "add one, or take 'nginx' out of traffic.routers",
    ),
    "a cohort that one of them does not know": (
        by("istio", "linkerd", delivery=AB),
        "delivery.cohort: app 'shop' needs the new version for users with a header, which engine 'argo-rollouts' with "
        "router 'linkerd' cannot do: a TrafficSplit holds weights and nothing else",
    ),
    "copies that one of them does not make": (
        by("istio", "nginx", delivery=COPIES),
        "delivery.copies: app 'shop' needs copies of requests, which engine 'argo-rollouts' with router 'nginx' "
        "cannot do: a canary Ingress copies no requests",
    ),
    "a timeout that holds on one way only": (
        by("istio", "linkerd", timeout="5s"),
        "traffic.timeout: Linkerd ignores it beside a TrafficSplit: leave it out",
    ),
}


@pytest.mark.trap(24)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_at_once_is_refused(tmp_path: Path, name: str) -> None:
    spec, expected = REFUSED[name]
    found = messages(tmp_path, spec)
    assert any(line.startswith(expected) for line in found), found


def test_a_canary_of_flaggers_has_one_router(tmp_path: Path) -> None:
    [message] = messages(tmp_path, by("nginx", "linkerd"), "flagger")
    assert message == (
        "traffic.routers: app 'shop' needs several routers at once, which engine 'flagger' with router 'nginx' cannot "
        "do: a Canary has one provider; name one in traffic.routers, or choose engine 'argo-rollouts'"
    )


def test_a_router_that_is_the_first_one_anyway_is_refused_beside_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.stack(keys(others=["istio"]))
    project.apps(app())
    [message] = project.messages()
    assert message.endswith("delivery.other_routers[0]: 'istio' is there already")
