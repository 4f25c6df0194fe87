"""The images that the platform runs, by explicit release: upstream source trees pin `latest` or testing hubs."""

import re

from ..releases import ARGO_CD, ARGO_ROLLOUTS, CONTOUR, FLAGGER, KUSTOMIZE_CONTROLLER, PROMETHEUS

ISTIO_RELEASE = "1.31.0"
"""The release of the branch that the pinned Istio module is a commit of (its VERSION file says 1.31)."""

ISTIO_HUB = "docker.io/istio"
ISTIO_PROXY = f"{ISTIO_HUB}/proxyv2:{ISTIO_RELEASE}"
ISTIO_PILOT_IMAGE = f"{ISTIO_HUB}/pilot:{ISTIO_RELEASE}"
ISTIO_CNI_IMAGE = f"{ISTIO_HUB}/install-cni:{ISTIO_RELEASE}"

CONTOUR_IMAGE = f"ghcr.io/projectcontour/contour:{CONTOUR.version}"
CONTOUR_ENVOY_IMAGE = "docker.io/envoyproxy/envoy:distroless-v1.38.9"
"""The one that the release of Contour names."""

ARGO_ROLLOUTS_IMAGE = f"quay.io/argoproj/argo-rollouts:{ARGO_ROLLOUTS.version}"
FLAGGER_RELEASE = FLAGGER.version.removeprefix("v")
FLAGGER_IMAGE = f"ghcr.io/fluxcd/flagger:{FLAGGER_RELEASE}"
LOAD_TESTER_IMAGE = "ghcr.io/fluxcd/flagger-loadtester:0.31.0"
"""The one that charts/loadtester of the release of Flagger names."""


def prometheus_release(module_version: str) -> str:
    """The release that a version of Prometheus' Go module is: v0.316.0 is v3.16.0."""
    numbers = re.fullmatch(r"v0\.(\d)(\d\d)\.(\d+)", module_version)
    if numbers is None:
        raise ValueError(f"{module_version} is not a version of Prometheus' Go module")
    return f"v{numbers[1]}.{int(numbers[2])}.{numbers[3]}"


PROMETHEUS_IMAGE = f"quay.io/prometheus/prometheus:{prometheus_release(PROMETHEUS.version)}"

ALERTMANAGER_IMAGE = "quay.io/prometheus/alertmanager:v0.33.0"
"""The one that the release of the Prometheus operator names (its pkg/operator/defaults.go)."""

GRAFANA_IMAGE = "docker.io/grafana/grafana:13.2.3"

ARGO_CD_IMAGE = f"quay.io/argoproj/argocd:{ARGO_CD.version}"
REDIS_IMAGE = "public.ecr.aws/docker/library/redis:8.10.1-alpine"
HAPROXY_IMAGE = "public.ecr.aws/docker/library/haproxy:3.0.8-alpine"
FLUX_SOURCE_IMAGE = "ghcr.io/fluxcd/source-controller:v1.9.5"
FLUX_KUSTOMIZE_IMAGE = f"ghcr.io/fluxcd/kustomize-controller:{KUSTOMIZE_CONTROLLER.version}"
FLUX_HELM_IMAGE = "ghcr.io/fluxcd/helm-controller:v1.6.4"
FLUX_NOTIFICATION_IMAGE = "ghcr.io/fluxcd/notification-controller:v1.9.4"
FLUX_IMAGE_REFLECTOR_IMAGE = "ghcr.io/fluxcd/image-reflector-controller:v1.2.5"
FLUX_IMAGE_AUTOMATION_IMAGE = "ghcr.io/fluxcd/image-automation-controller:v1.2.5"

NEVER_RUN = frozenset(
    image.rpartition(":")[0]
    for image in (
        ALERTMANAGER_IMAGE,
        FLUX_HELM_IMAGE,
        FLUX_IMAGE_AUTOMATION_IMAGE,
        FLUX_IMAGE_REFLECTOR_IMAGE,
        FLUX_NOTIFICATION_IMAGE,
        FLUX_SOURCE_IMAGE,
        GRAFANA_IMAGE,
        HAPROXY_IMAGE,
        ISTIO_CNI_IMAGE,
    )
)
"""Repositories of images whose program no test runs: their objects are accepted by a real API server, no more."""

_A_TAGGED_IMAGE = re.compile(r"[^\s:]+/[^\s:]+:[^\s:/]+")


def split(image: str) -> tuple[str, str]:
    """Repository and tag of an image that is named by its tag."""
    repository, _, tag = image.rpartition(":")
    return repository, tag


def images() -> dict[str, str]:
    """Every image of this table: its tag by its repository."""
    named = [value for value in globals().values() if isinstance(value, str) and _A_TAGGED_IMAGE.fullmatch(value)]
    return dict(split(image) for image in named)
