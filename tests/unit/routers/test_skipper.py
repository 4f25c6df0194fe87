"""Skipper: the Ingress that Flagger copies, what is measured, and what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.specs import only

from .apps import AB, COPIES, STICKY, WEIGHTS, app, compiled, latency, refused

SKIPPER = "skipper"


def test_flagger_finds_its_own_service_in_the_ingress_that_it_is_told_of(tmp_path: Path) -> None:
    made = compiled(tmp_path, SKIPPER, app(WEIGHTS, {"hosts": ["a.b", "c.d"]}), "flagger").manifests
    spec = only(made, "Canary")["spec"]
    assert spec["provider"] == "skipper"
    assert spec["ingressRef"] == {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "shop"}
    ingress = only(made, "Ingress", "shop")["spec"]
    assert [rule["host"] for rule in ingress["rules"]] == ["a.b", "c.d"]
    for rule in ingress["rules"]:
        [path] = rule["http"]["paths"]
        assert path["backend"]["service"] == {"name": "shop", "port": {"number": 80}}


def test_only_the_routes_to_the_canary_are_measured(tmp_path: Path) -> None:
    query = only(compiled(tmp_path, SKIPPER, app(), "flagger").manifests, "MetricTemplate")["spec"]["query"]
    [pattern] = set(re.findall('route=~"([^"]+)"', query))
    assert re.fullmatch(pattern, "kube_shop__shop_canary__shop_example_com____shop_canary")
    for other in (
        "kube_shop__shop_canary__shop_example_com____shop_primary",
        "kube_shop__shop__shop_example_com____shop",
        "kube_other__shop_canary__shop_example_com____shop_canary",
    ):
        assert not re.fullmatch(pattern, other), other


@pytest.mark.parametrize("delivery", [AB, COPIES, STICKY], ids=["cohort", "copies", "sticky"])
def test_what_would_give_everybody_the_canary_is_refused(tmp_path: Path, delivery: dict[str, Any]) -> None:
    """Without header routing, Flagger's cohort is everybody."""
    [message] = refused(tmp_path, SKIPPER, app(delivery), "flagger")
    assert "would give everybody the new version; use strategy 'canary' with weights alone" in message


def test_what_flagger_copies_only_once_is_refused(tmp_path: Path) -> None:
    traffic = {"hosts": ["a.b"], "timeout": "5s", "retries": {"attempts": 1}, "match": [{"path": {"exact": "/a"}}]}
    paths = {line.split(":")[0] for line in refused(tmp_path, SKIPPER, app(WEIGHTS, traffic), "flagger")}
    assert paths == {"traffic.timeout", "traffic.retries", "traffic.match"}


def test_a_latency_that_no_bucket_can_exceed_is_refused(tmp_path: Path) -> None:
    [message] = refused(tmp_path, SKIPPER, app(latency("10s")), "flagger")
    assert "must be below 10s, the largest bucket of 'skipper'" in message


def test_argo_rollouts_does_not_steer_it(tmp_path: Path) -> None:
    assert "'skipper' does not work with 'argo-rollouts'" in refused(tmp_path, SKIPPER, app())[0]
