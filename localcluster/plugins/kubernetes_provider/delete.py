"""Stand-in for pulumi-resource-kubernetes: Delete, which waits until the object is gone."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from ..wire.errors import PluginError
from ..wire.log import EngineLog
from ..wire.values import Object, plain
from .annotations import SKIP_AWAIT, is_true, propagation_policy, timeout
from .awaits.wait import intervals
from .checkpoint import parse
from .client import ApiError, UnreachableError
from .cluster import Cluster, parse_identifier
from .kinds import Gvk, of_object, of_urn
from .mapping import NoMatchError
from .read import UNREACHABLE_HELP

_DEFAULT_SECONDS: Final = 600.0
# Every deletion waits a moment for the garbage collector; that is no news.
_SILENT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Request:
    """A deletion: the resource's urn, id and outputs, and its customTimeouts in seconds (0: none)."""

    urn: str
    identifier: str
    outputs: Object
    seconds: float


def delete(cluster: Cluster, log: EngineLog, stopping: threading.Event, request: Request) -> None:
    """Delete the object and wait for it to go; an absent object is a success; raises PluginError."""
    inputs: Object = plain(parse(request.outputs).inputs)
    gvk = of_object(inputs) if inputs else of_urn(request.urn)
    namespace, name = parse_identifier(request.identifier)
    try:
        answer = cluster.delete(gvk, namespace, name, propagation_policy(inputs))
        # A Status says that the object is gone; an object, that it waits for finalizers or its grace period.
        if answer.get("kind") != "Status" and not is_true(inputs, SKIP_AWAIT):
            limit = timeout(inputs, request.seconds, _DEFAULT_SECONDS)
            _wait(cluster, log, stopping, request, gvk, str(answer["metadata"]["uid"]), limit)
    except NoMatchError:
        return
    except UnreachableError as error:
        if not cluster.settings.delete_unreachable:
            raise PluginError(f"configured Kubernetes cluster is unreachable: {error}. {UNREACHABLE_HELP}") from error
        log.warning(request.urn, f"removed from the state: configured Kubernetes cluster is unreachable: {error}")
    except ApiError as error:
        if error.code != 404:
            raise


def _wait(
    cluster: Cluster,
    log: EngineLog,
    stopping: threading.Event,
    request: Request,
    gvk: Gvk,
    uid: str,
    seconds: float,
) -> None:
    namespace, name = parse_identifier(request.identifier)
    deadline = time.monotonic() + seconds
    silent_until = time.monotonic() + min(_SILENT_SECONDS, seconds)
    for pause in intervals():
        # Ends with the 404 that the caller takes as success.
        live = cluster.get(gvk, namespace, name)
        if live["metadata"]["uid"] != uid:
            return
        finalizers = ", ".join(live["metadata"].get("finalizers") or [])
        hint = f"finalizers might be preventing deletion ({finalizers})" if finalizers else "the object still exists"
        if time.monotonic() >= silent_until:
            log.status(request.urn, hint)
        if time.monotonic() >= deadline:
            raise PluginError(f'timed out after {seconds:g} s waiting for "{request.identifier}" to be deleted: {hint}')
        if stopping.wait(pause):
            raise PluginError("the operation was cancelled")
