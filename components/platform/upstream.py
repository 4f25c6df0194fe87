"""What the platform's pieces make of upstream files: Kubernetes objects with explicit images, ready to register."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..manifests.meta import Manifest
from ..spec.container import ResourceAmounts, Resources
from ..templating.tidy import tidy
from .cache import cache_dir, write_whole

_FORMAT = "3"
"""Part of every key in the cache: raised when what is stored changes its meaning."""

_CLUSTER_SCOPED = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
        "Namespace",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)
"""Kinds in upstream files that live outside namespaces; everything else gets its piece's namespace."""


def remembered(parts: Sequence[str], make: Callable[[], list[Manifest]]) -> list[Manifest]:
    """The objects of `make`, kept in the cache under a digest of `parts`, which must name all that decides them."""
    key = hashlib.sha256("\0".join((_FORMAT, *parts)).encode()).hexdigest()
    path = cache_dir() / "rendered" / f"{key}.json"
    if path.is_file():
        kept: list[Manifest] = json.loads(path.read_bytes())
        return kept
    objects = make()
    write_whole(path, json.dumps(objects).encode())
    return objects


def parse(text: str) -> list[Manifest]:
    """The objects in a multi-document YAML text."""
    return [tidy(document) for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]


def read(path: Path, sha256: str) -> list[Manifest]:
    """The objects in an upstream YAML file of a known digest."""
    return remembered((sha256, path.name), lambda: parse(path.read_text(encoding="utf-8")))


def read_all(folder: Path, sha256: str) -> list[Manifest]:
    """The objects in all YAML files of an upstream folder of a known digest, in the files' alphabetical order."""
    files = sorted(folder.glob("*.yaml"))
    return remembered((sha256, folder.name), lambda: [one for file in files for one in parse(file.read_text("utf-8"))])


def in_namespace(objects: Iterable[Manifest], namespace: str) -> list[Manifest]:
    """The objects, with the namespaced ones that name none put into `namespace`."""

    def placed(item: Manifest) -> Manifest:
        if item["kind"] in _CLUSTER_SCOPED or item["metadata"].get("namespace"):
            return item
        return {**item, "metadata": {**item["metadata"], "namespace": namespace}}

    return [placed(item) for item in objects]


def of_kind(objects: Iterable[Manifest], *kinds: str) -> list[Manifest]:
    """The objects of some kinds, in the order of the upstream file."""
    return [item for item in objects if item["kind"] in kinds]


def not_of_kind(objects: Iterable[Manifest], *kinds: str) -> list[Manifest]:
    """The objects of all other kinds, in the order of the upstream file."""
    return [item for item in objects if item["kind"] not in kinds]


def changed(objects: Iterable[Manifest], kind: str, change: Callable[[Manifest], Manifest]) -> list[Manifest]:
    """The objects, with `change` applied to each of one kind."""
    return [change(item) if item["kind"] == kind else item for item in objects]


def annotated(template: Manifest, annotations: Mapping[str, str]) -> Manifest:
    """A pod template with further annotations."""
    metadata = template["metadata"]
    return {**template, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}


def resources(wanted: Resources) -> Manifest:
    """A container's resources as Kubernetes writes them."""

    def amounts(of: ResourceAmounts) -> dict[str, str]:
        named = {"cpu": of.cpu, "memory": of.memory, "ephemeral-storage": of.ephemeral_storage}
        return {key: str(amount) for key, amount in named.items() if amount is not None}

    return {key: found for key in ("requests", "limits") if (found := amounts(getattr(wanted, key)))}


def with_container(deployment: Manifest, name: str, **fields: Any) -> Manifest:
    """A Deployment whose container `name` has these fields. Raises LookupError where there is no such container."""
    pod = deployment["spec"]["template"]["spec"]
    if name not in [container["name"] for container in pod["containers"]]:
        raise LookupError(f"Deployment {deployment['metadata']['name']} has no container {name}")
    containers = [
        {**container, **fields} if container["name"] == name else container for container in pod["containers"]
    ]
    template = {**deployment["spec"]["template"], "spec": {**pod, "containers": containers}}
    return {**deployment, "spec": {**deployment["spec"], "template": template}}
