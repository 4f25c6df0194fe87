"""Objects that exist already: found by their manifests, and whose they are. See docs/concepts/ownership.md."""

import copy
import http.client
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from .access.client import Api, ApiError, Object, path_of
from .access.connection import AccessError, connection_of
from .access.kubeconfig import load
from .record import record
from .spec.kubeconfig import Kubeconfig
from .spec.labels import STACK_LABEL

RESOURCE_ANNOTATION = "coalmine.dev/resource"
"""On every object: the Pulumi resource that made it, as its URN ends after stack and project."""

Objects = Mapping[tuple[str, str], Object]

_PREVIEW_SECONDS = 4.0
_UPDATE_SECONDS = 15.0
_PUT_OFF_ATTEMPTS = 20
_PUT_OFF_SECONDS = 0.5


class UnknownError(Exception):
    """Whether an object exists cannot be told; one line that says why."""


@record
class Reference:
    """What an object is found by. Fields: as in its manifest; `namespace`: "" where it has none."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Reference":
        """The reference of a manifest."""
        metadata = manifest["metadata"]
        place = str(metadata.get("namespace") or "")
        return cls(str(manifest["apiVersion"]), str(manifest["kind"]), place, str(metadata["name"]))

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def words(self) -> str:
        """What kubectl calls it, e.g. `-n shop virtualservice.networking.istio.io shop`."""
        group, slash, _ = self.api_version.partition("/")
        place = f"-n {self.namespace} " if self.namespace else ""
        return f"{place}{self.kind.lower()}{f'.{group}' if slash else ''} {self.name}"


class Existing:
    """What a cluster has.

    `optional`: whether a cluster that cannot be asked counts as empty, as in a preview; asked once, then never again.
    """

    def __init__(self, kubeconfig: Kubeconfig | None, context: str | None, *, optional: bool) -> None:
        self._access = (kubeconfig, context)
        self._optional = optional
        self._silent = False
        self._api: Api | None = None
        self._plurals: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._lists: dict[tuple[str, str], Objects | None] = {}
        self._asking: defaultdict[tuple[str, str], Lock] = defaultdict(Lock)

    def learn(self, reference: Reference) -> None:
        """Has the API server say where objects of this kind are, before one is looked for."""
        self._collection(reference)

    def find(self, reference: Reference) -> Object | None:
        """The live object, None where there is none. Raises UnknownError, unless the cluster is optional."""
        return self._answered(reference, self._find)

    def find_in_new(self, reference: Reference) -> Object | None:
        """The object as it was when the first of its kind in its namespace was asked for: all come with one request.

        For a namespace that this run makes: what comes into it later is the run's own. Raises UnknownError, unless the
        cluster is optional.
        """
        return self._answered(reference, self._in_namespace)

    def labelled(self, reference: Reference, stack: str) -> Object | None:
        """The object where it carries the stack's label, as it was when the first of its kind was asked for.

        All of a kind come with one request: this is asked in every run, for objects that have long been there. None is
        made where the namespace is not there. Raises UnknownError, unless the cluster is optional.
        """
        if reference.namespace and self.lacks_namespace(reference.namespace):
            return None
        return self._answered(reference, lambda asked: self._in_list(asked, f"{STACK_LABEL}={stack}"))

    def lacks_namespace(self, name: str) -> bool:
        """Whether nothing can be in it, because it was not there when the first was asked for."""
        try:
            namespaces = None if self._silent else self._list(path_of("v1/namespaces"))
        except (AccessError, ApiError, OSError) as error:
            self._silent = self._optional and not isinstance(error, ApiError)
            return False
        return namespaces is not None and ("", name) not in namespaces

    def rewrite(self, reference: Reference, entries_of: Callable[[list[Object]], list[Object] | None]) -> None:
        """Replaces `metadata.managedFields` of a live object, where `entries_of` gives others.

        Raises UnknownError where the cluster does not answer, or does not allow it.
        """
        try:
            for _ in range(_PUT_OFF_ATTEMPTS):
                if self._rewritten(reference, entries_of):
                    return
            raise UnknownError(f"{reference} changes too often for its fields to get another owner")
        except (AccessError, ApiError, OSError) as error:
            raise UnknownError(f"the fields of {reference} cannot get another owner: {error}") from None

    def _rewritten(self, reference: Reference, entries_of: Callable[[list[Object]], list[Object] | None]) -> bool:
        """False where the object was changed meanwhile."""
        collection = self._collection(reference)
        live = self._find(reference)
        entries = entries_of(live["metadata"].get("managedFields") or []) if live else None
        if live is None or collection is None or entries is None:
            return True
        metadata = {"managedFields": entries, "resourceVersion": live["metadata"]["resourceVersion"]}
        try:
            path = path_of(collection, reference.namespace, reference.name)
            self._open().patch(path, {"metadata": metadata})
        except ApiError as error:
            if error.status == http.client.CONFLICT:
                return False
            raise
        return True

    def _find(self, reference: Reference) -> Object | None:
        collection = self._collection(reference)
        # A kind that the API server does not know comes with this very update.
        return self._ask(path_of(collection, reference.namespace, reference.name)) if collection else None

    def _in_list(self, reference: Reference, label: str) -> Object | None:
        collection = self._collection(reference)
        if collection is None:
            return None
        return self._chosen(reference, self._list(path_of(collection), label))

    def _in_namespace(self, reference: Reference) -> Object | None:
        collection = self._collection(reference)
        return self._chosen(reference, self._list(path_of(collection, reference.namespace))) if collection else None

    def _chosen(self, reference: Reference, objects: Objects | None) -> Object | None:
        return self._find(reference) if objects is None else objects.get((reference.namespace, reference.name))

    def _list(self, path: str, label: str = "") -> Objects | None:
        """By namespace and name, asked for once; None for a user who may not list them, but perhaps read one."""
        with self._asking[path, label]:
            # Whoever waited for one that had no answer need not wait for another.
            if (path, label) not in self._lists and not self._silent:
                self._lists[path, label] = self._listed(path, label)
        return self._lists.get((path, label))

    def _listed(self, path: str, label: str) -> Objects | None:
        try:
            query = {"labelSelector": label} if label else {}
            found = self._ask(path, **query) or {"items": []}
        except ApiError as error:
            if error.status != http.client.FORBIDDEN:
                raise
            return None
        return {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in found["items"]}

    def _answered(self, reference: Reference, ask: Callable[[Reference], Object | None]) -> Object | None:
        if self._silent:
            return None
        try:
            return ask(reference)
        except (AccessError, ApiError, OSError) as error:
            if not self._optional:
                raise UnknownError(f"whether {reference} exists cannot be told: {error}") from None
            # A refusal concerns one kind; a server that is not there, all of them.
            self._silent = not isinstance(error, ApiError)
            return None

    def _ask(self, path: str, **query: str) -> Object | None:
        for _ in range(_PUT_OFF_ATTEMPTS):
            try:
                return self._open().find(path, **query)
            except ApiError as error:
                # The API server puts requests off while it is busy, and for a kind whose CRD is new.
                if error.status != http.client.TOO_MANY_REQUESTS:
                    raise
            time.sleep(_PUT_OFF_SECONDS)
        return self._open().find(path, **query)

    def _open(self) -> Api:
        if self._api is None:
            kubeconfig, context = self._access
            seconds = _PREVIEW_SECONDS if self._optional else _UPDATE_SECONDS
            self._api = Api(connection_of(load(kubeconfig), context), timeout=seconds)
        return self._api

    def _collection(self, reference: Reference) -> str | None:
        version, kind = reference.api_version, reference.kind
        with self._asking[version, ""]:
            known = self._plurals[version]
            # One answer tells of all kinds; one that is not among them may have come since.
            if kind not in known:
                root = "/apis" if "/" in version else "/api"
                listed = self._ask(f"{root}/{version}") or {"resources": []}
                known |= {one["kind"]: one["name"] for one in listed["resources"] if "/" not in one["name"]}
        return f"{version}/{known[kind]}" if kind in known else None


def refusal(live: Object, reference: Reference, stack: str, resource: str) -> str | None:
    """Why this stack's resource must not take an object over: whose it is, and what to do. None where it may.

    `stack`: the value of STACK_LABEL, `resource`: that of RESOURCE_ANNOTATION that the object would get.
    """
    metadata = live["metadata"]
    label = (metadata.get("labels") or {}).get(STACK_LABEL)
    if label != stack:
        return (
            f"{reference} exists already and {_owner(metadata, label)}: delete it, or choose another name, or hand it "
            f"over with `kubectl label --overwrite {reference.words} {STACK_LABEL}={stack}`; it was not changed"
        )
    other = (metadata.get("annotations") or {}).get(RESOURCE_ANNOTATION, resource)
    if other != resource:
        return (
            f"{reference} exists already as another resource of this stack, {other}, with which it would be deleted: "
            "give the resource that was renamed or moved an alias; or, if this stack has no such resource any more, "
            f"`kubectl annotate {reference.words} {RESOURCE_ANNOTATION}-`; it was not changed"
        )
    return None


def _owner(metadata: Mapping[str, Any], label: str | None) -> str:
    if label:
        return f"belongs to the stack '{label}'"
    manager = (metadata.get("labels") or {}).get("app.kubernetes.io/managed-by")
    if manager:
        return f"belongs to no stack, but to '{manager}'"
    writers = [str(entry["manager"]) for entry in metadata.get("managedFields") or [] if entry.get("manager")]
    return f"belongs to no stack (written by {', '.join(dict.fromkeys(writers))})" if writers else "belongs to no stack"


def keeping(manifest: Mapping[str, Any], live: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The manifest with the live values of whole fields that controllers own, where both have them.

    Server-side apply would refuse to take those fields over with other values.
    """
    result = dict(manifest)
    for path in paths:
        result = _kept(result, live, path.split("."))
    return result


def _kept(value: dict[str, Any], live: Any, parts: Sequence[str]) -> dict[str, Any]:
    """A copy along one path only: what stands beside it may be Pulumi's, which nothing else can copy."""
    first, *rest = parts
    if first not in value or not isinstance(live, Mapping) or first not in live:
        return value
    inner = value[first]
    if not rest:
        return {**value, first: copy.deepcopy(live[first])}
    return {**value, first: _kept(inner, live[first], rest)} if isinstance(inner, dict) else value
