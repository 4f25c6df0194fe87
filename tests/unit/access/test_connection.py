"""From a kubeconfig to a connection: every way to prove oneself, and one line for what does not work."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.access.connection import AccessError, connection_of
from components.access.kubeconfig import load
from components.access.transport import opener
from components.spec.kubeconfig import Kubeconfig

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
ENCODED = base64.b64encode(PEM.encode()).decode()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine's environment stands between a test and its server."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def config(user: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """A kubeconfig with one context, `main`."""
    made = {
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://cluster.example.com:6443/", **cluster}}],
    }
    return made if user is None else {**made, "users": [{"name": "u", "user": user}]}


def refused(made: dict[str, Any]) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(AccessError) as raised:
        opener(connection_of(made))
    assert "\n" not in str(raised.value)
    assert "hunter" not in str(raised.value)
    return str(raised.value)


def test_inline_credentials_are_decoded() -> None:
    found = connection_of(
        config(
            {"client-certificate-data": ENCODED, "client-key-data": ENCODED, "token": "t"},
            **{"certificate-authority-data": ENCODED, "tls-server-name": "other", "insecure-skip-tls-verify": True},
        )
    )
    assert (found.server, found.authority, found.certificate, found.key) == (
        "https://cluster.example.com:6443",
        PEM,
        PEM,
        PEM,
    )
    assert (found.token, found.name, found.insecure, found.proxy) == ("t", "other", True, "")


def test_files_stand_beside_the_kubeconfig_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(PEM)
    (tmp_path / "token").write_text("secret\n")
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config({"tokenFile": "token"}, **{"certificate-authority": "ca.crt"})))
    found = connection_of(load(Kubeconfig(path=str(path))))
    assert (found.authority, found.token) == (PEM, "secret")


def test_a_credential_command_gives_the_token() -> None:
    script = 'printf \'{"status": {"token": "%s"}}\' "$WHO"'
    user = {"exec": {"command": "sh", "args": ["-c", script], "env": [{"name": "WHO", "value": "me"}]}}
    assert connection_of(config(user)).token == "me"


@pytest.mark.parametrize(
    ("script", "reason"), [("exit 3", "exit code 3"), ("echo no", "it printed no token"), ("echo '{}'", "no token")]
)
def test_a_credential_command_that_fails_is_named(script: str, reason: str) -> None:
    message = refused(config({"exec": {"command": "sh", "args": ["-c", script]}}))
    assert "credential command 'sh' failed" in message
    assert reason in message


def test_a_credential_command_that_is_not_installed_is_named() -> None:
    assert "'no-such-command' failed (no such file or directory)" in refused(
        config({"exec": {"command": "no-such-command"}})
    )


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (config({"username": "me"}), "proves itself by 'username'"),
        (config({"token": "hunter\n2"}), "the kubeconfig's token is not one line of ASCII characters"),
        (config({"client-key-data": "%%%"}), "client-key-data is not base64"),
        (config({"tokenFile": "/no/such/token"}), "/no/such/token, which the kubeconfig names, cannot be read"),
        (config(**{"certificate-authority-data": ENCODED}), "certificates of the kubeconfig are not valid"),
        (config(**{"proxy-url": "socks5://127.0.0.1:1"}), "not an http:// URL"),
        (config(**{"proxy-url": "socks5://me:hunter2@127.0.0.1:1"}), "the proxy 'socks5://127.0.0.1:1' is not"),
        (config(server="ftp://x"), "is not a URL"),
        (config(server="ftp://me:hunter2@x"), "server 'ftp://x' is not a URL"),
        (config(server="me:hunter2@x"), "server 'x' is not a URL"),
        ({**config(), "current-context": "other"}, "has no cluster for context 'other'"),
    ],
)
def test_what_cannot_be_used_is_one_line(made: dict[str, Any], says: str) -> None:
    assert says in refused(made)


def test_without_a_user_nothing_is_proven() -> None:
    found = connection_of(config())
    assert (found.token, found.certificate) == ("", "")
