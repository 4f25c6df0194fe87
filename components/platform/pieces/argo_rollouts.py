"""Argo Rollouts: the controller that moves the weights, from its pinned release manifests."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from ...contracts_of.argo_rollouts import RolloutsRouter
from ...manifests.meta import Manifest
from ...spec.cluster import StackSpec
from ..bundle import bundle_of
from ..images import ARGO_ROLLOUTS_IMAGE
from ..notifications import controller_config, with_credentials
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages, pod_security
from ..sources import ARGO_ROLLOUTS_INSTALL, locate
from ..upstream import annotated, changed, in_namespace, not_of_kind, of_kind, read, resources, with_container

NAMESPACE = "argo-rollouts"
_CONTAINER = "argo-rollouts"
_ROLE = "argo-rollouts"
_CONFIG = "argo-rollouts-config"
_SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": "8090"}
_PLUGINS_ANNOTATION = "coalmine.dev/plugins"
"""On the controller's pods: a digest of its plug-ins, which it reads when it starts."""
_RUNNING = ("Deployment", "Service")


def stages(stack: StackSpec) -> Stages:
    """CRDs; then identity, permissions and configuration; then the controller."""
    source = bundle_of(stack).source(ARGO_ROLLOUTS_INSTALL)
    objects = read(locate(source) / source.paths[0], source.sha256)
    objects = changed(in_namespace(objects, NAMESPACE), "Deployment", lambda item: _controller(item, stack))
    objects = changed(objects, "Secret", lambda item: with_credentials(item, stack))
    objects = changed(objects, "ConfigMap", lambda item: _with_plugins(item, stack))
    objects = changed(objects, "ClusterRole", lambda item: _with_rules(item, stack))
    return (
        of_kind(objects, CLUSTER_DEFINITIONS),
        [*not_of_kind(objects, CLUSTER_DEFINITIONS, *_RUNNING), *controller_config(stack, NAMESPACE)],
        of_kind(objects, *_RUNNING),
    )


def _controller(deployment: Manifest, stack: StackSpec) -> Manifest:
    options = stack.platform.argo_rollouts
    fields: dict[str, Any] = {"image": bundle_of(stack).image(ARGO_ROLLOUTS_IMAGE), "imagePullPolicy": "IfNotPresent"}
    if options.resources:
        fields["resources"] = resources(options.resources)
    arguments = [one for _, router in _routers(stack) for one in router.controller_arguments]
    if arguments:
        fields["args"] = arguments
    named = with_container(deployment, _CONTAINER, **fields)
    digest = {_PLUGINS_ANNOTATION: _digest(_plugins(stack))} if options.plugins else {}
    template = annotated(named["spec"]["template"], {**_SCRAPED, **digest})
    return {**named, "spec": {**named["spec"], "replicas": options.replicas, "template": template}}


def _routers(stack: StackSpec) -> Iterator[tuple[str, RolloutsRouter]]:
    """The stack's routers that the controller can steer, by their kinds."""
    return ((kind, one) for kind, one in stack.delivery.routers.items() if isinstance(one, RolloutsRouter))


def _plugins(stack: StackSpec) -> str:
    """The controller's list of plug-ins, as it reads it. Source: argo-rollouts v1.9, docs/plugins.md."""
    plugins = stack.platform.argo_rollouts.plugins
    items = [{"name": name, "location": one.location, "sha256": one.sha256} for name, one in sorted(plugins.items())]
    return json.dumps(items, indent=2)


def _with_plugins(config_map: Manifest, stack: StackSpec) -> Manifest:
    if config_map["metadata"]["name"] != _CONFIG or not stack.platform.argo_rollouts.plugins:
        return config_map
    return {**config_map, "data": {"trafficRouterPlugins": _plugins(stack)}}


def _with_rules(role: Manifest, stack: StackSpec) -> Manifest:
    """A plug-in runs with the controller's own permissions."""
    if role["metadata"]["name"] != _ROLE:
        return role
    added = [rule for _, router in _routers(stack) for rule in router.plugin_rules]
    return {**role, "rules": [*role["rules"], *added]}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    place, given = "platform.argo_rollouts.plugins", stack.platform.argo_rollouts.plugins
    needed = {router.plugin: kind for kind, router in _routers(stack) if router.plugin}
    missing = [
        f"router '{kind}' needs the plug-in {name}, without which no weight would ever move: give its location and "
        "sha256, or set platform.argo_rollouts.install to false and install Argo Rollouts with it yourself"
        for name, kind in needed.items()
        if name not in given
    ]
    idle = [
        (f"{place}.{name}", f"no router of the stack needs it (needed: {', '.join(needed) or 'none'}): leave it out")
        for name in given
        if name not in needed
    ]
    return [*((place, message) for message in missing), *idle]


PIECE = Piece(
    name="argo-rollouts",
    token="coalmine:index:ArgoRollouts",
    serves=("engine", "argo-rollouts"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    problems=_problems,
    sources=(ARGO_ROLLOUTS_INSTALL,),
    reports="argo_rollouts_controller_info",
    commands=lambda _stack: {"releases": "get rollouts --all-namespaces"},
)
