"""The objects around the pods: who runs them, who reaches them, how many there are."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import changed, compiled_app, example_app, only

SHOP = example_app()


def made(root: Path, app: dict[str, Any], kind: str, name: str | None = None) -> dict[str, Any]:
    return only(compiled_app(root, app).manifests, kind, name)


def kinds(root: Path, app: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in compiled_app(root, app).manifests]


def test_an_app_gets_an_account_of_its_own(tmp_path: Path) -> None:
    account = {"annotations": {"role": "shop"}, "mount_token": True}
    body = made(tmp_path, changed(SHOP, "workload", "service_account", to=account), "ServiceAccount")
    assert body["metadata"]["annotations"] == {"role": "shop"}
    assert body["automountServiceAccountToken"] is True


def test_an_existing_account_is_used_and_not_made(tmp_path: Path) -> None:
    app = changed(SHOP, "workload", "service_account", to={"existing": "shared"})
    compiled = compiled_app(tmp_path, app)
    assert "ServiceAccount" not in [one["kind"] for one in compiled.manifests]
    assert only(compiled.manifests, "Rollout")["spec"]["template"]["spec"]["serviceAccountName"] == "shared"


@pytest.mark.parametrize("name", ["shop-stable", "shop-canary"])
def test_both_services_lead_to_the_first_port(tmp_path: Path, name: str) -> None:
    app = changed(changed(SHOP, "workload", "port", to=9999), "traffic", "port", to=8000)
    spec = made(tmp_path, app, "Service", name)["spec"]
    assert spec["selector"] == {"app.kubernetes.io/name": "shop"}
    assert spec["ports"] == [{"name": "http", "port": 8000, "targetPort": 9999, "appProtocol": "http"}]


def test_an_autoscaler_owns_the_pod_count_alone(tmp_path: Path) -> None:
    compiled = compiled_app(tmp_path, example_app("autoscaled"))
    spec = only(compiled.manifests, "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 30)
    assert spec["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 60}
    assert spec["scaleTargetRef"] == {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "feed"}
    assert "replicas" not in only(compiled.manifests, "Rollout")["spec"]
    assert compiled.ownership.pulumi["Rollout", "feed"] == ("spec.replicas",)


def test_a_fixed_count_has_no_autoscaler(tmp_path: Path) -> None:
    compiled = compiled_app(tmp_path, SHOP)
    assert "HorizontalPodAutoscaler" not in [one["kind"] for one in compiled.manifests]
    assert only(compiled.manifests, "Rollout")["spec"]["replicas"] == 4
    assert ("Rollout", "shop") not in compiled.ownership.pulumi


def test_a_drain_takes_away_few_pods_of_both_versions(tmp_path: Path) -> None:
    spec = made(tmp_path, changed(SHOP, "disruption", to={"max_unavailable": 2}), "PodDisruptionBudget")["spec"]
    assert spec == {"maxUnavailable": 2, "selector": {"matchLabels": {"app.kubernetes.io/name": "shop"}}}
