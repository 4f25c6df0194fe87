"""Flux: the controllers of the GitOps engine `flux`, from the manifests of their pinned release.

They act on objects of their own namespace alone, and bring apps to the cluster as accounts that may do no more than
an app needs: upstream's binding to `cluster-admin` is left out. Flags: fluxcd.io/flux/installation/configuration.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ...manifests.meta import Manifest
from ...spec.cluster import StackSpec
from ...spec.platform import FluxController
from ..bundle import bundle_of
from ..images import (
    FLUX_HELM_IMAGE,
    FLUX_IMAGE_AUTOMATION_IMAGE,
    FLUX_IMAGE_REFLECTOR_IMAGE,
    FLUX_KUSTOMIZE_IMAGE,
    FLUX_NOTIFICATION_IMAGE,
    FLUX_SOURCE_IMAGE,
)
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages, pod_security
from ..sources import FLUX_MANIFESTS, locate
from ..upstream import changed, in_namespace, not_of_kind, of_kind, read, resources, with_container

NAMESPACE = "flux-system"
RESTRICTED = "flux-restricted"
"""The account of whatever names none: nobody gives it any permission."""

_IMAGES: Mapping[FluxController, str] = {
    "source": FLUX_SOURCE_IMAGE,
    "kustomize": FLUX_KUSTOMIZE_IMAGE,
    "helm": FLUX_HELM_IMAGE,
    "notification": FLUX_NOTIFICATION_IMAGE,
    "image-reflector": FLUX_IMAGE_REFLECTOR_IMAGE,
    "image-automation": FLUX_IMAGE_AUTOMATION_IMAGE,
}
_CONTAINER = "manager"
_RBAC = "rbac.authorization.k8s.io/v1"
_ALLOWED = "flux-controllers"
_ACT = "flux-act-as-accounts"
_PING = "flux-ping"

_OWN_NAMESPACE = "--no-cross-namespace-refs=true"
_RESTRICTED = f"--default-service-account={RESTRICTED}"
_LOCKED: Mapping[FluxController, Sequence[str]] = {
    "source": (),
    "kustomize": (_OWN_NAMESPACE, _RESTRICTED, "--no-remote-bases=true"),
    "helm": (_OWN_NAMESPACE, _RESTRICTED),
    "notification": (_OWN_NAMESPACE,),
    "image-reflector": (_OWN_NAMESPACE,),
    "image-automation": (_OWN_NAMESPACE,),
}
"""What keeps tenants apart. Source: fluxcd.io/flux/installation/configuration/multitenancy."""
_ACTING: Sequence[FluxController] = ("kustomize", "helm")
"""What brings objects to the cluster, as accounts that others name."""
_WATCH = "--watch-all-namespaces"
_EVENTS = "--events-addr="


def stages(stack: StackSpec) -> Stages:
    """CRDs; then identities, permissions and what may reach whom; then the controllers."""
    found = [(name, _of_release(stack, f"{name}-controller")) for name in stack.platform.flux.controllers]
    objects = [
        *(item for name, items in found for item in changed(items, "Deployment", partial(_controller, name, stack))),
        *_of_release(stack, "policies"),
        *of_kind(_of_release(stack, "rbac"), "ResourceQuota"),
    ]
    return (
        of_kind(objects, CLUSTER_DEFINITIONS),
        [*not_of_kind(objects, CLUSTER_DEFINITIONS, "Deployment"), *_access(stack)],
        of_kind(objects, "Deployment"),
    )


def _of_release(stack: StackSpec, file: str) -> list[Manifest]:
    source = bundle_of(stack).source(FLUX_MANIFESTS)
    path = locate(source) / source.paths[0] / f"{file}.yaml"
    return in_namespace(read(path, source.sha256), NAMESPACE)


def _controller(name: FluxController, stack: StackSpec, deployment: Manifest) -> Manifest:
    options = stack.platform.flux
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    fields: dict[str, Any] = {
        "image": bundle_of(stack).image(_IMAGES[name]),
        "args": _arguments(name, stack, container["args"]),
    }
    if name in options.resources:
        fields["resources"] = resources(options.resources[name])
    return with_container(deployment, _CONTAINER, **fields)


def _arguments(name: FluxController, stack: StackSpec, upstream: Sequence[str]) -> list[str]:
    options = stack.platform.flux
    if _WATCH not in upstream:
        raise LookupError(f"Flux's {name}-controller has no argument {_WATCH}")
    # What others write about Flux into their own namespaces is nobody's order.
    kept = [f"{_WATCH}=false" if one == _WATCH else one for one in upstream]
    if "notification" not in options.controllers:
        kept = [one for one in kept if not one.startswith(_EVENTS)]
    concurrent = [f"--concurrent={options.concurrent}"] if name in _ACTING else []
    return [*kept, *_LOCKED[name], *concurrent]


def _access(stack: StackSpec) -> list[Manifest]:
    """What the controllers may do: upstream's rules, in their own namespace alone and without tokens of accounts."""
    subjects = [_account(f"{name}-controller") for name in stack.platform.flux.controllers]
    roles = {str(item["metadata"]["name"]): item for item in of_kind(_of_release(stack, "rbac"), "ClusterRole")}
    upstream = roles["crd-controller"]
    rules = [_inside(rule) for rule in upstream["rules"] if not _too_much(rule)]
    ping = [rule for rule in upstream["rules"] if "nonResourceURLs" in rule]
    # Only accounts live in this namespace that may do no more than an app needs, or than these controllers may.
    act = [{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}]
    acting = [_account(f"{name}-controller") for name in stack.platform.flux.controllers if name in _ACTING]
    restricted = {"metadata": {"name": RESTRICTED, "namespace": NAMESPACE}, "automountServiceAccountToken": False}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", **restricted},
        _object("Role", _ALLOWED, NAMESPACE, rules=rules),
        _object("RoleBinding", _ALLOWED, NAMESPACE, roleRef=_role("Role", _ALLOWED), subjects=subjects),
        _object("Role", _ACT, NAMESPACE, rules=act),
        _object("RoleBinding", _ACT, NAMESPACE, roleRef=_role("Role", _ACT), subjects=acting),
        _object("ClusterRole", _PING, rules=ping),
        _object("ClusterRoleBinding", _PING, roleRef=_role("ClusterRole", _PING), subjects=subjects),
        roles["flux-view"],
    ]


