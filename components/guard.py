"""Stands before every create: an object that exists already is taken over only by the stack that made it."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import pulumi

from .access.client import Object
from .adoption import Existing, Reference, UnknownError, keeping, refusal
from .handover import turned_over

_POLL_SECONDS = 0.5
_AT_ONCE = 4


class RefusedError(Exception):
    """An object must not be taken over; one line that names it, its owner and the remedies."""


class Guard:
    """The ownership check of one cluster's objects.

    Fields: `delete_seconds`: how long an object that is being deleted is waited for.
    """

    def __init__(self, cluster: str, existing: Existing, delete_seconds: float) -> None:
        self._existing = existing
        self._delete_seconds = delete_seconds
        # Each thread has one connection, which is kept; far clusters take long to answer.
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="ownership")
        self._cluster = cluster
        self._learned: set[str] = set()
        # Every app asks for this first; what comes before the apps need not wait for it.
        self._threads.submit(existing.lacks_namespace, "")

    def hook(self, manifest: Mapping[str, Any]) -> pulumi.ResourceHook | None:
        """For `before_create`, in previews too: fails by name where the object is somebody else's.

        None where nothing can be there: a preview, unlike an update, makes no namespaces while it runs.
        """
        reference = Reference.of(manifest)
        namespace = reference.name if reference.kind == "Namespace" else reference.namespace
        missing = namespace and pulumi.runtime.is_dry_run() and self._existing.lacks_namespace(namespace)
        if missing:
            return None
        if reference.api_version not in self._learned:
            # By the time the hook runs, after a plug-in has started, the answer is there.
            self._learned.add(reference.api_version)
            self._threads.submit(self._existing.learn, reference)
        return self._hook

    @cached_property
    def _hook(self) -> pulumi.ResourceHook:
        # A run that needs none does without the server that the SDK starts with the first.
        return pulumi.ResourceHook(
            f"ownership on {self._cluster}", self.check, pulumi.ResourceHookOptions(on_dry_run=True)
        )

    async def check(self, args: pulumi.ResourceHookArgs) -> None:
        """Raises RefusedError, or UnknownError where the cluster does not answer in an update."""
        inputs: Mapping[str, Any] = args.new_inputs or {}
        reference = Reference.of(inputs)
        live = await self._settled(reference)
        if live is None:
            return
        resource = args.urn.split("::", 2)[2]
        said = refusal(live, reference, stack_name(), resource)
        if said:
            raise RefusedError(said)
        if not pulumi.runtime.is_dry_run():
            pulumi.log.info(f"{reference} exists already and carries this stack's label: it is taken over")

    def is_new(self, namespace: str) -> bool:
        """Whether the stack can have nothing in a namespace, as it was not there when the first was asked for."""
        return self._existing.lacks_namespace(namespace)

    def has(self, reference: Reference) -> bool:
        """Whether this stack has the object already. Raises pulumi.RunError where the cluster does not answer."""
        return self.own(reference) is not None

    def prepared(self, manifest: Mapping[str, Any], owned: Sequence[str]) -> dict[str, Any]:
        """The manifest as its object can be taken over: with the live values of what controllers own in it.

        Where the resource is in the state, the engine puts its old inputs there anyway. Raises pulumi.RunError.
        """
        if not owned:
            return dict(manifest)
        live = self.own(Reference.of(manifest))
        return keeping(manifest, live, owned) if live else dict(manifest)

    def own(self, reference: Reference) -> Object | None:
        """This stack's object, where it has it already. Raises pulumi.RunError where the cluster does not answer."""
        try:
            return self._existing.labelled(reference, stack_name())
        except UnknownError as error:
            raise pulumi.RunError(str(error)) from None

    def turn_over(self, objects: Iterable[Mapping[str, Any]], begins: str, to: str) -> None:
        """Gives the fields of live objects to another manager. Raises UnknownError."""
        for one in objects:
            self._existing.rewrite(Reference.of(one), lambda entries: turned_over(entries, begins, to))

    def _first_look(self, reference: Reference) -> Object | None:
        """Where this run makes the namespace, one request tells of all objects of a kind, however many apps it has."""
        if reference.namespace and self.is_new(reference.namespace):
            return self._existing.find_in_new(reference)
        return self._existing.find(reference)

    async def _settled(self, reference: Reference) -> Object | None:
        """The live object; one that an interrupted run was deleting is waited for, as it could only be lost."""
        deadline = time.monotonic() + self._delete_seconds
        loop = asyncio.get_running_loop()
        live = await loop.run_in_executor(self._threads, self._first_look, reference)
        while True:
            leaving = live is not None and live["metadata"].get("deletionTimestamp")
            if not leaving:
                return live
            if pulumi.runtime.is_dry_run():
                return None
            if time.monotonic() > deadline:
                raise RefusedError(f"{reference} is being deleted since {leaving}: see what its finalizers wait for")
            await asyncio.sleep(_POLL_SECONDS)
            live = await loop.run_in_executor(self._threads, self._existing.find, reference)


def guard_of(resource: pulumi.Resource) -> Guard | None:
    """The guard of the Kubernetes provider that a resource's children get; None where it has none."""
    found = getattr(resource.get_provider("kubernetes:core/v1:Namespace"), "guard", None)
    return found if isinstance(found, Guard) else None


def stack_name() -> str:
    """The value of the label that says which stack an object belongs to."""
    return f"{pulumi.get_project()}.{pulumi.get_stack()}"
