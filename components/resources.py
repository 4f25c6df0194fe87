"""Kubernetes objects as Pulumi resources: the type, the name and the options follow from the object itself.

One generic class instead of the typed SDK: its modules cost seconds at start, and every kind is treated alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

from .adoption import RESOURCE_ANNOTATION
from .guard import Guard, guard_of, stack_name
from .manifests.meta import Manifest
from .owned_fields import refusal_hook
from .ownership import marked
from .record import record
from .spec.labels import MANAGED_BY_LABEL, STACK_LABEL

FIELD_MANAGER = {"pulumi.com/patchFieldManager": "pulumi-kubernetes-coalmine"}
"""One name instead of a random one for each create: whoever takes an object over is who wrote it before."""

SECRET_FIELDS = ("data", "stringData")
SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
TIMEOUTS = pulumi.CustomTimeouts(create="10m", update="10m", delete="5m")
DEFINITION = "CustomResourceDefinition"


class KubernetesObject(pulumi.CustomResource):
    """One object of any kind, typed as the Kubernetes provider types it."""

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        super().__init__(type_token(manifest), name, dict(manifest), opts)


@record
class Rules:
    """How objects are registered.

    Fields: `ignored`: (kind, name) -> paths that controllers own; `not_awaited`: kinds whose readiness is not waited
    for; `protected`: kinds that refuse deletion; `kept`: kinds that outlive their stack, besides
    CustomResourceDefinitions, which always do; `before_update`: what is run before any of them is changed.
    """

    ignored: Mapping[tuple[str, str], tuple[str, ...]]
    not_awaited: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    before_update: pulumi.ResourceHook | None = None


def type_token(manifest: Manifest) -> str:
    """`kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:ConfigMap`: the provider's own tokens."""
    group_version = str(manifest["apiVersion"])
    return f"kubernetes:{group_version if '/' in group_version else f'core/{group_version}'}:{manifest['kind']}"


def resource_name(owner: str, manifest: Manifest) -> str:
    """`shop/Service/shop-stable`: the component, the kind and the object's own name."""
    return "/".join((owner, str(manifest["kind"]), str(manifest["metadata"]["name"])))


def register(
    parent: pulumi.Resource,
    owner: str,
    stages: Iterable[Sequence[Manifest]],
    rules: Rules,
    after: Sequence[pulumi.Resource] = (),
) -> list[KubernetesObject]:
    """Registers objects as children of a component; every stage depends on the one before, the first on `after`.

    Returns all of them.
    """
    made: list[KubernetesObject] = []
    before: Sequence[pulumi.Resource] = after
    for stage in stages:
        if stage:
            here = [_register(parent, owner, item, rules, before) for item in stage]
            made += here
            before = here
    return made


def labelled(manifest: Manifest) -> Manifest:
    """The object with the label of the stack that owns it."""
    metadata = manifest["metadata"]
    labels = {**metadata.get("labels", {}), STACK_LABEL: stack_name()}
    if MANAGED_BY_LABEL in labels:
        # Charts claim that Helm manages what was only rendered with it.
        labels[MANAGED_BY_LABEL] = "pulumi"
    return {**manifest, "metadata": {**metadata, "labels": labels}}


def sealed(manifest: Manifest) -> Manifest:
    """A Secret whose values the engine takes for secrets from the start; any other object as it is."""
    if (manifest["apiVersion"], manifest["kind"]) != ("v1", "Secret"):
        return manifest
    secret = {name: pulumi.Output.secret(manifest[name]) for name in SECRET_FIELDS if name in manifest}
    return {**manifest, **secret}


def _register(
    parent: pulumi.Resource, owner: str, manifest: Manifest, rules: Rules, after: Sequence[pulumi.Resource]
) -> KubernetesObject:
    kind, name = str(manifest["kind"]), resource_name(owner, manifest)
    owned = tuple(rules.ignored.get((kind, str(manifest["metadata"]["name"])), ()))
    prepared = _annotated(marked(sealed(labelled(manifest)), owned), parent, name, rules)
    guard = guard_of(parent)
    options = pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(after),
        ignore_changes=list(owned) or None,
        protect=kind in rules.protected or None,
        retain_on_delete=kind == DEFINITION or kind in rules.kept or None,
        # Names are fixed: made first, the new object would be the old one, which is then deleted.
        delete_before_replace=True,
        custom_timeouts=TIMEOUTS,
        hooks=_hooks(guard, manifest, owned, rules.before_update),
        additional_secret_outputs=list(SECRET_FIELDS) if kind == "Secret" else None,
    )
    return KubernetesObject(name, guard.prepared(prepared, owned) if guard else prepared, options)


def _hooks(
    guard: Guard | None, manifest: Manifest, owned: Sequence[str], also: pulumi.ResourceHook | None
) -> pulumi.ResourceHookBinding | None:
    # CRDs outlive their stack: the next one takes them over, whatever its name.
    adopted = guard.hook(manifest) if guard and manifest["kind"] != DEFINITION else None
    # Where nothing can be, nothing is changed.
    refused = refusal_hook() if owned and not (guard and guard.is_new(manifest["metadata"]["namespace"])) else None
    before: list[Any] = [hook for hook in (refused, also) if hook]
    if adopted is None and not before:
        return None
    return pulumi.ResourceHookBinding(before_create=[adopted] if adopted else None, before_update=before or None)


def _annotated(manifest: Manifest, parent: pulumi.Resource, name: str, rules: Rules) -> Manifest:
    """The object with what the provider and the next stack that meets it must know."""
    metadata = manifest["metadata"]
    place: pulumi.Output[str] = pulumi.Output.from_input(_place(parent, type_token(manifest), name))
    steering = {**FIELD_MANAGER, **(SKIP_AWAIT if _not_awaited(manifest, rules) else {})}
    annotations = {**(metadata.get("annotations") or {}), **steering, RESOURCE_ANNOTATION: place}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


async def _place(parent: pulumi.Resource, token: str, name: str) -> str:
    # As a value of the parent it would make the parent, and so every child of it, a dependency of this child.
    urn = await parent.urn.future()
    return f"{str(urn).split('::')[2]}${token}::{name}"


def _not_awaited(manifest: Manifest, rules: Rules) -> bool:
    if manifest["kind"] == "Service":
        # Only an outside address is worth waiting for; pods are awaited where they are made.
        return bool(manifest["spec"].get("type") != "LoadBalancer")
    return manifest["kind"] in rules.not_awaited
