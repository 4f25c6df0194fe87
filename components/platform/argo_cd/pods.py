"""What the pods of upstream's manifests are changed in: image, size, when they start anew."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ...manifests.meta import Manifest
from ...spec.argocd import ArgoCdOptions, ArgoCdServer
from ...spec.container import Resources
from ..bundle import Bundle
from ..images import ARGO_CD_IMAGE, HAPROXY_IMAGE, REDIS_IMAGE, split
from ..upstream import resources, with_container
from .settings import parameters, settings

_CONFIG_ANNOTATION = "coalmine.dev/config-sha256"
_IMAGES = {split(image)[0]: image for image in (ARGO_CD_IMAGE, REDIS_IMAGE, HAPROXY_IMAGE)}
_MAKES_THE_REDIS_PASSWORD = "secret-init"
_READ_AT_START = "timeout.reconciliation"
"""How keys of `argocd-cm` begin that are variables of pods; all others are followed while they run."""

_SERVERS = {"argocd-server": "server", "argocd-repo-server": "repo_server"}
_CONTROLLER = "argocd-application-controller"
_REPLICAS_VARIABLE = "ARGOCD_API_SERVER_REPLICAS"
"""By it the API server divides the log-ins per minute that it allows among its pods."""


def changed(item: Manifest, options: ArgoCdOptions, bundle: Bundle) -> Manifest:
    """A Deployment or StatefulSet of upstream's as this stack wants it."""
    item = _started_anew(_with_images(item, bundle), _digest(options))
    name = item["metadata"]["name"]
    if name == _CONTROLLER:
        return _sized(item, options.controller.resources)
    if name not in _SERVERS:
        return item
    part: ArgoCdServer = getattr(options, _SERVERS[name])
    return _with_replicas(_sized(item, part.resources), part.replicas or (2 if options.ha else 1))


def _with_images(item: Manifest, bundle: Bundle) -> Manifest:
    """The bundle's images, and no password of Redis that the state does not know."""
    pod = item["spec"]["template"]["spec"]
    containers = {
        kind: [_with_image(one, bundle) for one in pod.get(kind, ()) if one["name"] != _MAKES_THE_REDIS_PASSWORD]
        for kind in ("initContainers", "containers")
    }
    return _with_pod(item, {kind: found for kind, found in containers.items() if found})


def _with_image(container: Manifest, bundle: Bundle) -> Manifest:
    image = bundle.image(_IMAGES[split(container["image"])[0]])
    return {**container, "image": image, "imagePullPolicy": "IfNotPresent"}


def _with_pod(item: Manifest, changes: Mapping[str, Any]) -> Manifest:
    template = item["spec"]["template"]
    kept = {key: value for key, value in template["spec"].items() if key != "initContainers"}
    return {**item, "spec": {**item["spec"], "template": {**template, "spec": {**kept, **changes}}}}


def _digest(options: ArgoCdOptions) -> str:
    """Of all that pods read at their start alone."""
    timing = {key: text for key, text in settings(options).items() if key.startswith(_READ_AT_START)}
    read = json.dumps([parameters(options), timing, options.rotation], sort_keys=True)
    return hashlib.sha256(read.encode()).hexdigest()[:16]


def _started_anew(item: Manifest, digest: str) -> Manifest:
    template = item["spec"]["template"]
    annotations = {**template["metadata"].get("annotations", {}), _CONFIG_ANNOTATION: digest}
    changed_template = {**template, "metadata": {"labels": template["metadata"]["labels"], "annotations": annotations}}
    return {**item, "spec": {**item["spec"], "template": changed_template}}


def _sized(item: Manifest, wanted: Resources | None) -> Manifest:
    return with_container(item, item["metadata"]["name"], resources=resources(wanted)) if wanted else item


def _with_replicas(item: Manifest, replicas: int) -> Manifest:
    name = item["metadata"]["name"]
    named = {**item, "spec": {**item["spec"], "replicas": replicas}}
    [container] = [one for one in named["spec"]["template"]["spec"]["containers"] if one["name"] == name]
    others = [one for one in container["env"] if one["name"] != _REPLICAS_VARIABLE]
    own = [{"name": _REPLICAS_VARIABLE, "value": str(replicas)}] if name == "argocd-server" else []
    return with_container(named, name, env=[*others, *own])
