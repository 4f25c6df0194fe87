"""Stand-in for pulumi-resource-kubernetes: Create, a POST that waits for namespaces and CRDs to appear.

With `upsertExistingObjects` it is a server-side apply, which takes over what exists.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Final

from ..wire.errors import InitializationError, PluginError
from ..wire.log import EngineLog
from ..wire.values import Object, has_unknown, plain
from .annotations import PATCH_FORCE, is_true
from .apply import server_side_apply
from .awaits.wait import NotReadyError, Waiter, readiness
from .checkpoint import State, new_state, outputs
from .client import ApiError, UnreachableError
from .cluster import Cluster, identifier
from .kinds import of_object
from .mapping import NoMatchError

_RETRY_SECONDS: Final = (2, 4, 8, 16, 32)
_CREATE_MANAGER: Final = "pulumi-kubernetes"


def create(
    cluster: Cluster, log: EngineLog, stopping: threading.Event, urn: str, inputs: Object, seconds: float
) -> tuple[str, Object]:
    """Create the object and wait until it is ready: its id and outputs; raises PluginError."""
    try:
        cluster.client()
    except UnreachableError as error:
        raise PluginError(f"configured Kubernetes cluster is unreachable: {error}") from error
    state = new_state(inputs)
    # A faulty await annotation must fail before the object exists.
    readiness(plain(inputs))
    try:
        live = _with_retries(lambda: _send(cluster, state, dry_run=False), log, stopping, urn)
    except NoMatchError as error:
        raise PluginError(
            f'creation of resource "{urn}" failed because the Kubernetes API server reported that the apiVersion for '
            f"this resource does not exist. Verify that any required CRDs have been created: {error}"
        ) from error
    except PluginError as error:
        raise PluginError(
            f'resource "{urn}" was not successfully created by the Kubernetes API server: {error}'
        ) from error
    return identifier(live), _ready_outputs(Waiter(cluster, log, stopping, urn), state, live, seconds, urn)


def _ready_outputs(waiter: Waiter, state: State, live: Object, seconds: float, urn: str) -> Object:
    try:
        return outputs(state, waiter.wait(live, plain(state.inputs), seconds))
    except NotReadyError as error:
        reason = (
            f'resource "{urn}" was successfully created, but the Kubernetes API server reported that it failed to '
            f"fully initialize or become live: {error}"
        )
        raise InitializationError(
            identifier(live), outputs(state, error.live or live), [reason, *error.details]
        ) from error


def preview(cluster: Cluster, urn: str, inputs: Object) -> Object:
    """What the API server would make of the object, or the inputs where it cannot say; raises PluginError."""
    if has_unknown(inputs) or not cluster.is_reachable():
        return inputs
    state = new_state(inputs)
    try:
        live = _send(cluster, state, dry_run=True)
    except (NoMatchError, UnreachableError):
        return inputs
    except ApiError as error:
        # Exists already, or its namespace or CRD comes with this very update.
        if error.code in (404, 409) or _is_replacement(error):
            return inputs
        raise PluginError(
            f'resource "{urn}" was not successfully created by the Kubernetes API server: {error}'
        ) from error
    return outputs(state, {name: value for name, value in live.items() if name != "status"})


def _is_replacement(error: ApiError) -> bool:
    # A replacement of what still exists. Official: previewed under another name, where the field may differ.
    return error.code == 422 and "field is immutable" in str(error)


def _send(cluster: Cluster, state: State, dry_run: bool) -> Object:
    obj = _placed(cluster, plain(state.inputs))
    query = {"dryRun": "All"} if dry_run else {}
    if cluster.settings.upsert:
        force = cluster.settings.patch_force or is_true(obj, PATCH_FORCE) or dry_run
        query |= {"fieldManager": state.field_manager, "force": "true" if force else "false"}
        return server_side_apply(cluster, obj, query)
    return cluster.post(obj, {"fieldManager": _CREATE_MANAGER, **query})


def _placed(cluster: Cluster, obj: Object) -> Object:
    # Check took a custom kind as namespaced while its CRD was missing; now the server knows.
    if not cluster.is_namespaced(of_object(obj)):
        obj = copy.deepcopy(obj)
        obj["metadata"].pop("namespace", None)
    return obj


def _with_retries(send: Callable[[], Object], log: EngineLog, stopping: threading.Event, urn: str) -> Object:
    for number, seconds in enumerate(_RETRY_SECONDS, start=1):
        try:
            return send()
        except (NoMatchError, ApiError) as error:
            if isinstance(error, ApiError) and error.code != 404:
                raise
            log.status(urn, f"Retry #{number}; creation failed: {error}")
        if stopping.wait(seconds):
            raise PluginError("the operation was cancelled")
    return send()
