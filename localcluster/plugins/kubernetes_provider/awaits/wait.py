"""Stand-in for pulumi-resource-kubernetes: waiting until an object is ready."""

from __future__ import annotations

import importlib
import pkgutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ...wire.log import EngineLog
from ...wire.values import Object
from ..annotations import SKIP_AWAIT, WAIT_FOR, annotation, is_true, timeout
from ..client import ApiError, UnreachableError
from ..cluster import Cluster, name_of, namespace_of
from ..kinds import Gvk, of_object
from . import wait_for
from .status import Rule


class NotReadyError(Exception):
    """The object exists and is not ready; `details` are its complaints, `live` its last state."""

    def __init__(self, message: str, details: tuple[str, ...] = (), live: Object | None = None) -> None:
        super().__init__(message)
        self.details = details
        self.live = live


@dataclass(frozen=True)
class Readiness:
    """A readiness rule and its default time limit in seconds."""

    rule: Rule
    default_seconds: float


@cache
def _by_kind() -> dict[str, Readiness]:
    package = importlib.import_module(__package__ or "")
    modules = [importlib.import_module(f".{m.name}", __package__) for m in pkgutil.iter_modules(package.__path__)]
    return {m.KEY: Readiness(m.status, m.DEFAULT_SECONDS) for m in modules if hasattr(m, "KEY")}


def readiness(inputs: Object) -> Readiness | None:
    """What to wait for, by the inputs' annotations, else by kind; None for nothing; raises PluginError."""
    if is_true(inputs, SKIP_AWAIT):
        return None
    timeout(inputs, 0, 0)
    text = annotation(inputs, WAIT_FOR)
    if text is not None:
        return Readiness(wait_for.rule(text), wait_for.DEFAULT_SECONDS)
    return _by_kind().get(of_object(inputs).key)


def intervals() -> Iterator[float]:
    """Seconds between looks: short at first, then one second."""
    pause = 0.1
    while True:
        yield pause
        pause = min(pause * 1.5, 1.0)


class Waiter:
    """Waits for one resource."""

    def __init__(self, cluster: Cluster, log: EngineLog, stopping: threading.Event, urn: str) -> None:
        self._cluster = cluster
        self._log = log
        self._stopping = stopping
        self._urn = urn

    def wait(self, live: Object, inputs: Object, custom_seconds: float) -> Object:
        """The ready object, read again where it was awaited; raises NotReadyError, and PluginError for bad inputs."""
        wanted = readiness(inputs)
        if wanted is None:
            return live
        limit = timeout(inputs, custom_seconds, wanted.default_seconds)
        start = time.monotonic()
        for pause in intervals():
            elapsed = time.monotonic() - start
            try:
                live = self._cluster.get(of_object(live), namespace_of(live), name_of(live))
                status = wanted.rule(live, elapsed, self)
            except (ApiError, UnreachableError) as error:
                raise NotReadyError(f"cannot read the object while waiting: {error}", live=live) from error
            if status.ready:
                self._log.status(self._urn, "")
                return live
            self._log.status(self._urn, status.message)
            if elapsed >= limit:
                raise NotReadyError(f"timed out after {limit:g} s: {status.message}", status.details, live)
            if self._stopping.wait(min(pause, max(limit - elapsed, 0.01))):
                raise NotReadyError(f"the operation was cancelled: {status.message}", status.details, live)
        raise AssertionError("intervals never end")

    def get(self, gvk: Gvk, namespace: str, name: str) -> Object:
        """One live object, for readiness rules."""
        return self._cluster.get(gvk, namespace, name)

    def list(self, gvk: Gvk, namespace: str, selector: str) -> list[Object]:
        """Live objects by label selector, for readiness rules."""
        return self._cluster.list(gvk, namespace, selector)

    def serves(self, gvk: Gvk) -> bool:
        """Whether the API server serves the kind, for readiness rules."""
        return self._cluster.mapping.serves(gvk, self._cluster.client())
