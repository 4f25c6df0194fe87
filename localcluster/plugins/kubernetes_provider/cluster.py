"""Stand-in for pulumi-resource-kubernetes: one cluster, connected to when an operation first needs it."""

from __future__ import annotations

import threading
from typing import Any

from ..wire.errors import PluginError
from ..wire.values import Object
from .client import APPLY, CONNECT_SECONDS, JSON, ApiError, Client, UnreachableError
from .kinds import Gvk, of_object
from .kubeconfig import active_context, connection, load
from .mapping import Mapping
from .settings import Settings


class Cluster:
    """Objects of the cluster that the settings select; every method may raise UnreachableError and ApiError."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.mapping = Mapping()
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._unreachable: UnreachableError | None = None
        self._namespace: str | None = None

    def client(self) -> Client:
        """The client, after one probe per process; raises UnreachableError with the same text from then on."""
        with self._lock:
            if self._unreachable is not None:
                raise self._unreachable
            if self._client is None:
                try:
                    self._client = self._probed()
                except PluginError as error:
                    self._unreachable = UnreachableError(str(error))
                    raise self._unreachable from error
            return self._client

    def _probed(self) -> Client:
        client = Client(connection(self.settings))
        try:
            client.request("GET", "/version", seconds=CONNECT_SECONDS)
        except ApiError as error:
            # Whoever may not read the version may still own a namespace; without credentials nothing works.
            if error.code == 401:
                raise
        return client

    def is_reachable(self) -> bool:
        """Whether the API server answered the probe."""
        try:
            self.client()
        except UnreachableError:
            return False
        return True

    def default_namespace(self) -> str:
        """The namespace of objects that name none: the provider's, else the context's, else `default`."""
        if self.settings.namespace:
            return self.settings.namespace
        if self._namespace is None:
            try:
                context = active_context(load(self.settings.kubeconfig), self.settings.context)
                self._namespace = context.get("namespace") or "default"
            except PluginError:
                # An unusable kubeconfig stops what needs the cluster, and not a preview.
                self._namespace = "default"
        return self._namespace

    def is_namespaced(self, gvk: Gvk) -> bool:
        """Whether objects of the kind live in namespaces, as far as that can be known now."""
        return self.mapping.is_namespaced(gvk, self.client)

    def path(self, gvk: Gvk, namespace: str, name: str = "") -> str:
        """The REST path; raises NoMatchError."""
        return self.mapping.path(gvk, namespace, name, self.client())

    def get(self, gvk: Gvk, namespace: str, name: str) -> Object:
        """The live object."""
        return self.client().request("GET", self.path(gvk, namespace, name))

    def list(self, gvk: Gvk, namespace: str, selector: str) -> list[Object]:
        """The live objects that a label selector matches."""
        answer = self.client().request("GET", self.path(gvk, namespace), {"labelSelector": selector})
        items: list[Object] = answer.get("items", [])
        return items

    def post(self, obj: Object, query: dict[str, str]) -> Object:
        """Create the object."""
        gvk = of_object(obj)
        return self.client().request("POST", self.path(gvk, namespace_of(obj)), query, obj)

    def put(self, obj: Object, query: dict[str, str]) -> Object:
        """Replace the object."""
        return self.client().request("PUT", self._object_path(obj), query, obj)

    def apply(self, obj: Object, query: dict[str, str]) -> Object:
        """Server-side apply of the object."""
        return self.client().request("PATCH", self._object_path(obj), query, obj, APPLY)

    def patch(self, obj: Object, patch: Any, content_type: str) -> Object:
        """Patch the object."""
        return self.client().request("PATCH", self._object_path(obj), None, patch, content_type)

    def delete(self, gvk: Gvk, namespace: str, name: str, policy: str) -> Object:
        """Ask for the object's deletion; a Status where it is gone, the object where it waits for something."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}
        return self.client().request("DELETE", self.path(gvk, namespace, name), None, body, JSON)

    def _object_path(self, obj: Object) -> str:
        return self.path(of_object(obj), namespace_of(obj), name_of(obj))


def _metadata(obj: Object) -> Object:
    # Inputs may not be known yet as a whole.
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def namespace_of(obj: Object) -> str:
    """The namespace that the object names, or ""."""
    return str(_metadata(obj).get("namespace") or "")


def name_of(obj: Object) -> str:
    """The name of the object, or ""."""
    return str(_metadata(obj).get("name") or "")


def identifier(obj: Object) -> str:
    """The resource id of an object: `namespace/name`, or `name` without a namespace."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def parse_identifier(text: str) -> tuple[str, str]:
    """Namespace and name of a resource id."""
    namespace, _, name = text.rpartition("/")
    return namespace, name
