"""Whether the API server that a kubeconfig names can be reached, asked before anything is changed."""

import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml

CONNECT_SECONDS = 4.0
"""Time for each of the two handshakes, TCP and TLS; together well below the ten seconds a user is made to wait."""


class UnreachableError(Exception):
    """The cluster cannot be reached; one line that names the address and the remedy."""


def require(kubeconfig: str | None, context: str | None) -> None:
    """Connects to the API server, without credentials and without a request. Raises UnreachableError."""
    paths = kubeconfig_paths(kubeconfig)
    server, proxy = server_of(merged([_read(path) for path in paths]), context)
    target = urlsplit(proxy or server)
    host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS) as connection:
            if target.scheme == "https":
                _handshake(connection, host)
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else (error.strerror or str(error)).lower()
        through = f" through the proxy {host}:{port}" if proxy else ""
        raise UnreachableError(
            f"the cluster's API server {server} cannot be reached{through} ({reason}): "
            "start it, or choose another with KUBECONFIG or coalmine:cluster; nothing was changed"
        ) from None


def kubeconfig_paths(kubeconfig: str | None) -> list[Path]:
    """The kubeconfig files: the given one, else those of $KUBECONFIG that exist, else ~/.kube/config."""
    if kubeconfig:
        return [Path(kubeconfig).expanduser()]
    named = [Path(name) for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    candidates = named or [Path.home() / ".kube" / "config"]
    return [path for path in candidates if path.is_file()] or candidates[:1]


def merged(configs: Sequence[Any]) -> dict[str, Any]:
    """Several kubeconfigs as one: all of their entries, and the first current context."""
    known = [config for config in configs if isinstance(config, Mapping)]
    current = next((config["current-context"] for config in known if config.get("current-context")), None)
    entries = {
        section: [entry for config in known for entry in config.get(section) or []]
        for section in ("contexts", "clusters")
    }
    return {"current-context": current, **entries}


def server_of(config: Mapping[str, Any], context: str | None) -> tuple[str, str | None]:
    """The API server's URL and the proxy on the way to it, if any. Raises UnreachableError."""
    named = context or config["current-context"]
    try:
        cluster = _entry(config, "contexts", named)["context"]["cluster"]
        found = _entry(config, "clusters", cluster)["cluster"]
        server = str(found["server"])
    except (KeyError, TypeError, LookupError):
        problem = (
            f"the kubeconfig has no cluster for context '{named}'" if named else "the kubeconfig chooses no context"
        )
        advice = "choose one of its contexts with coalmine:cluster, or another file with KUBECONFIG"
        raise UnreachableError(f"{problem}: {advice}; nothing was changed") from None
    return server, found.get("proxy-url") or _proxy_from_environment(server)


def _entry(config: Mapping[str, Any], section: str, name: str | None) -> Any:
    for entry in config[section]:
        if entry["name"] == name:
            return entry
    raise LookupError(name)


def _proxy_from_environment(server: str) -> str | None:
    parts = urlsplit(server)
    proxy = getproxies().get(parts.scheme)
    return None if proxy is None or proxy_bypass(parts.netloc) else proxy


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        advice = 'start the local cluster and `eval "$(coalmine local env)"`, or set KUBECONFIG'
        raise UnreachableError(f"the kubeconfig {path} cannot be read ({reason}): {advice}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise UnreachableError(f"the kubeconfig {path} is not valid YAML; nothing was changed") from None


def _handshake(connection: socket.socket, host: str) -> None:
    # Who the server is gets checked by the provider, with the kubeconfig's own authority; here only that it answers.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(connection, server_hostname=host or None):
        pass
