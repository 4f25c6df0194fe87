"""AWS Application Load Balancer: the Ingress and the two Services that take turns, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import only

from .apps import AB, BLUE_GREEN, COPIES, STICKY, WEIGHTS, app, compiled, refused

ALB = "alb"
PREFIX = "alb.ingress.kubernetes.io"


def ingress(root: Path, traffic: dict[str, Any] | None = None, **router: Any) -> dict[str, Any]:
    found: dict[str, Any] = only(
        compiled(root, {"kind": ALB, **router}, app(WEIGHTS, traffic)).manifests, "Ingress", "shop"
    )
    return found


@pytest.mark.trap(10)
def test_the_two_services_of_a_canary_take_turns(tmp_path: Path) -> None:
    """The pods of a stable Service that is moved to them may not be in its target group yet."""
    made = compiled(tmp_path, ALB, app(WEIGHTS))
    canary = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]
    assert canary["trafficRouting"] == {"alb": {"ingress": "shop", "rootService": "shop", "servicePort": 80}}
    assert canary["pingPong"] == {"pingService": "shop-ping", "pongService": "shop-pong"}
    assert not {"stableService", "canaryService"} & canary.keys()
    services = [one["metadata"]["name"] for one in made.manifests if one["kind"] == "Service"]
    assert services == ["shop-ping", "shop-pong"]
    assert {(field.name, field.path) for field in made.ownership.fields} == {
        ("shop-ping", "spec.selector"),
        ("shop-pong", "spec.selector"),
    }


@pytest.mark.trap(10)
def test_a_switch_is_refused(tmp_path: Path) -> None:
    [message] = refused(tmp_path, ALB, app(BLUE_GREEN))
    assert "an ALB drops requests while the pods of a Service are replaced by others; use strategy 'canary'" in message


def test_the_ingress_leads_to_the_annotation_that_the_engine_writes(tmp_path: Path) -> None:
    traffic = {"hosts": ["a.b", "*.c.d"], "match": [{"path": {"exact": "/a"}}, {"path": {"prefix": "/b"}}]}
    made = ingress(tmp_path, traffic)
    assert made["spec"]["ingressClassName"] == "alb"
    assert [rule["host"] for rule in made["spec"]["rules"]] == ["a.b", "*.c.d"]
    for rule in made["spec"]["rules"]:
        assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [
            ("/a", "Exact"),
            ("/b", "Prefix"),
        ]
        for path in rule["http"]["paths"]:
            assert path["backend"]["service"] == {"name": "shop", "port": {"name": "use-annotation"}}
    assert not [key for key in made["metadata"]["annotations"] if "actions" in key], "the weights are the engine's"


def test_what_the_load_balancer_is_like_stands_in_annotations(tmp_path: Path) -> None:
    plain = {f"{PREFIX}/scheme": "internal", f"{PREFIX}/target-type": "ip", f"{PREFIX}/success-codes": "200-499"}
    assert ingress(tmp_path / "plain")["metadata"]["annotations"] == plain
    chosen: dict[str, Any] = {
        "scheme": "internet-facing",
        "group": "shops",
        "certificate_arn": "arn:aws:acm:eu:1:certificate/a",
    }
    assert ingress(tmp_path / "chosen", **chosen)["metadata"]["annotations"] == {
        **plain,
        f"{PREFIX}/scheme": "internet-facing",
        f"{PREFIX}/group.name": "shops",
        f"{PREFIX}/certificate-arn": "arn:aws:acm:eu:1:certificate/a",
        f"{PREFIX}/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
        f"{PREFIX}/ssl-redirect": "443",
    }


def test_the_new_versions_pods_alone_are_measured(tmp_path: Path) -> None:
    template = only(compiled(tmp_path, ALB, app()).manifests, "AnalysisTemplate")
    query = template["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert query.count('namespace="shop", app_kubernetes_io_name="shop", version="{{args.revision}}"') == 3


@pytest.mark.parametrize(
    ("delivery", "why"),
    [
        (AB, "Argo Rollouts writes a cohort's rule into the Ingress's own list"),
        (COPIES, "an ALB copies no requests"),
        (STICKY, "an ALB's cookie has a name of its own; leave session_affinity out"),
    ],
    ids=["cohort", "copies", "sticky"],
)
def test_what_it_cannot_do_is_refused(tmp_path: Path, delivery: dict[str, Any], why: str) -> None:
    [message] = refused(tmp_path, ALB, app(delivery))
    assert f"router 'alb' cannot do: {why}" in message


def test_what_an_ingress_has_no_place_for_is_refused(tmp_path: Path) -> None:
    entries = [{"headers": {"x-a": {"exact": "b"}}}, {"path": {"regex": "/a.*"}}]
    traffic = {"hosts": ["a.b"], "timeout": "5s", "retries": {"attempts": 1}, "match": entries}
    paths = {line.split(":")[0] for line in refused(tmp_path, ALB, app(WEIGHTS, traffic))}
    assert paths == {
        "traffic.match[0].headers",
        "traffic.match[1].path.regex",
        "traffic.timeout",
        "traffic.retries",
    }


def test_a_query_by_a_service_is_refused(tmp_path: Path) -> None:
    check = {"kind": "query", "name": "q", "query": 'sum(up{service="{{service}}"})', "min": 1}
    [message] = refused(tmp_path, ALB, app({**WEIGHTS, "analysis": {"checks": [check]}}))
    assert message == (
        "delivery.analysis.checks[0].query: the two Services take turns, and none leads to the new version in every "
        "release, as '{{service}}' says: use '{{pods}}' or another way"
    )


def test_flagger_does_not_steer_it(tmp_path: Path) -> None:
    assert "'alb' does not work with 'flagger'" in refused(tmp_path, ALB, app(), "flagger")[0]
