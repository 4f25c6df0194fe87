"""Stand-in for pulumi-resource-kubernetes: kubeconfig files, as client-go reads them.

Upstream source: tools/clientcmd of k8s.io/client-go.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..wire.errors import PluginError, UnsupportedError
from .credentials import exec_token
from .settings import Settings

Config = dict[str, Any]


class KubeconfigError(PluginError):
    """The kubeconfig does not lead to a cluster; the text says why."""


@dataclass(frozen=True)
class Connection:
    """How to reach a cluster: `server` is its URL; PEM texts; `token`; `namespace` of the context ("" for none)."""

    server: str
    namespace: str = ""
    ca: str = ""
    insecure: bool = False
    certificate: str = ""
    key: str = ""
    token: str = ""
    server_name: str = ""


def load(path_or_contents: str) -> Config:
    """The kubeconfig given as contents or path, else from $KUBECONFIG or ~/.kube/config; raises KubeconfigError."""
    if path_or_contents:
        path = Path(path_or_contents).expanduser()
        if "\n" not in path_or_contents and len(path_or_contents) < 4096 and path.exists():
            return _read(path)
        return _parse(path_or_contents, "the kubeconfig argument", Path())
    files = [Path(name).expanduser() for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    return _merged([_read(file) for file in files or [Path.home() / ".kube" / "config"] if file.exists()])


def _read(path: Path) -> Config:
    try:
        return _parse(path.read_text(encoding="utf-8"), str(path), path.parent)
    except OSError as error:
        raise KubeconfigError(f"{path}: {error.strerror}") from error


def _parse(text: str, source: str, folder: Path) -> Config:
    try:
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise KubeconfigError(f"{source} is not valid YAML") from error
    if not isinstance(loaded, dict):
        raise KubeconfigError(f"{source} is neither a kubeconfig nor the path of one")
    for section, key in (("clusters", "cluster"), ("users", "user")):
        for item in loaded.get(section) or []:
            _make_absolute(item.get(key) or {}, folder)
    return loaded


def _make_absolute(entry: Config, folder: Path) -> None:
    for name in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
        if entry.get(name):
            entry[name] = str(folder / entry[name])


def _merged(configs: list[Config]) -> Config:
    # client-go: the first file that sets a value wins, item by item.
    result: Config = {}
    for config in configs:
        result.setdefault("current-context", config.get("current-context"))
        for section in ("clusters", "users", "contexts"):
            present = {item.get("name") for item in result.setdefault(section, [])}
            result[section] += [item for item in config.get(section) or [] if item.get("name") not in present]
    return result


def _named(config: Config, section: str, key: str, name: str) -> Config | None:
    for item in config.get(section) or []:
        if item.get("name") == name:
            found: Config = item.get(key) or {}
            return found
    return None


def active_context(config: Config, context: str) -> Config:
    """The chosen or current context; raises KubeconfigError where it does not exist."""
    name = context or config.get("current-context") or ""
    if not name:
        raise KubeconfigError("the kubeconfig has no current context: set one, or the provider's 'context'")
    found = _named(config, "contexts", "context", name)
    if found is None:
        raise KubeconfigError(f'context "{name}" does not exist in the kubeconfig')
    return found


def active_server(config: Config, context: str, cluster: str) -> str:
    """The URL of the active cluster's API server; raises KubeconfigError."""
    name = cluster or active_context(config, context).get("cluster") or ""
    found = _named(config, "clusters", "cluster", name)
    if found is None or not found.get("server"):
        raise KubeconfigError(f'cluster "{name}" has no server in the kubeconfig')
    return str(found["server"])


def connection(settings: Settings) -> Connection:
    """How to reach the cluster that the settings select; raises KubeconfigError or UnsupportedError."""
    config = load(settings.kubeconfig)
    context = active_context(config, settings.context)
    server = active_server(config, settings.context, settings.cluster)
    cluster = _named(config, "clusters", "cluster", settings.cluster or context.get("cluster", "")) or {}
    user = _named(config, "users", "user", context.get("user", "")) or {}
    for what, entry in (("proxy-url", cluster), ("auth-provider", user), ("username", user)):
        if entry.get(what):
            raise UnsupportedError(f"'{what}' in a kubeconfig")
    return Connection(
        server=server.rstrip("/"),
        namespace=context.get("namespace") or "",
        ca=_pem(cluster, "certificate-authority"),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        certificate=_pem(user, "client-certificate"),
        key=_pem(user, "client-key"),
        token=_on_one_line(_token(user)),
        server_name=cluster.get("tls-server-name") or "",
    )


def _pem(entry: Config, name: str) -> str:
    if entry.get(f"{name}-data"):
        return base64.b64decode(entry[f"{name}-data"]).decode()
    return _file(entry[name]) if entry.get(name) else ""


def _token(user: Config) -> str:
    if user.get("token"):
        return str(user["token"])
    if user.get("tokenFile"):
        return _file(user["tokenFile"]).strip()
    return exec_token(user["exec"]) if user.get("exec") else ""


def _on_one_line(token: str) -> str:
    # The HTTP client's own error would quote it.
    if token.isascii() and token.isprintable():
        return token
    raise KubeconfigError("the kubeconfig's token is not one line of ASCII characters")


def _file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise KubeconfigError(f"{name}: {error.strerror}") from error
