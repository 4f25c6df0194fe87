"""By which names the API server serves the kinds that rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from .facts import Kind


@dataclass(frozen=True)
class Served:
    """A kind in the API: its name in paths, its versions, the newest first, and whether it lives in namespaces."""

    plural: str
    versions: tuple[str, ...]
    namespaced: bool = True


SERVED: Mapping[Kind, Served] = {
    Kind("argoproj.io", "Rollout"): Served("rollouts", ("v1alpha1",)),
    Kind("argoproj.io", "Experiment"): Served("experiments", ("v1alpha1",)),
    Kind("argoproj.io", "AnalysisTemplate"): Served("analysistemplates", ("v1alpha1",)),
    Kind("argoproj.io", "ClusterAnalysisTemplate"): Served("clusteranalysistemplates", ("v1alpha1",), False),
    Kind("argoproj.io", "Application"): Served("applications", ("v1alpha1",)),
    Kind("argoproj.io", "ApplicationSet"): Served("applicationsets", ("v1alpha1",)),
    Kind("argoproj.io", "AppProject"): Served("appprojects", ("v1alpha1",)),
    Kind("flagger.app", "Canary"): Served("canaries", ("v1beta1",)),
    Kind("flagger.app", "MetricTemplate"): Served("metrictemplates", ("v1beta1",)),
    Kind("networking.istio.io", "VirtualService"): Served("virtualservices", ("v1", "v1beta1", "v1alpha3")),
    Kind("networking.istio.io", "Gateway"): Served("gateways", ("v1", "v1beta1", "v1alpha3")),
    Kind("security.istio.io", "PeerAuthentication"): Served("peerauthentications", ("v1", "v1beta1")),
    Kind("networking.k8s.io", "Ingress"): Served("ingresses", ("v1",)),
    Kind("gateway.networking.k8s.io", "HTTPRoute"): Served("httproutes", ("v1", "v1beta1")),
    Kind("kustomize.toolkit.fluxcd.io", "Kustomization"): Served("kustomizations", ("v1", "v1beta2")),
    Kind("helm.toolkit.fluxcd.io", "HelmRelease"): Served("helmreleases", ("v2", "v2beta2")),
    Kind("source.toolkit.fluxcd.io", "GitRepository"): Served("gitrepositories", ("v1", "v1beta2")),
    Kind("source.toolkit.fluxcd.io", "HelmRepository"): Served("helmrepositories", ("v1", "v1beta2")),
    Kind("source.toolkit.fluxcd.io", "OCIRepository"): Served("ocirepositories", ("v1", "v1beta2")),
    Kind("source.toolkit.fluxcd.io", "Bucket"): Served("buckets", ("v1", "v1beta2")),
}
