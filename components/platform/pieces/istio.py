"""Istio: custom resource definitions, istiod, the ingress gateway and, with sidecars, the CNI plug-in.

Rendered from the pinned release's own charts. With sidecars the CNI plug-in prepares the pods' network, because the
init container that does it otherwise needs capabilities that the `restricted` Pod Security Standard forbids.
Values: manifests/charts/*/values.yaml of the pinned module.
"""

from typing import Any

from ...manifests.meta import Manifest
from ...routers.istio import IstioRouter
from ...spec.cluster import StackSpec
from .. import mesh_rules
from ..bundle import bundle_of
from ..helm import Chart, render
from ..images import ISTIO_CNI_IMAGE, ISTIO_HUB, ISTIO_PILOT_IMAGE, ISTIO_PROXY
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages, pod_security
from ..sources import ISTIO_CHARTS, locate
from ..upstream import changed, in_namespace, not_of_kind, of_kind, resources, with_container

CONTROL_PLANE = "istio-system"
INGRESS = "istio-ingress"
GATEWAY = "istio-ingressgateway"

_CHARTS = "manifests/charts"
_RUNNING = ("DaemonSet", "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget")
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_CPU_TARGET = 80
_SECCOMP = {"type": "RuntimeDefault"}
_LONGEST_DELAY = "1s"
"""How long changes that follow each other without a break keep a gateway from hearing of any; 10 s by default.

Argo Rollouts makes such changes for as long as old pods are kept after an abort (argo-rollouts#3078), and a cohort
would go on getting the bad version. Source: istio pilot/pkg/features/tuning.go.
"""


def stages(stack: StackSpec) -> Stages:
    """CRDs; then identity, permissions and configuration; then istiod; then its webhooks; then the gateway.

    The gateway's pods are completed by istiod's webhook, so they come after it.
    """
    base = _render(stack, "base", "istio-base", CONTROL_PLANE, _base_values(stack))
    control = _render(stack, "istio-control/istio-discovery", "istiod", CONTROL_PLANE, _istiod_values(stack))
    if stack.platform.istio.sidecars:
        control = [*control, *_render(stack, "istio-cni", "istio-cni", CONTROL_PLANE, _cni_values(stack))]
    gateway = _render(stack, "gateway", GATEWAY, INGRESS, _gateway_values(stack))
    proxy = bundle_of(stack).image(ISTIO_PROXY)
    gateway = changed(gateway, "Deployment", lambda item: with_container(item, "istio-proxy", image=proxy))
    both = [*base, *control]
    return (
        of_kind(both, CLUSTER_DEFINITIONS),
        not_of_kind(both, CLUSTER_DEFINITIONS, *_RUNNING, *_WEBHOOKS),
        of_kind(both, *_RUNNING),
        of_kind(both, *_WEBHOOKS),
        not_of_kind(gateway, *_RUNNING),
        of_kind(gateway, *_RUNNING),
    )


def _render(stack: StackSpec, chart: str, release: str, namespace: str, values: dict[str, Any]) -> list[Manifest]:
    source = bundle_of(stack).source(ISTIO_CHARTS)
    pinned = Chart(locate(source) / _CHARTS / chart, source.sha256, _release(stack), release, namespace)
    return in_namespace(render(pinned, values, stack.cluster.kubernetes), namespace)


def _release(stack: StackSpec) -> str:
    return bundle_of(stack).tag(ISTIO_PROXY)


def _base_values(stack: StackSpec) -> dict[str, Any]:
    options = stack.platform.istio
    values: dict[str, Any] = {"defaultRevision": "default" if options.validate_config else ""}
    return {**values, **_validation()}


def _validation() -> dict[str, Any]:
    # Otherwise istiod changes `Ignore` to `Fail` itself once it is ready, and the field has two owners.
    return {"base": {"validationFailurePolicy": "Fail"}}


