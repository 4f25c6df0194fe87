"""Contour: its control plane, and the Envoy that takes the traffic, from its pinned release manifests.

Envoy runs as a Deployment behind a Service, without ports of the nodes, so that the namespace can be `restricted`.
"""

from collections.abc import Mapping
from typing import Any

from ...manifests.meta import Manifest
from ...routers.contour import ContourRouter
from ...spec.cluster import StackSpec
from ...spec.platform import ContourOptions
from ..bundle import Bundle, bundle_of
from ..images import CONTOUR_ENVOY_IMAGE, CONTOUR_IMAGE, split
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages, pod_security, restricted_container
from ..sources import CONTOUR_INSTALL, locate
from ..upstream import changed, not_of_kind, of_kind, read, resources

NAMESPACE = "projectcontour"
GATEWAY = "envoy"
_CONTROL = "contour"
_RUNNING = ("Deployment", "Service")
_CPU_TARGET = 80
_SCRAPED: Mapping[str, Mapping[str, str]] = {
    _CONTROL: {"port": "8000", "path": "/metrics"},
    GATEWAY: {"port": "8002", "path": "/stats/prometheus"},
}
"""Where each shows its metrics. Source: projectcontour.io/docs/main/guides/prometheus."""


def stages(stack: StackSpec) -> Stages:
    """CRDs; then identity and permissions; then the certificates between the two; then both."""
    options, bundle = stack.platform.contour, bundle_of(stack)
    source = bundle.source(CONTOUR_INSTALL)
    objects = read(locate(source) / source.paths[0], source.sha256)
    objects = changed(objects, CLUSTER_DEFINITIONS, _definition)
    objects = changed(objects, "Job", lambda item: _with_pod(item, bundle))
    objects = changed(objects, "Deployment", lambda item: _deployment(item, stack, bundle))
    objects = changed(objects, "Service", lambda item: _service(item, options))
    return (
        of_kind(objects, CLUSTER_DEFINITIONS),
        not_of_kind(objects, CLUSTER_DEFINITIONS, "Job", "Namespace", *_RUNNING),
        of_kind(objects, "Job"),
        [*of_kind(objects, *_RUNNING), *_autoscaler(options), *_budget(options)],
    )


def _definition(item: Manifest) -> Manifest:
    """Without the default that the API server does not keep, which would show as a change for ever."""
    return {**item, "spec": {key: value for key, value in item["spec"].items() if key != "preserveUnknownFields"}}


def _deployment(item: Manifest, stack: StackSpec, bundle: Bundle) -> Manifest:
    options, name = stack.platform.contour, item["metadata"]["name"]
    named = _with_pod(item, bundle)
    template = named["spec"]["template"]
    template = {**template, "metadata": {**template["metadata"], "annotations": _scraped(name)}}
    amounts = options.gateway.resources if name == GATEWAY else options.resources
    fields: dict[str, Any] = {"resources": resources(amounts)} if amounts else {}
    if name == _CONTROL:
        [main] = [one for one in template["spec"]["containers"] if one["name"] == name]
        fields["args"] = [*main["args"], *_class(stack)]
    containers = [{**one, **fields} if one["name"] == name else one for one in template["spec"]["containers"]]
    template = {**template, "spec": {**template["spec"], "containers": containers}}
    spec = {key: value for key, value in named["spec"].items() if key != "replicas"} | {"template": template}
    return {**named, "spec": {**_replicas(name, options), **spec}}


def _replicas(name: str, options: ContourOptions) -> Manifest:
    if name == _CONTROL:
        return {"replicas": options.replicas}
    return {} if options.gateway.max_replicas else {"replicas": options.gateway.replicas}


def _class(stack: StackSpec) -> list[str]:
    router = stack.delivery.routers["contour"]
    named = router.ingress_class if isinstance(router, ContourRouter) else None
    return [f"--ingress-class-name={named}"] if named else []


def _scraped(name: str) -> dict[str, str]:
    return {f"prometheus.io/{key}": value for key, value in {"scrape": "true", **_SCRAPED[name]}.items()}


def _with_pod(item: Manifest, bundle: Bundle) -> Manifest:
    """With the bundle's images, and nothing that the `restricted` standard refuses."""
    template = item["spec"]["template"]
    pod = template["spec"]
    made = {**pod, "securityContext": {**pod["securityContext"], "seccompProfile": {"type": "RuntimeDefault"}}}
    for group in ("initContainers", "containers"):
        if group in pod:
            made[group] = [_container(one, bundle) for one in pod[group]]
    return {**item, "spec": {**item["spec"], "template": {**template, "spec": made}}}


def _container(container: Manifest, bundle: Bundle) -> Manifest:
    images = {split(image)[0]: image for image in (CONTOUR_IMAGE, CONTOUR_ENVOY_IMAGE)}
    image = bundle.image(images[split(container["image"])[0]])
    made = {**container, "image": image, "securityContext": restricted_container()}
    if "ports" in container:
        made["ports"] = [_without_host(port) for port in container["ports"]]
    return made


def _without_host(port: Manifest) -> Manifest:
    return {key: value for key, value in port.items() if key != "hostPort"}


def _service(item: Manifest, options: ContourOptions) -> Manifest:
    if item["metadata"]["name"] != GATEWAY:
        return item
    metadata = {key: value for key, value in item["metadata"].items() if key != "annotations"}
    annotations = options.gateway.service_annotations
    spec = {**item["spec"], "type": options.gateway.service}
    if options.gateway.service == "ClusterIP":
        # Only of traffic from outside the sender's address could be kept.
        del spec["externalTrafficPolicy"]
    return {**item, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}, "spec": spec}


def _autoscaler(options: ContourOptions) -> list[Manifest]:
    if options.gateway.max_replicas is None:
        return []
    target = {"type": "Utilization", "averageUtilization": _CPU_TARGET}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": GATEWAY},
        "minReplicas": options.gateway.replicas,
        "maxReplicas": options.gateway.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    metadata = {"name": GATEWAY, "namespace": NAMESPACE}
    return [{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}]


def _budget(options: ContourOptions) -> list[Manifest]:
    if options.gateway.replicas == 1:
        return []
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": GATEWAY}}}
    metadata = {"name": GATEWAY, "namespace": NAMESPACE}
    return [{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}]


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    gateway, place = stack.platform.contour.gateway, "platform.contour.gateway"
    asked = gateway.resources.requests.cpu if gateway.resources else None
    if gateway.max_replicas is None or asked is not None:
        return []
    message = f"the autoscaler keeps the pods at {_CPU_TARGET} % of the CPU that they request, and they request none"
    return [(f"{place}.max_replicas", f"{message}: set {place}.resources.requests.cpu, like '500m'")]


PIECE = Piece(
    name="contour",
    token="coalmine:index:Contour",
    serves=("router", "contour"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    problems=_problems,
    sources=(CONTOUR_INSTALL,),
    commands=lambda _stack: {"address of the gateway": f"-n {NAMESPACE} get service {GATEWAY}"},
)
