"""A small client of the Kubernetes API: JSON in, JSON out, and a watch. Standard library only: it must start fast."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ..record import record
from .connection import Connection, shown
from .transport import opener

Object = dict[str, Any]

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


_SHOWN = 120
"""Characters of an answer that nobody expected."""


class ApiError(Exception):
    """The API server refused a request. Fields: `status`: HTTP status; `reason`: Kubernetes' word, e.g. NotFound."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{f'{status} {reason}'.strip()}: {message}")
        self.status = status
        self.reason = reason


@record
class Event:
    """A change seen by a watch. Fields: `type`: ADDED, MODIFIED, DELETED or SYNCED (a list is complete); `object`."""

    type: str
    object: Object


class Api:
    """A client with one connection per thread.

    Fields: `connection`; `timeout`: seconds for one request. Raises AccessError where the connection's certificates or
    addresses cannot be used.
    """

    def __init__(self, connection: Connection, timeout: float = 15.0) -> None:
        self.server = shown(connection.server)
        url = urlsplit(connection.server)
        self._base = url.path.rstrip("/")
        self._headers = {"Accept": "application/json"}
        if connection.token:
            self._headers["Authorization"] = f"Bearer {connection.token}"
        self._timeout = timeout
        self._open = opener(connection)
        self._local = threading.local()

    def get(self, path: str, **query: str) -> Object:
        """GET one object or list."""
        return self.request("GET", path, query=query)

    def items(self, path: str, **query: str) -> list[Object]:
        """The objects of a list, which lack apiVersion and kind as the API server leaves them out."""
        found: list[Object] = self.get(path, **query)["items"]
        return found

    def find(self, path: str, **query: str) -> Object | None:
        """One object or list, None when it does not exist."""
        try:
            return self.get(path, **query)
        except ApiError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise

    def create(self, path: str, body: Object) -> Object:
        """POST an object to a collection (or to a subresource)."""
        return self.request("POST", path, body)

    def patch(self, path: str, body: Object, kind: str = MERGE) -> Object:
        """PATCH an object; `kind` is the content type, a merge patch unless said."""
        return self.request("PATCH", path, body, content_type=kind)

    def apply(self, path: str, body: Object, manager: str = "coalmine-local") -> Object:
        """Server-side apply, taking over fields that others own."""
        query = {"fieldManager": manager, "force": "true"}
        return self.request("PATCH", path, body, content_type=APPLY, query=query)

    def delete(self, path: str, **query: str) -> None:
        """DELETE an object; nothing happens when it does not exist."""
        try:
            self.request("DELETE", path, query=query)
        except ApiError as error:
            if error.status != http.client.NOT_FOUND:
                raise

    def text(self, path: str) -> str:
        """GET something that is not JSON, such as /readyz."""
        status, data = self._send("GET", path, None, dict(self._headers))
        if status >= http.client.BAD_REQUEST:
            raise ApiError(status, "", data.decode(errors="replace"))
        return data.decode()

    def request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        *,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Object:
        """Any request. Raises ApiError when the server refuses it, OSError when it cannot be reached."""
        target = f"{path}?{urlencode(query)}" if query else path
        headers = {**self._headers, "Content-Type": content_type}
        status, data = self._send(method, target, None if body is None else json.dumps(body).encode(), headers)
        try:
            answer: Object = json.loads(data) if data else {}
        except ValueError:
            # A proxy or another server, which knows nothing of Kubernetes, answers in its own words.
            words = " ".join(data.decode(errors="replace").split())
            raise ApiError(status, "", f"not an answer of Kubernetes: {words[:_SHOWN]}") from None
        if status >= http.client.BAD_REQUEST:
            raise ApiError(status, answer.get("reason", ""), answer.get("message", data.decode(errors="replace")))
        return answer

    def watch(self, path: str, query: Mapping[str, str], seconds: int = 300) -> Iterator[Event]:
        """List a collection, then follow it until the server ends the watch after `seconds` or the connection breaks.

        Every object of the list comes as ADDED, then SYNCED once, then the changes. Callers that must not miss a
        deletion compare what they hold with the ADDED objects at SYNCED (see watch.Watcher).
        """
        listed = self.get(path, **query)
        for item in listed["items"]:
            yield Event("ADDED", item)
        yield Event("SYNCED", {})
        version = listed["metadata"]["resourceVersion"]
        follow = {**query, "watch": "true", "resourceVersion": version, "timeoutSeconds": str(seconds)}
        connection = self._open(seconds + self._timeout)
        try:
            connection.request("GET", f"{self._base}{path}?{urlencode(follow)}", headers=self._headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise ApiError(response.status, "", response.read().decode(errors="replace"))
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield Event(event["type"], event["object"])
        finally:
            connection.close()

    def _send(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is not None:
            try:
                return _exchange(kept, method, self._base + target, body, headers)
            except (http.client.HTTPException, ConnectionError, ssl.SSLError):
                # The server may close an idle connection at any time: a new one decides whether it is there.
                kept.close()
        self._local.connection = None
        fresh = self._open(self._timeout)
        answer = _exchange(fresh, method, self._base + target, body, headers)
        self._local.connection = fresh
        return answer


def _exchange(
    connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    connection.request(method, target, body=body, headers=dict(headers))
    response = connection.getresponse()
    return response.status, response.read()


def path_of(collection: str, namespace: str = "", name: str = "") -> str:
    """The path of a collection or object, e.g. path_of("apps/v1/deployments", "shop", "web")."""
    group_version, _, plural = collection.rpartition("/")
    root = f"/api/{group_version}" if "/" not in group_version else f"/apis/{group_version}"
    place = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"{root}{place}/{plural}{f'/{quote(name)}' if name else ''}"