def _istiod_values(stack: StackSpec) -> dict[str, Any]:
    options, bundle = stack.platform.istio, bundle_of(stack)
    values: dict[str, Any] = {
        "image": bundle.image(ISTIO_PILOT_IMAGE),
        "global": {
            "hub": ISTIO_HUB,
            "tag": _release(stack),
            "configValidation": options.validate_config,
            # Without sidecars there is nothing to inject: no webhook in the way of every pod.
            "operatorManageWebhooks": not options.sidecars,
            "omitSidecarInjectorConfigMap": not options.sidecars,
            "multiCluster": {"clusterName": stack.cluster.name},
            "proxy": {"image": bundle.image(ISTIO_PROXY), "seccompProfile": _SECCOMP},
            "proxy_init": {"image": bundle.image(ISTIO_PROXY)},
            "defaultPodDisruptionBudget": {"enabled": True},
        },
        "pilot": {"cni": {"enabled": options.sidecars}, "env": {"PILOT_DEBOUNCE_MAX": _LONGEST_DELAY}},
        "meshConfig": {
            "enableAutoMtls": options.sidecars,
            "defaultProviders": {"metrics": ["prometheus"] if options.proxy_metrics else []},
        },
        "telemetry": {"enabled": options.proxy_metrics},
        "autoscaleEnabled": options.max_replicas is not None,
        "autoscaleMin": options.replicas,
        "autoscaleMax": options.max_replicas or options.replicas,
        "replicaCount": options.replicas,
        "cpu": {"targetAverageUtilization": _CPU_TARGET},
        "seccompProfile": _SECCOMP,
        **_validation(),
    }
    if options.resources:
        values["resources"] = resources(options.resources)
    return values


def _cni_values(stack: StackSpec) -> dict[str, Any]:
    # Some clusters admit pods of the class system-node-critical outside kube-system only under a quota.
    image = bundle_of(stack).image(ISTIO_CNI_IMAGE)
    return {"image": image, "global": {"tag": _release(stack)}, "resourceQuotas": {"enabled": True}}


def _gateway_values(stack: StackSpec) -> dict[str, Any]:
    options = stack.platform.istio.gateway
    values: dict[str, Any] = {
        "labels": {"istio.io/dataplane-mode": "none", **_gateway_selector(stack)},
        "replicaCount": options.replicas,
        "autoscaling": {
            "enabled": options.max_replicas is not None,
            "minReplicas": options.replicas,
            "maxReplicas": options.max_replicas or options.replicas,
            "targetCPUUtilizationPercentage": _CPU_TARGET,
        },
        "podAnnotations": {"prometheus.io/scrape": "true" if stack.platform.istio.proxy_metrics else "false"},
        "service": {"type": options.service, "annotations": options.service_annotations},
    }
    if options.replicas > 1:
        values["podDisruptionBudget"] = {"maxUnavailable": 1}
    if options.resources:
        values["resources"] = resources(options.resources)
    return values


def _gateway_selector(stack: StackSpec) -> dict[str, str]:
    router = stack.delivery.routers["istio"]
    return router.gateway_selector if isinstance(router, IstioRouter) else {}


def _namespaces(stack: StackSpec) -> dict[str, dict[str, str]]:
    # The CNI plug-in enters the network namespaces of other pods.
    level = "privileged" if stack.platform.istio.sidecars else "baseline"
    return {CONTROL_PLANE: pod_security(level), INGRESS: pod_security("baseline")}


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    options, place = stack.platform.istio, "platform.istio"
    unkept = [] if options.sidecars else mesh_rules.need_sidecars(options)
    nobody = "is kept by the pods' proxies, of which there are none: set sidecars to true, or leave it out"
    idle = "says who may call where all others may not: set default_deny to true, or leave it out"
    return [
        *((f"{place}.{name}", nobody) for name in unkept),
        *([(f"{place}.callers", idle)] if options.callers and not options.default_deny else []),
    ]


PIECE = Piece(
    name="istio",
    token="coalmine:index:Istio",
    serves=("router", "istio"),
    namespaces=_namespaces,
    stages=stages,
    for_apps=lambda stack, apps: mesh_rules.rules(stack.platform.istio, apps, CONTROL_PLANE, INGRESS),
    problems=_problems,
    sources=(ISTIO_CHARTS,),
    commands=lambda _stack: {"address of the gateway": f"-n {INGRESS} get service {GATEWAY}"},
    reports='istio_build{component="pilot"}',
)