def _too_much(rule: Manifest) -> bool:
    """Who gets a token of an account is that account; it serves identities of a cloud by object, which are off."""
    return "nonResourceURLs" in rule or rule["resources"] == ["serviceaccounts/token"]


def _inside(rule: Manifest) -> Manifest:
    """A rule without what no Role can give."""
    return {**rule, "resources": [one for one in rule["resources"] if one != "namespaces"]}


def _account(name: str) -> Manifest:
    return {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}


def _role(kind: str, name: str) -> Manifest:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def _object(kind: str, name: str, namespace: str = "", **body: object) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": _RBAC, "kind": kind, "metadata": {"name": name, **place}, **body}


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    found = []
    engine = stack.gitops
    if engine is not None and engine.namespace != NAMESPACE:
        advice = "leave it out, or set platform.flux.install to false"
        found.append(("gitops.namespace", f"the platform installs Flux in '{NAMESPACE}': {advice}"))
    return found


def _commands(_stack: StackSpec) -> dict[str, str]:
    now = 'annotate --overwrite gitrepository/coalmine reconcile.fluxcd.io/requestedAt="$(date +%s)"'
    return {
        "everything": f"-n {NAMESPACE} get fluxcd",
        "look at Git now": f"-n {NAMESPACE} {now}",
    }


PIECE = Piece(
    name="flux",
    token="coalmine:index:Flux",
    serves=("gitops", "flux"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    sources=(FLUX_MANIFESTS,),
    problems=_problems,
    commands=_commands,
)
