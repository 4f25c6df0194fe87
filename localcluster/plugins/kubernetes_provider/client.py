"""Stand-in for pulumi-resource-kubernetes: HTTP to the API server over a pool of kept connections."""

from __future__ import annotations

import http.client
import json
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from ..wire.errors import PluginError
from ..wire.values import Object
from .kubeconfig import Connection

# A server that does not answer must stop `pulumi up` within 10 s; its preview and its update each probe once.
CONNECT_SECONDS: Final = 3.0
_REQUEST_SECONDS: Final = 60.0
_PUT_OFF_ATTEMPTS: Final = 10
_PUT_OFF_SECONDS: Final = 5.0
JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"


class UnreachableError(PluginError):
    """The API server cannot be reached; the text says where and why."""


class ApiError(PluginError):
    """The API server refused: `code` is the HTTP status, `reason` the API's (NotFound, Conflict, ...)."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class _Request:
    method: str
    target: str
    data: bytes | None
    headers: dict[str, str]


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    retry_after: float | None


class Client:
    """Requests to one API server; safe for use by many threads."""

    def __init__(self, connection: Connection) -> None:
        url = urlsplit(connection.server)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise UnreachableError(f"the server '{connection.server}' of the kubeconfig is not a URL")
        self.server = connection.server
        self._host = url.hostname
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._base = url.path.rstrip("/")
        self._tls = _tls(connection) if url.scheme == "https" else None
        self.headers = {"Accept": JSON, "User-Agent": "pulumi-resource-kubernetes"}
        if connection.token:
            self.headers["Authorization"] = f"Bearer {connection.token}"
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        seconds: float = _REQUEST_SECONDS,
    ) -> Object:
        """The JSON object that the server answers; raises ApiError or UnreachableError."""
        target = self._base + path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers if data is None else {**self.headers, "Content-Type": content_type}
        try:
            status, answer = self.exchange(method, target, data, headers, seconds)
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f'{method.title()} "{self.server}{path}": {describe(error)}') from error
        return _decoded(status, answer)

    def exchange(
        self,
        method: str,
        target: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = _REQUEST_SECONDS,
    ) -> tuple[int, bytes]:
        """Status and body of the answer to a request as given; raises OSError and HTTPException.

        As client-go does, a request that a busy server puts off (storage of a new CRD, overload) is sent again.
        """
        for _ in range(_PUT_OFF_ATTEMPTS):
            answer = self._on_kept_or_new(_Request(method, target, data, dict(headers or self.headers)), seconds)
            if answer.retry_after is None or answer.status not in (429, 503):
                break
            time.sleep(min(answer.retry_after, _PUT_OFF_SECONDS))
        return answer.status, answer.body

    def _on_kept_or_new(self, request: _Request, seconds: float) -> _Answer:
        connection = self._take()
        if connection is not None:
            try:
                return self._send(connection, request, seconds)
            except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError):
                # The server closed the idle connection; the request was not taken.
                connection.close()
        return self._send(self._connect(seconds), request, seconds)

    def _send(self, connection: http.client.HTTPConnection, request: _Request, seconds: float) -> _Answer:
        try:
            if connection.sock is not None:
                connection.sock.settimeout(seconds)
            connection.request(request.method, request.target, body=request.data, headers=request.headers)
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        pause = response.headers.get("Retry-After", "")
        return _Answer(response.status, body, float(pause) if pause.isdigit() else None)

    def _take(self) -> http.client.HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        limit = min(CONNECT_SECONDS, seconds)
        if self._tls is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=limit)
        else:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=limit, context=self._tls)
        connection.connect()
        return connection


def _tls(connection: Connection) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=connection.ca or None)
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.certificate:
        # The ssl module reads key pairs from files only.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(connection.certificate + "\n" + connection.key)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def describe(error: Exception) -> str:
    """Why a connection failed, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not valid: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error) or type(error).__name__


def _decoded(status: int, answer: bytes) -> Object:
    try:
        result = json.loads(answer) if answer else {}
    except ValueError:
        result = {"message": answer.decode(errors="replace").strip()}
    if status >= 400:
        fallback = f"the server answered with status {status}"
        raise ApiError(status, str(result.get("reason", "")), str(result.get("message") or fallback))
    found: Object = result
    return found
