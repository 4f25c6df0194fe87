"""Consul: a ServiceSplitter over two subsets of the app's pods, for what the mesh's pods send to the app's own Service.

Argo Rollouts does it through a plug-in of its project, which rewrites the weights and what tells the subsets apart: a
value that every version's pods carry in an annotation. Consul reads that value without quotes, so it begins with a
letter. The first version's subset is everything, until its first release is complete.
Source: argoproj-labs/rollouts-plugin-trafficrouter-consul, pkg/plugin/plugin.go and testing/resources;
developer.hashicorp.com/consul/docs (config entries service-defaults, service-resolver and service-splitter);
hashicorp/consul-k8s, control-plane/connect-inject/constants (annotations).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from .. import known_series
from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services, may_rewrite
from ..features import ROUTED, Feature
from ..manifests.meta import Manifest, manifest
from ..manifests.support import service
from ..plan import Plan
from ..refusals import beside_a_service
from ..spec.base import Finding, Strict
from ..spec.names import ObjectName

_GROUP = "consul.hashicorp.com"
_API = f"{_GROUP}/v1alpha1"
_PLUGIN = "hashicorp/consul"

_ONLY_WEIGHTS = Refused(
    "its plug-in sets nothing but the weights of a ServiceSplitter", "use strategy 'canary' with weights alone"
)


class _Plugin(Strict):
    """`ConsulTrafficRouting` of the plug-in, which the Rollout's definition accepts unread."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    service_name: ObjectName
    """Name of the ServiceResolver and of the ServiceSplitter, in the Rollout's namespace."""
    stable_subset_name: ObjectName
    canary_subset_name: ObjectName


class ConsulRouter(Router, RolloutsRouter):
    """Routes by Consul's service mesh, inside the mesh; with the chart's injector on the apps' namespaces.

    Consul knows no namespaces of Kubernetes unless it is told to: no two apps of a cluster may share a name.
    """

    kind: Literal["consul"] = "consul"

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells(
            {
                Feature.WEIGHTS: Native(Evidence.OPAQUE),
                Feature.EXPERIMENT: NO_EXPERIMENT,
                Feature.MATCH: Refused(
                    "a ServiceSplitter takes all that is sent to a Service", "leave traffic.match out"
                ),
                Feature.BLUE_GREEN: Refused(
                    "Consul has one service for both versions, whichever Service of Kubernetes leads to them",
                    "use strategy 'canary' with weights alone",
                ),
            },
            _ONLY_WEIGHTS,
            ROUTED,
        )
    }
    plugin: ClassVar[str] = _PLUGIN
    plugin_rules: ClassVar[Sequence[Manifest]] = (may_rewrite(_GROUP, "serviceresolvers", "servicesplitters"),)
    inside: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "consul"}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        plugin = _Plugin(service_name=plan.name, stable_subset_name=services.stable, canary_subset_name=services.canary)
        return RolloutsRouting(
            stanza={"plugins": {_PLUGIN: plugin.model_dump(by_alias=True)}},
            manifests=[service(plan.app, plan.name), *_entries(plan, services)],
            owned=[
                OwnedField(_GROUP, "ServiceResolver", plan.namespace, plan.name, "spec.subsets"),
                OwnedField(_GROUP, "ServiceSplitter", plan.namespace, plan.name, "spec.splits"),
            ],
            pod_annotations=_annotations(plan),
        )

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "a ServiceSplitter holds weights and nothing else"
        return [*beside_a_service(plan, plan.name, self.kind, why), *_taken_annotations(plan)]

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        # What the senders' proxies count, by the subset that they chose.
        return known_series.envoy_requests(
            LabelMatch("consul_destination_service", "=", plan.name),
            LabelMatch("consul_destination_service_subset", "=", plan.canary_service),
        )


def _entries(plan: Plan, services: Services) -> list[Manifest]:
    """Consul's own configuration of the service: that it speaks HTTP, its subsets, and their weights."""
    subsets = {name: {"filter": ""} for name in (services.stable, services.canary)}
    splits = [
        {"weight": weight, "serviceSubset": name} for name, weight in ((services.stable, 100), (services.canary, 0))
    ]
    entries = {
        "ServiceDefaults": {"protocol": "http"},
        "ServiceResolver": {"defaultSubset": services.stable, "subsets": subsets},
        "ServiceSplitter": {"splits": splits},
    }
    return [manifest(_API, kind, plan.name, plan.app, {"spec": spec}) for kind, spec in entries.items()]


def _annotations(plan: Plan) -> dict[str, str]:
    """What makes a pod an instance of the app's service in Consul, of its own version."""
    digest = plan.revision.rpartition("-")[2]
    return {
        f"{_GROUP}/connect-inject": "true",
        # Several Services lead to the pod, and Consul takes one.
        f"{_GROUP}/kubernetes-service": plan.name,
        f"{_GROUP}/connect-service-port": str(plan.port.port),
        f"{_GROUP}/service-meta-version": f"v{digest}",
    }


def _taken_annotations(plan: Plan) -> Iterator[Finding]:
    work = plan.app.workload
    if plan.existing:
        message = "Consul tells the versions by annotations that each has to bring: write the pods here"
        yield ("workload", "existing"), f"cannot be released by router 'consul': {message}"
    in_template: Mapping[str, Any] = (work.pod_template or {}).get("metadata", {}).get("annotations", {})
    places = ((("annotations",), work.annotations), (("pod_template", "metadata", "annotations"), in_template))
    for place, annotations in places:
        for name in sorted(annotations.keys() & _annotations(plan).keys()):
            yield ("workload", *place, name), "is set for every version, so that Consul tells them apart: leave it out"
