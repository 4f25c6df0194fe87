"""AWS App Mesh: a VirtualRouter with the weights of two VirtualNodes, for what the mesh's pods send to the app.

Argo Rollouts rewrites the routes of ours, and the pods that each node selects; Flagger makes its own objects.
Source: aws.github.io/aws-app-mesh-controller-for-k8s (API v1beta2); argo-rollouts v1.9, rollout/trafficrouting/appmesh;
flagger v1.36, pkg/router/appmesh_v1beta2.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import ROUTED, Feature
from ..known_series import of_pods
from ..manifests.meta import Manifest, manifest
from ..manifests.support import service
from ..plan import Plan
from ..refusals import beside_a_service, mesh_hosts
from ..spec.base import Finding
from ..spec.pod_metrics import PodMetrics

_GROUP = "appmesh.k8s.aws"
_API = f"{_GROUP}/v1beta2"
_HASH_LABEL = "rollouts-pod-template-hash"

_ONLY_WEIGHTS = Refused(
    "of App Mesh, which is at its end, only weights are supported", "use strategy 'canary' with weights alone"
)
_ABLE: Cells = {
    Feature.WEIGHTS: Native(Evidence.OPAQUE),
    Feature.MATCH: Refused("of App Mesh, which is at its end, only weights are supported", "leave traffic.match out"),
}


class AppMeshRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by AWS App Mesh, inside the mesh."""

    kind: Literal["app-mesh"] = "app-mesh"
    pod_metrics: PodMetrics = PodMetrics.model_construct()
    """Metrics of the apps' own pods: those of App Mesh's Envoys do not tell requests to the app from its own."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells({**_ABLE, Feature.EXPERIMENT: NO_EXPERIMENT}, _ONLY_WEIGHTS, ROUTED),
        "flagger": cells(_ABLE, _ONLY_WEIGHTS, ROUTED_BY_FLAGGER),
    }
    flagger_provider: ClassVar[str] = "appmesh:v1beta2"
    end_of_life: ClassVar[str] = "AWS ended App Mesh on 2026-09-30; use router 'gateway-api' or 'istio'"
    inside: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "app-mesh", "pod_metrics": {"status": "status"}}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        nodes = {"stable": services.stable, "canary": services.canary}
        group = {f"{version}VirtualNodeRef": {"name": name} for version, name in nodes.items()}
        owned = [("VirtualRouter", plan.name, "spec.routes")]
        owned += [("VirtualNode", name, "spec.podSelector") for name in nodes.values()]
        return RolloutsRouting(
            stanza={"appMesh": {"virtualService": {"name": plan.name}, "virtualNodeGroup": group}},
            manifests=[
                service(plan.app, plan.name),
                *(_node(plan, name, version) for version, name in nodes.items()),
                _router(plan, {services.stable: 100, services.canary: 0}),
                _virtual_service(plan),
            ],
            owned=[OwnedField(_GROUP, kind, plan.namespace, name, path) for kind, name, path in owned],
        )

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        return FlaggerRouting(service={}, manifests=[])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "of App Mesh, which is at its end, only weights are supported"
        return beside_a_service(plan, plan.name, self.kind, why)

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return of_pods(plan, measured, self.pod_metrics)


def _listeners(port: int) -> list[Manifest]:
    return [{"portMapping": {"port": port, "protocol": "http"}}]


def _node(plan: Plan, name: str, version: str) -> Manifest:
    # No two nodes may select the same pods, so each begins with a hash that no pod has; the controller puts in its own.
    selector = {"matchLabels": {**plan.app.selector, _HASH_LABEL: f"{version}-tbd"}}
    spec = {
        "podSelector": selector,
        "listeners": _listeners(plan.port.port),
        "serviceDiscovery": {"dns": {"hostname": mesh_hosts(plan, name)[-1]}},
    }
    return manifest(_API, "VirtualNode", name, plan.app, {"spec": spec})


def _router(plan: Plan, weights: Mapping[str, int]) -> Manifest:
    targets = [{"virtualNodeRef": {"name": name}, "weight": weight} for name, weight in weights.items()]
    route = {"name": "split", "httpRoute": {"match": {"prefix": "/"}, "action": {"weightedTargets": targets}}}
    spec = {"listeners": _listeners(plan.traffic.port), "routes": [route]}
    return manifest(_API, "VirtualRouter", plan.name, plan.app, {"spec": spec})


def _virtual_service(plan: Plan) -> Manifest:
    provider = {"virtualRouter": {"virtualRouterRef": {"name": plan.name}}}
    spec = {"awsName": mesh_hosts(plan, plan.name)[-1], "provider": provider}
    return manifest(_API, "VirtualService", plan.name, plan.app, {"spec": spec})
