"""Stand-in for pulumi-resource-kubernetes: Check, which completes and normalises the inputs of a resource."""

from __future__ import annotations

from dataclasses import dataclass

from ..wire.errors import UnsupportedError
from ..wire.values import Object, has_unknown, mark_secrets, plain
from .annotations import unsupported
from .autoname import assign
from .cluster import Cluster
from .kinds import Gvk, of_urn
from .normalise import normalise
from .secret_data import is_secret, merge_string_data, protect

_GENERATE_NAME = "the `.metadata.generateName` field is not supported in Server-Side Apply mode"


@dataclass(frozen=True)
class Checked:
    """The inputs to use, with Secret marks, and what is wrong with them."""

    inputs: Object
    failures: list[str]


def check(cluster: Cluster, urn: str, old_inputs: Object, new_inputs: Object, seed: bytes) -> Checked:
    """Name, namespace, Secret data and quantities filled in; `old_inputs` is empty for a replacement."""
    gvk = of_urn(urn)
    obj: Object = plain(new_inputs)
    obj.setdefault("apiVersion", gvk.api_version)
    obj.setdefault("kind", gvk.kind)
    assign(obj, plain(old_inputs), urn.rsplit("::", 1)[-1], seed)
    failures = _failures(obj)
    _fill_namespace(cluster, gvk, obj)
    if gvk.kind == "CustomResourceDefinition":
        cluster.mapping.declare(obj)
    if is_secret(obj):
        merge_string_data(obj)
    if not has_unknown(obj):
        obj = normalise(obj)
    return Checked(protect(mark_secrets(obj, new_inputs)), failures)


def _failures(obj: Object) -> list[str]:
    metadata = obj.get("metadata")
    failures = [str(UnsupportedError(f"the annotation {name}")) for name in unsupported(obj)]
    if isinstance(metadata, dict) and metadata.get("generateName") and not metadata.get("name"):
        failures.append(_GENERATE_NAME)
    return failures


def _fill_namespace(cluster: Cluster, gvk: Gvk, obj: Object) -> None:
    metadata = obj["metadata"]
    if isinstance(metadata, dict) and not metadata.get("namespace"):
        metadata.pop("namespace", None)
        if cluster.is_namespaced(gvk):
            metadata["namespace"] = cluster.default_namespace()
