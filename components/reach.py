"""Whether the API server that a kubeconfig names can be reached, asked before anything is changed."""

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from urllib.parse import urlsplit

from .access.connection import AccessError, server_of, shown
from .access.kubeconfig import load
from .spec.kubeconfig import Kubeconfig

CONNECT_SECONDS = 4.0
"""Time for each of the two handshakes, TCP and TLS; together well below the ten seconds a user is made to wait."""


class UnreachableError(Exception):
    """The cluster cannot be reached; one line that names the address and the remedy."""


def require(kubeconfig: Kubeconfig | None, context: str | None) -> None:
    """Connects to the API server, without credentials and without a request. Raises UnreachableError."""
    try:
        server, proxy = server_of(load(kubeconfig), context)
    except AccessError as error:
        raise UnreachableError(f"{error}; nothing was changed") from None
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
            f"the cluster's API server {shown(server)} cannot be reached{through} ({reason}): "
            "start it, or choose another with KUBECONFIG or coalmine:cluster; nothing was changed"
        ) from None


def requirement(kubeconfig: Kubeconfig | None, context: str | None) -> Callable[[], None]:
    """Begins `require` beside what the caller does next; what is returned waits for its end, and raises what it did."""
    end: Future[None] = Future()

    def ask() -> None:
        try:
            require(kubeconfig, context)
        except Exception as error:
            end.set_exception(error)
        else:
            end.set_result(None)

    # Nobody waits for it where something else is wrong already.
    Thread(target=ask, name="reach", daemon=True).start()
    return end.result


def _handshake(connection: socket.socket, host: str) -> None:
    # Who the server is gets checked by the provider, with the kubeconfig's own authority; here only that it answers.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(connection, server_hostname=host or None):
        pass
