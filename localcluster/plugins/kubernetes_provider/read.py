"""Stand-in for pulumi-resource-kubernetes: Read, for refresh, import and get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..wire.errors import PluginError
from ..wire.log import EngineLog
from ..wire.values import Object, mark_secrets, plain
from .checkpoint import State, outputs, parse
from .client import ApiError, UnreachableError
from .cluster import Cluster, parse_identifier
from .kinds import of_object, of_urn
from .mapping import NoMatchError
from .secret_data import protect

UNREACHABLE_HELP = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
_SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")


@dataclass(frozen=True)
class Found:
    """A resource that was read: its outputs and inputs."""

    outputs: Object
    inputs: Object


def read(
    cluster: Cluster, log: EngineLog, urn: str, identifier: str, old_outputs: Object, old_inputs: Object
) -> Found | None:
    """The live object, or None where it is gone; `old_inputs` is empty for an import; raises PluginError."""
    try:
        live = _live(cluster, urn, identifier, parse(old_outputs))
    except UnreachableError as error:
        if cluster.settings.delete_unreachable:
            log.warning(urn, f"removed from the state: configured Kubernetes cluster is unreachable: {error}")
            return None
        raise PluginError(
            f"failed to read resource state due to unreachable cluster: {error}. {UNREACHABLE_HELP}"
        ) from error
    except NoMatchError:
        return None
    except ApiError as error:
        if error.code == 404:
            return None
        raise
    old = parse(old_outputs)
    known = old_inputs or old.inputs
    inputs = prune(live, plain(known)) if known else without_server_fields(live)
    marked = protect(mark_secrets(inputs, known))
    initial = old.initial_api_version or str(live.get("apiVersion", ""))
    return Found(outputs(State(marked, old.field_manager, initial), live), marked)


def _live(cluster: Cluster, urn: str, identifier: str, old: State) -> Object:
    gvk = of_object(plain(old.inputs)) if old.inputs else of_urn(urn)
    namespace, name = parse_identifier(identifier)
    if not name:
        raise PluginError(f"'{identifier}' is not an id of the form NAME or NAMESPACE/NAME")
    if not namespace and cluster.is_namespaced(gvk):
        namespace = cluster.default_namespace()
    return cluster.get(gvk, namespace, name)


def prune(live: Any, like: Any) -> Any:
    """The live values of what the inputs already have; what the server or others added stays outside.

    In a list of objects, elements that the inputs lack are drift and enter whole.
    """
    if isinstance(live, dict) and isinstance(like, dict):
        return {key: prune(live[key], value) for key, value in like.items() if key in live}
    if isinstance(live, list) and isinstance(like, list):
        shared = [prune(item, old) for item, old in zip(live, like, strict=False)]
        return shared + live[len(like) :]
    return live


def without_server_fields(live: Object) -> Object:
    """The object as a manifest would have it: no status, no metadata that the server writes."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVER_METADATA}
    return {key: value for key, value in live.items() if key != "status"} | {"metadata": metadata}
