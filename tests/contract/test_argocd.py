"""Argo CD itself reads the settings that the platform gives it: who may do what, and how healthy a release is."""

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.manifests.generated import filled
from components.manifests.meta import Manifest
from components.platform.pieces.argocd import PIECE
from components.spec.cluster import StackSpec
from localcluster.tools import tool_path
from tests.specs import only, stack_keys

OPTIONS = {
    "url": "https://argocd.example.com",
    "sso": {
        "issuer": "https://login.example.com/realms/staff",
        "client_id": "argocd",
        "client_secret": {"secret": "argocd-sso", "key": "client"},
    },
    "access": {
        "everyone": "readonly",
        "roles": {
            "admin": {"groups": ["platform"]},
            "shop": {
                "groups": ["team-shop"],
                "allow": ["applications, sync, shop/*", "applications, delete, shop/*, deny"],
            },
        },
    },
}


NOWHERE = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {}}],
    "current-context": "none",
}
"""A kubeconfig that leads nowhere: the command wants one, and asks no cluster."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Argo CD's settings of a stack that uses every option of them, as files."""
    folder = tmp_path_factory.mktemp("argocd")
    gitops = {"kind": "argocd", "repository": "https://git.example.com/platform/delivery.git"}
    stack = StackSpec.model_validate({**stack_keys(), "gitops": gitops, "platform": {"argocd": OPTIONS}})
    objects = [filled(item, lambda hidden: "x" * 32) for stage in PIECE.stages(stack) for item in stage]
    for kind, name in (("ConfigMap", "argocd-cm"), ("ConfigMap", "argocd-rbac-cm"), ("Secret", "argocd-secret")):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(as_kept(only(objects, kind, name))), encoding="utf-8")
    (folder / "kubeconfig.yaml").write_text(yaml.safe_dump(NOWHERE), encoding="utf-8")
    return folder


def as_kept(item: Manifest) -> Manifest:
    """The object as the API server keeps it: texts of a Secret are in base64."""
    texts = item.get("stringData", {})
    return (
        {**item, "data": {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}}
        if texts
        else item
    )


def argocd(folder: Path, *arguments: str) -> str:
    """What `argocd admin settings` says about the settings."""
    given = ("--argocd-cm-path", "argocd-cm.yaml", "--argocd-secret-path", "argocd-secret.yaml")
    command = [str(tool_path("argocd")), "admin", "settings", *arguments, *given]
    environment = {**os.environ, "KUBECONFIG": "kubeconfig.yaml"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return ran.stdout


def test_argo_cd_finds_its_settings_valid(files: Path) -> None:
    said = argocd(files, "validate")
    assert "accounts" in said
    assert "❌" not in said, said


@pytest.mark.parametrize(
    ("who", "action", "application", "answer"),
    [
        ("platform", "delete", "shop/shop", "Yes"),
        ("team-shop", "sync", "shop/shop", "Yes"),
        ("team-shop", "get", "search/search", "Yes"),
        ("team-shop", "sync", "search/search", "No"),
        ("team-shop", "delete", "shop/shop", "No"),
        ("somebody", "get", "shop/shop", "Yes"),
        ("somebody", "sync", "shop/shop", "No"),
    ],
)
def test_argo_cd_lets_people_do_what_their_roles_say(
    files: Path, who: str, action: str, application: str, answer: str
) -> None:
    asked = ("rbac", "can", who, action, "applications", application, "--policy-file", "argocd-rbac-cm.yaml")
    assert argocd(files, *asked).split()[-1:] == [answer]


CANARY = {"apiVersion": "flagger.app/v1beta1", "kind": "Canary"}
ROLLOUT = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}


def canary(phase: str) -> dict[str, Any]:
    conditions = [{"type": "Promoted", "status": "Unknown", "reason": phase, "message": "as Flagger says"}]
    return {**CANARY, "status": {"phase": phase, "canaryWeight": 5, "conditions": conditions}}


def rollout(phase: str) -> dict[str, Any]:
    spec = {"replicas": 1, "strategy": {"canary": {}}}
    return {**ROLLOUT, "spec": spec, "status": {"phase": phase, "observedGeneration": "1", "message": "as it says"}}


@pytest.mark.parametrize(
    ("item", "health"),
    [
        (CANARY, "Progressing"),
        (canary("Initializing"), "Progressing"),
        (canary("Initialized"), "Healthy"),
        (canary("Waiting"), "Suspended"),
        (canary("Progressing"), "Progressing"),
        (canary("WaitingPromotion"), "Suspended"),
        (canary("Promoting"), "Progressing"),
        (canary("Finalising"), "Progressing"),
        (canary("Succeeded"), "Healthy"),
        (canary("Failed"), "Degraded"),
        (canary("Terminating"), "Progressing"),
        (rollout("Healthy"), "Healthy"),
        (rollout("Progressing"), "Progressing"),
        (rollout("Paused"), "Suspended"),
        (rollout("Degraded"), "Degraded"),
    ],
    ids=lambda given: (
        given if isinstance(given, str) else f"{given['kind']} {given.get('status', {}).get('phase', '')}"
    ),
)
def test_a_release_is_as_healthy_as_its_engine_says(
    files: Path, item: dict[str, Any], health: str, tmp_path: Path
) -> None:
    file = tmp_path / "release.yaml"
    metadata = {"name": "shop", "namespace": "shop", "generation": 1}
    file.write_text(yaml.safe_dump({**item, "metadata": metadata}), encoding="utf-8")
    assert f"STATUS: {health}" in argocd(files, "resource-overrides", "health", str(file))
