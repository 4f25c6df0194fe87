"""Opening connections to an API server: TLS with a kubeconfig's certificates, through a proxy where it names one."""

import base64
import http.client
import ssl
import tempfile
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from .connection import AccessError, Connection, shown

Opener = Callable[[float], http.client.HTTPConnection]
"""Makes a connection, not open yet, with a timeout in seconds."""


class _Tls(http.client.HTTPConnection):
    """As HTTPSConnection, but the name in the server's certificate may differ from the host."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext, name: str) -> None:
        super().__init__(host, port, timeout=timeout)
        self._tls = context
        self._name = name

    def connect(self) -> None:
        super().connect()
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def opener(connection: Connection) -> Opener:
    """How connections of this kind are made. Raises AccessError where the kubeconfig's values do not fit."""
    url, proxy = urlsplit(connection.server), urlsplit(connection.proxy)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise AccessError(f"the kubeconfig's server '{shown(connection.server)}' is not a URL")
    if proxy.scheme not in ("", "http"):
        raise AccessError(f"the proxy '{shown(connection.proxy)}' is not an http:// URL, which alone is supported here")
    host, port = url.hostname, url.port or (443 if url.scheme == "https" else 80)
    near = (proxy.hostname or host, proxy.port or 80) if connection.proxy else (host, port)
    context = _context(connection) if url.scheme == "https" else None

    def make(timeout: float) -> http.client.HTTPConnection:
        if context is None:
            made = http.client.HTTPConnection(*near, timeout=timeout)
        else:
            made = _Tls(*near, timeout, context, connection.name or host)
        if connection.proxy:
            made.set_tunnel(host, port, headers=_proxy_headers(connection.proxy))
        return made

    return make


def _proxy_headers(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if not parts.username:
        return {}
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def _context(connection: Connection) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=connection.authority or None)
        if connection.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if connection.certificate:
            # The ssl module reads key pairs from files only.
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(f"{connection.certificate}\n{connection.key}")
                file.flush()
                context.load_cert_chain(file.name)
    except ssl.SSLError as error:
        raise AccessError(f"the certificates of the kubeconfig are not valid ({error.reason or error})") from None
    return context
