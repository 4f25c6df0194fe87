"""Stand-in for pulumi-resource-kubernetes: Update, a server-side apply under the resource's own field manager."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..wire.errors import InitializationError, PluginError
from ..wire.log import EngineLog
from ..wire.values import Object, has_unknown, plain
from .annotations import PATCH_FORCE, is_true
from .apply import server_side_apply
from .awaits.wait import NotReadyError, Waiter, readiness
from .checkpoint import State, changed_state, outputs, parse
from .client import JSON_PATCH, ApiError, UnreachableError
from .cluster import Cluster, identifier, name_of, namespace_of
from .kinds import of_object
from .ownership import adopted_entries, apply_ignore_rule, is_created_here, managed_fields

_ADOPT_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class Request:
    """An update: the resource's urn, old outputs, new inputs (with Secret marks) and ignored paths."""

    urn: str
    old_outputs: Object
    inputs: Object
    ignored: Sequence[str]


def update(cluster: Cluster, log: EngineLog, stopping: threading.Event, request: Request, seconds: float) -> Object:
    """Apply the new inputs and wait until the object is ready: its outputs; raises PluginError."""
    try:
        cluster.client()
    except UnreachableError as error:
        if cluster.settings.skip_update_unreachable:
            log.warning(request.urn, f"skipped the update: configured Kubernetes cluster is unreachable: {error}")
            return request.old_outputs
        raise PluginError(f"configured Kubernetes cluster is unreachable: {error}") from error
    old = parse(request.old_outputs)
    state = changed_state(old, request.inputs)
    readiness(plain(request.inputs))
    live = _live(cluster, request)
    try:
        changed = _apply(cluster, state, live, request.ignored, dry_run=False)
    except PluginError as error:
        # The old inputs stay in the state, so that the next preview shows the same change again.
        raise _failed(request, old, live, str(error)) from error
    try:
        ready = Waiter(cluster, log, stopping, request.urn).wait(changed, plain(request.inputs), seconds)
    except NotReadyError as error:
        raise _failed(request, state, error.live or changed, str(error), *error.details) from error
    return outputs(state, ready)


def preview(cluster: Cluster, request: Request) -> Object:
    """What the API server would make of the new inputs, or the inputs where it cannot say; raises PluginError."""
    if has_unknown(request.inputs) or not cluster.is_reachable():
        return request.inputs
    old = parse(request.old_outputs)
    state = changed_state(old, request.inputs)
    live = _live(cluster, request)
    try:
        return outputs(state, _apply(cluster, state, live, request.ignored, dry_run=True))
    except PluginError as error:
        raise _failed(request, old, live, str(error)) from error


def _live(cluster: Cluster, request: Request) -> Object:
    inputs = plain(request.inputs)
    try:
        return cluster.get(of_object(inputs), namespace_of(inputs), name_of(inputs))
    except PluginError as error:
        raise PluginError(f'update of resource "{request.urn}" failed: {error}') from error


def _apply(cluster: Cluster, state: State, live: Object, ignored: Sequence[str], dry_run: bool) -> Object:
    inputs = plain(state.inputs)
    query = {"fieldManager": state.field_manager} | ({"dryRun": "All"} if dry_run else {})
    if inputs.get("kind") == "CustomResourceDefinition":
        # Official: a CRD is replaced as `kubectl replace` does, so that removed schema parts go away.
        metadata = inputs["metadata"] | {"resourceVersion": live["metadata"]["resourceVersion"]}
        return cluster.put(inputs | {"metadata": metadata}, query)
    if not dry_run:
        live = _adopt(cluster, live, state.field_manager)
    sent = apply_ignore_rule(inputs, live, state.field_manager, ignored)
    force = _force(cluster, inputs, live, dry_run)
    return server_side_apply(cluster, sent, query | {"force": "true" if force else "false"})


def _force(cluster: Cluster, inputs: Object, live: Object, dry_run: bool) -> bool:
    if is_true(inputs, PATCH_FORCE) or cluster.settings.patch_force:
        return True
    # The real update takes over what the create wrote; a preview may not, and would see a conflict with itself.
    return (dry_run and is_created_here(live)) or not managed_fields(live)


def _adopt(cluster: Cluster, live: Object, field_manager: str) -> Object:
    for attempt in range(_ADOPT_ATTEMPTS):
        entries = adopted_entries(live, field_manager)
        if entries is None:
            return live
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        ]
        try:
            return cluster.patch(live, patch, JSON_PATCH)
        except ApiError as error:
            # A controller wrote in between: read again.
            if error.code != 409 or attempt == _ADOPT_ATTEMPTS - 1:
                raise
            live = cluster.get(of_object(live), namespace_of(live), name_of(live))
    return live


def _failed(request: Request, state: State, live: Object, reason: str, *details: str) -> InitializationError:
    name = identifier(plain(request.inputs))
    text = f'the Kubernetes API server reported that "{name}" failed to fully initialize or become live: {reason}'
    return InitializationError(identifier(live), outputs(state, live), [text, *details])
