"""The rights to bring some objects to a cluster: enough for their kinds, and for no other."""

import pytest

from components.manifests.rights import plural, rules

MANAGE = ["create", "delete", "get", "list", "patch", "update", "watch"]


def item(api_version: str, kind: str, name: str = "shop") -> dict[str, object]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}


def test_exactly_the_kinds_of_the_objects_may_be_managed() -> None:
    objects = [
        item("v1", "Service", "shop-stable"),
        item("v1", "Service", "shop-canary"),
        item("v1", "ConfigMap"),
        item("argoproj.io/v1alpha1", "Rollout"),
    ]
    assert rules(objects) == [
        {"apiGroups": [""], "resources": ["configmaps", "services"], "verbs": MANAGE},
        {"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": MANAGE},
    ]


def test_the_pods_of_a_workload_may_be_seen_and_no_more() -> None:
    assert rules([item("apps/v1", "Deployment")]) == [
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": MANAGE},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["get", "list", "watch"]},
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("HTTPProxy", "httpproxies"),
        ("Gateway", "gateways"),
        ("Endpoints", "endpoints"),
        ("Mesh", "meshes"),
        ("PodDisruptionBudget", "poddisruptionbudgets"),
    ],
)
def test_kinds_have_the_plural_that_the_api_server_gives_them(kind: str, expected: str) -> None:
    assert plural(kind) == expected
