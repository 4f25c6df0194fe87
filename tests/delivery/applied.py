"""Apps that are applied as they are compiled, without Pulumi."""

from collections.abc import Iterable, Mapping

from components.compile import Compiled
from components.plan import Plan
from components.platform.namespaces import APPS_LABEL
from localcluster.api import Api, Object, path_of

from .engines import by_flagger

_COLLECTIONS = {
    "ServiceAccount": "v1/serviceaccounts",
    "ConfigMap": "v1/configmaps",
    "Service": "v1/services",
    "Gateway": "networking.istio.io/v1/gateways",
    "VirtualService": "networking.istio.io/v1/virtualservices",
    "HTTPProxy": "projectcontour.io/v1/httpproxies",
    "AnalysisTemplate": "argoproj.io/v1alpha1/analysistemplates",
    "Rollout": "argoproj.io/v1alpha1/rollouts",
    "MetricTemplate": "flagger.app/v1beta1/metrictemplates",
    "Deployment": "apps/v1/deployments",
    "HorizontalPodAutoscaler": "autoscaling/v2/horizontalpodautoscalers",
    "Canary": "flagger.app/v1beta1/canaries",
    "PodDisruptionBudget": "policy/v1/poddisruptionbudgets",
}


def make_namespace(api: Api, name: str, labels: Mapping[str, str]) -> None:
    """A namespace."""
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
    api.apply(path_of("v1/namespaces", name=name), named)


def leave_unscraped(api: Api, name: str) -> None:
    """Takes the pods of a namespace out of what Prometheus scrapes; it keeps what it has."""
    api.patch(path_of("v1/namespaces", name=name), {"metadata": {"labels": dict.fromkeys(APPS_LABEL)}})


def leave_alone(api: Api, plans: Iterable[Plan]) -> None:
    """Has Flagger look no more at apps whose releases are over, which it does in every interval."""
    for plan in plans:
        if by_flagger(plan):
            path = path_of("flagger.app/v1beta1/canaries", plan.namespace, plan.name)
            api.patch(path, {"spec": {"suspend": True}})


def apply_secret(api: Api, namespace: str, name: str, contents: Mapping[str, str]) -> None:
    """A Secret with these contents beside those that it may have."""
    named = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}
    api.apply(path_of("v1/secrets", namespace, name), {**named, "stringData": dict(contents)})


def install(api: Api, compiled: Compiled) -> None:
    """Applies every object of an app."""
    for item in compiled.manifests:
        _apply(api, item)


def release(api: Api, compiled: Compiled) -> None:
    """Applies what a new version changes: what its pods read, and whatever has them.

    The controller owns fields in all others.
    """
    for item in compiled.manifests:
        if item["kind"] in ("ConfigMap", "Rollout", "Deployment"):
            _apply(api, item)


def _apply(api: Api, item: Object) -> None:
    path = path_of(_COLLECTIONS[item["kind"]], item["metadata"]["namespace"], item["metadata"]["name"])
    api.apply(path, item)
