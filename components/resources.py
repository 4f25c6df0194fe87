"""Kubernetes objects as Pulumi resources: the type, the name and the options follow from the object itself.

One generic class instead of the typed SDK: its modules cost seconds at start, and every kind is treated alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from .guard import guard
from .manifests.meta import Manifest
from .ownership import marked
from .spec.labels import MANAGED_BY_LABEL, STACK_LABEL

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
TIMEOUTS = pulumi.CustomTimeouts(create="10m", update="10m", delete="5m")


class KubernetesObject(pulumi.CustomResource):
    """One object of any kind, typed as the Kubernetes provider types it."""

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        super().__init__(type_token(manifest), name, dict(manifest), opts)


@dataclass(frozen=True)
class Rules:
    """How objects are registered.

    Fields: `ignored`: (kind, name) -> paths that controllers own; `not_awaited`: kinds whose readiness is not waited
    for; `protected`: kinds that refuse deletion; `definitions`: the provider for CustomResourceDefinitions, which
    outlive their stack and are taken over by the next.
    """

    ignored: Mapping[tuple[str, str], tuple[str, ...]]
    not_awaited: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    definitions: pulumi.ProviderResource | None = None


def type_token(manifest: Manifest) -> str:
    """`kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:ConfigMap`: the provider's own tokens."""
    group_version = str(manifest["apiVersion"])
    return f"kubernetes:{group_version if '/' in group_version else f'core/{group_version}'}:{manifest['kind']}"


def resource_name(owner: str, manifest: Manifest) -> str:
    """`shop/Service/shop-stable`: the component, the kind and the object's own name."""
    return "/".join((owner, str(manifest["kind"]), str(manifest["metadata"]["name"])))


def register(
    parent: pulumi.Resource, owner: str, stages: Iterable[Sequence[Manifest]], rules: Rules
) -> list[KubernetesObject]:
    """Registers objects as children of a component; every stage depends on the one before. Returns all of them."""
    made: list[KubernetesObject] = []
    before: list[KubernetesObject] = []
    for stage in stages:
        if stage:
            before = [_register(parent, owner, item, rules, before) for item in stage]
            made += before
    return made


def labelled(manifest: Manifest) -> Manifest:
    """The object with the label of the stack that owns it."""
    metadata = manifest["metadata"]
    labels = {**metadata.get("labels", {}), STACK_LABEL: f"{pulumi.get_project()}.{pulumi.get_stack()}"}
    if MANAGED_BY_LABEL in labels:
        # Charts claim that Helm manages what was only rendered with it.
        labels[MANAGED_BY_LABEL] = "pulumi"
    return {**manifest, "metadata": {**metadata, "labels": labels}}


def _register(
    parent: pulumi.Resource, owner: str, manifest: Manifest, rules: Rules, after: Sequence[pulumi.Resource]
) -> KubernetesObject:
    kind, name = str(manifest["kind"]), str(manifest["metadata"]["name"])
    definition = kind == "CustomResourceDefinition"
    owned = tuple(rules.ignored.get((kind, name), ()))
    prepared = marked(labelled(manifest), owned)
    if _not_awaited(manifest, rules):
        metadata = prepared["metadata"]
        annotations = {**(metadata.get("annotations") or {}), **SKIP_AWAIT}
        prepared = {**prepared, "metadata": {**metadata, "annotations": annotations}}
    options = pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(after),
        ignore_changes=list(owned) or None,
        hooks=guard(resource_name(owner, manifest), manifest, owned),
        protect=kind in rules.protected or None,
        retain_on_delete=definition or None,
        custom_timeouts=TIMEOUTS,
        provider=rules.definitions if definition else None,
    )
    return KubernetesObject(resource_name(owner, manifest), prepared, options)


def _not_awaited(manifest: Manifest, rules: Rules) -> bool:
    if manifest["kind"] == "Service":
        # Only an outside address is worth waiting for; pods are awaited where they are made.
        return bool(manifest["spec"].get("type") != "LoadBalancer")
    return manifest["kind"] in rules.not_awaited
