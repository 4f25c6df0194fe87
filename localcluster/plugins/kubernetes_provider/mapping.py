"""Stand-in for pulumi-resource-kubernetes: from kinds of objects to the API server's paths, by discovery."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import quote

from ..wire.errors import PluginError
from ..wire.values import Object
from .client import ApiError, Client
from .kinds import Gvk, Known, known


class NoMatchError(PluginError):
    """The API server does not serve the kind: its CRD is missing, or its version is not served."""

    def __init__(self, gvk: Gvk) -> None:
        super().__init__(f'no matches for kind "{gvk.kind}" in version "{gvk.api_version}"')


class Mapping:
    """What the server serves; built-in kinds need no request, custom ones are asked for once and again on a miss."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: dict[str, Known] = {}
        self._declared: dict[str, bool] = {}

    def declare(self, crd: Object) -> None:
        """Remember the scope of a custom kind whose CRD this program registers."""
        spec = crd.get("spec")
        names = spec.get("names") if isinstance(spec, dict) else None
        if isinstance(spec, dict) and isinstance(names, dict):
            with self._lock:
                self._declared[f"{spec.get('group')}/{names.get('kind')}"] = spec.get("scope") != "Cluster"

    def is_namespaced(self, gvk: Gvk, client: Callable[[], Client]) -> bool:
        """Whether objects live in namespaces; a kind nobody knows yet is taken as namespaced; client() may raise."""
        builtin = known(gvk)
        if builtin is not None:
            return builtin.namespaced
        declared = self._declared.get(f"{gvk.group}/{gvk.kind}")
        if declared is not None:
            return declared
        try:
            return self._lookup(gvk, client()).namespaced
        except PluginError:
            return True

    def path(self, gvk: Gvk, namespace: str, name: str, client: Client) -> str:
        """The path of the collection, or of the object where a name is given; raises NoMatchError."""
        found = known(gvk) or self._lookup(gvk, client)
        parts = [_root(gvk)]
        if found.namespaced:
            parts += ["namespaces", quote(namespace or "default", safe="")]
        parts.append(found.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    def serves(self, gvk: Gvk, client: Client) -> bool:
        """Whether the server serves the kind now."""
        try:
            self._lookup(gvk, client)
        except NoMatchError:
            return False
        return True

    def _lookup(self, gvk: Gvk, client: Client) -> Known:
        with self._lock:
            if gvk.key in self._served:
                return self._served[gvk.key]
        try:
            resources = client.request("GET", _root(gvk)).get("resources", [])
        except ApiError as error:
            if error.code != 404:
                raise
            resources = []
        found = {
            Gvk(gvk.group, gvk.version, item["kind"]).key: Known(item["name"], item["namespaced"], "")
            for item in resources
            if "/" not in item["name"]
        }
        with self._lock:
            self._served.update(found)
            if gvk.key not in self._served:
                raise NoMatchError(gvk)
            return self._served[gvk.key]


def _root(gvk: Gvk) -> str:
    return f"/apis/{gvk.group}/{gvk.version}" if gvk.group else f"/api/{gvk.version}"
