"""From a kubeconfig's content to what a connection needs. Standard library only: programs that use it start fast."""

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ..record import record

Config = dict[str, Any]

_COMMAND_SECONDS = 60


class AccessError(Exception):
    """A kubeconfig does not lead to a cluster; one line that says why and what to do."""


@record
class Connection:
    """How to reach a cluster.

    Fields: `server`: URL; `proxy`: URL of the proxy on the way to it, "" for none; `authority`: PEM certificates to
    trust, "" for the system's; `insecure`: whether any certificate will do; `name`: the server name that its
    certificate must carry, "" for the URL's host; `certificate`, `key`: PEM of the client; `token`: bearer token.
    """

    server: str
    proxy: str = ""
    authority: str = ""
    insecure: bool = False
    name: str = ""
    certificate: str = ""
    key: str = ""
    token: str = ""


def server_of(config: Mapping[str, Any], context: str | None) -> tuple[str, str | None]:
    """The API server's URL and the proxy on the way to it, if any. Raises AccessError."""
    cluster, _user = _chosen(config, context)
    server = str(cluster["server"])
    return server, cluster.get("proxy-url") or _proxy_from_environment(server)


def connection_of(config: Mapping[str, Any], context: str | None = None) -> Connection:
    """What a connection to the chosen context's cluster needs, credentials included. Raises AccessError.

    `context`: its current one unless given.
    """
    cluster, user = _chosen(config, context)
    server, proxy = server_of(config, context)
    for known in ("auth-provider", "username"):
        if user.get(known):
            raise AccessError(f"the kubeconfig's user proves itself by '{known}': use a token, a certificate or exec")
    return Connection(
        server=server.rstrip("/"),
        proxy=proxy or "",
        authority=_pem(cluster, "certificate-authority"),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        name=cluster.get("tls-server-name") or "",
        certificate=_pem(user, "client-certificate"),
        key=_pem(user, "client-key"),
        token=_on_one_line(_token(user)),
    )


def _chosen(config: Mapping[str, Any], context: str | None) -> tuple[Config, Config]:
    """The cluster and the user of a context."""
    named = context or config["current-context"]
    try:
        chosen = _entry(config, "contexts", named)["context"]
        cluster = _entry(config, "clusters", chosen["cluster"])["cluster"]
        cluster["server"]
    except (KeyError, TypeError, LookupError):
        problem = (
            f"the kubeconfig has no cluster for context '{named}'" if named else "the kubeconfig chooses no context"
        )
        advice = "choose one of its contexts with coalmine:cluster, or another file with KUBECONFIG"
        raise AccessError(f"{problem}: {advice}") from None
    try:
        user = _entry(config, "users", chosen.get("user"))["user"]
    except (KeyError, TypeError, LookupError):
        user = {}
    return cluster, user or {}


def _entry(config: Mapping[str, Any], section: str, name: str | None) -> Any:
    for entry in config[section]:
        if entry["name"] == name:
            return entry
    raise LookupError(name)


def shown(url: str) -> str:
    """A URL as a message may show it: without the user and the password that may stand in it."""
    before, slashes, rest = url.partition("//") if "//" in url else ("", "", url)
    return before + slashes + rest.rpartition("@")[2]


def _proxy_from_environment(server: str) -> str | None:
    parts = urlsplit(server)
    proxy = getproxies().get(parts.scheme)
    return None if proxy is None or proxy_bypass(parts.netloc) else proxy


def _pem(entry: Config, name: str) -> str:
    data = entry.get(f"{name}-data")
    if not data:
        return _file(entry[name]) if entry.get(name) else ""
    try:
        return base64.b64decode("".join(str(data).split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise AccessError(f"the kubeconfig's {name}-data is not base64 of a PEM text") from None


def _token(user: Config) -> str:
    if user.get("token"):
        return str(user["token"])
    if user.get("tokenFile"):
        return _file(user["tokenFile"]).strip()
    return _token_of_command(user["exec"]) if user.get("exec") else ""


def _on_one_line(token: str) -> str:
    """A token as a header takes it; the HTTP client's own error would quote it."""
    if token.isascii() and token.isprintable():
        return token
    raise AccessError("the kubeconfig's token is not one line of ASCII characters")


def _token_of_command(entry: Config) -> str:
    """What a credential command prints. Source: client-go, plugin/pkg/client/auth/exec."""
    command = [str(entry.get("command", "")), *map(str, entry.get("args") or [])]
    asked = {"apiVersion": entry.get("apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = os.environ | {item["name"]: item["value"] for item in entry.get("env") or []}
    environment["KUBERNETES_EXEC_INFO"] = json.dumps(asked)
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True
        )
        return str(json.loads(done.stdout)["status"]["token"])
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except subprocess.TimeoutExpired:
        reason = f"no answer in {_COMMAND_SECONDS} s"
    except subprocess.CalledProcessError as error:
        reason = f"exit code {error.returncode}"
    except (ValueError, KeyError, TypeError):
        reason = "it printed no token"
    raise AccessError(f"the kubeconfig's credential command '{command[0]}' failed ({reason}): run it to see why")


def _file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AccessError(f"{name}, which the kubeconfig names, cannot be read ({reason})") from None
