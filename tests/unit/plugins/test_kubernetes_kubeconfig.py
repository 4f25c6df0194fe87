"""Kubeconfigs of the kubernetes provider: where they come from and where they lead (§10)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from localcluster.plugins.kubernetes_provider.cluster import Cluster
from localcluster.plugins.kubernetes_provider.kubeconfig import connection
from localcluster.plugins.kubernetes_provider.settings import Settings, from_variables
from localcluster.plugins.wire.errors import PluginError, UnsupportedError


def _kubeconfig(server: str = "https://one", user: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    return {
        "current-context": "main",
        "clusters": [
            {"name": "one", "cluster": {"server": server, **cluster}},
            {"name": "two", "cluster": {"server": "https://two"}},
        ],
        "users": [{"name": "u", "user": user or {"token": "t"}}],
        "contexts": [
            {"name": "main", "context": {"cluster": "one", "user": "u"}},
            {"name": "team", "context": {"cluster": "two", "user": "u", "namespace": "team"}},
        ],
    }


def _text(**arguments: Any) -> str:
    return json.dumps(_kubeconfig(**arguments))


@pytest.mark.conformance("provider-kubeconfig")
def test_s10_contents_and_paths(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(_text())
    for given in (_text(), str(file)):
        found = connection(Settings(kubeconfig=given))
        assert (found.server, found.token, found.namespace) == ("https://one", "t", "")


@pytest.mark.conformance("provider-kubeconfig")
def test_s10_the_environment_s_files_are_merged_and_the_first_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(json.dumps({"current-context": "team", "users": [{"name": "u", "user": {"token": "first"}}]}))
    second.write_text(_text())
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'absent'}:{second}")
    found = connection(Settings())
    assert (found.server, found.token, found.namespace) == ("https://two", "first", "team")


def test_s10_context_and_cluster_arguments() -> None:
    assert connection(Settings(kubeconfig=_text(), context="team")).server == "https://two"
    assert connection(Settings(kubeconfig=_text(), cluster="two")).server == "https://two"


@pytest.mark.conformance("beyond-credentials")
def test_credentials_in_files_are_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("CA")
    (tmp_path / "token").write_text("from file\n")
    certificate = base64.b64encode(b"CERT").decode()
    user = {"tokenFile": "token", "client-certificate-data": certificate}
    file = tmp_path / "config"
    file.write_text(json.dumps(_kubeconfig(user=user, **{"certificate-authority": "ca.pem"})))
    found = connection(Settings(kubeconfig=str(file)))
    assert (found.ca, found.token, found.certificate) == ("CA", "from file", "CERT")


@pytest.mark.conformance("beyond-credentials")
def test_a_credential_command_gives_the_token(tmp_path: Path) -> None:
    command = tmp_path / "credentials"
    command.write_text('#!/bin/sh\necho "{\\"status\\": {\\"token\\": \\"$1-$WHO\\"}}"\n')
    command.chmod(0o755)
    entry = {"command": str(command), "args": ["token"], "env": [{"name": "WHO", "value": "me"}]}
    assert connection(Settings(kubeconfig=_text(user={"exec": entry}))).token == "token-me"


@pytest.mark.parametrize("script", ["exit 7", "echo hunter2", "echo {hunter2"])
def test_a_credential_command_that_fails_is_not_quoted(script: str) -> None:
    entry = {"command": "sh", "args": ["-c", f"{script} # hunter2"]}
    with pytest.raises(PluginError) as raised:
        connection(Settings(kubeconfig=_text(user={"exec": entry})))
    assert "credential command sh failed: " in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.conformance("provider-unusable")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(kubeconfig="/absent/kubeconfig"), "neither a kubeconfig nor the path of one"),
        (Settings(kubeconfig="{"), "is not valid YAML"),
        (Settings(kubeconfig=_text(), context="none"), 'context "none" does not exist'),
        (Settings(kubeconfig=_text(), cluster="none"), 'cluster "none" has no server'),
        (Settings(kubeconfig="contexts: []"), "has no current context"),
        (Settings(kubeconfig=_text(user={"token": "hunter\n2"})), "token is not one line of ASCII characters$"),
        (Settings(kubeconfig=_text(user={"exec": {"command": "/absent"}})), "credential command /absent failed"),
    ],
)
def test_s10_an_unusable_kubeconfig_says_why_and_stops_no_preview(settings: Settings, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        connection(settings)
    cluster = Cluster(settings)
    assert not cluster.is_reachable()
    assert cluster.default_namespace() == "default"


@pytest.mark.conformance("other-credentials")
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (_text(**{"proxy-url": "http://proxy"}), "proxy-url"),
        (_text(user={"auth-provider": {"name": "x"}}), "auth-provider"),
        (_text(user={"username": "a", "password": "b"}), "username"),
    ],
)
def test_what_the_stand_in_lacks_is_refused(text: str, what: str) -> None:
    with pytest.raises(UnsupportedError, match=what):
        connection(Settings(kubeconfig=text))


@pytest.mark.conformance("provider-stack")
def test_s10_settings_come_from_arguments_then_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    monkeypatch.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", "true")
    found = from_variables(
        {
            "kubernetes:config:namespace": "n",
            "kubernetes:config:enablePatchForce": "false",
            "kubernetes:config:context": "c",
        }
    )
    assert found == Settings(namespace="n", context="c", delete_unreachable=True, patch_force=False)
