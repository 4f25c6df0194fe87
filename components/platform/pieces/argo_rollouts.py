"""Argo Rollouts: the controller that moves the weights, from its pinned release manifests."""

from typing import Any

from ...contracts_of.argo_rollouts import RolloutsRouter
from ...manifests.meta import Manifest
from ...spec.cluster import StackSpec
from ..images import ARGO_ROLLOUTS_IMAGE
from ..notifications import controller_config, with_credentials
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages, pod_security
from ..sources import ARGO_ROLLOUTS_INSTALL, locate
from ..upstream import changed, in_namespace, not_of_kind, of_kind, read, resources, with_container

NAMESPACE = "argo-rollouts"
_CONTAINER = "argo-rollouts"
_RUNNING = ("Deployment", "Service")


def stages(stack: StackSpec) -> Stages:
    """CRDs; then identity, permissions and configuration; then the controller."""
    objects = read(locate(ARGO_ROLLOUTS_INSTALL) / ARGO_ROLLOUTS_INSTALL.paths[0], ARGO_ROLLOUTS_INSTALL.sha256)
    objects = changed(in_namespace(objects, NAMESPACE), "Deployment", lambda item: _controller(item, stack))
    objects = changed(objects, "Secret", lambda item: with_credentials(item, stack))
    return (
        of_kind(objects, CLUSTER_DEFINITIONS),
        [*not_of_kind(objects, CLUSTER_DEFINITIONS, *_RUNNING), *controller_config(stack, NAMESPACE)],
        of_kind(objects, *_RUNNING),
    )


def _controller(deployment: Manifest, stack: StackSpec) -> Manifest:
    options = stack.platform.argo_rollouts
    fields: dict[str, Any] = {"image": ARGO_ROLLOUTS_IMAGE, "imagePullPolicy": "IfNotPresent"}
    if options.resources:
        fields["resources"] = resources(options.resources)
    router = stack.delivery.router
    if isinstance(router, RolloutsRouter) and router.controller_arguments:
        fields["args"] = list(router.controller_arguments)
    named = with_container(deployment, _CONTAINER, **fields)
    return {**named, "spec": {**named["spec"], "replicas": options.replicas}}


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    router = stack.delivery.router
    if not isinstance(router, RolloutsRouter) or not router.plugin:
        return []
    needs = f"router '{router.kind}' needs the plug-in {router.plugin}, without which no weight would ever move"
    message = f"{needs}: set it to false, and install Argo Rollouts with that plug-in and its permissions yourself"
    return [("platform.argo_rollouts.install", message)]


PIECE = Piece(
    name="argo-rollouts",
    token="coalmine:index:ArgoRollouts",
    serves=("engine", "argo-rollouts"),
    install=lambda stack: stack.platform.argo_rollouts.install,
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    problems=_problems,
)
