"""What Istio would call a pod in its metrics.

Rules: GetDeployMetaFromPod in istio.io/istio pkg/kube/util.go, CanonicalService in pkg/kube/labels, and the standard
metrics page of Istio's documentation ("unknown" where a label is missing).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..api import Object

UNKNOWN = "unknown"
CLUSTER = "Kubernetes"
"""The cluster name of an Istio that knows only one cluster."""

_WORKLOAD_NAME = "service.istio.io/workload-name"
_HASHES = ("pod-template-hash", "rollouts-pod-template-hash")
_NAMES = ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app")
_REVISIONS = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")
_CRON_JOB = re.compile(r"(.+)-\d{8,10}")


@dataclass(frozen=True)
class Identity:
    """Names of a workload in metrics."""

    workload: str
    namespace: str
    app: str
    version: str
    canonical_service: str
    canonical_revision: str
    cluster: str


NOBODY = Identity(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "latest", UNKNOWN)
"""A client without a sidecar or gateway."""


def identity_of(pod: Object) -> Identity:
    """The names of a pod's workload."""
    labels: Mapping[str, str] = pod["metadata"].get("labels", {})
    workload = labels.get(_WORKLOAD_NAME) or _owner(pod)
    return Identity(
        workload=workload,
        namespace=pod["metadata"]["namespace"],
        app=labels.get("app", UNKNOWN),
        version=labels.get("version", UNKNOWN),
        canonical_service=_first(labels, _NAMES, workload),
        canonical_revision=_first(labels, _REVISIONS, "latest"),
        cluster=CLUSTER,
    )


def service_of(pod: Object, services: Iterable[Object]) -> str:
    """The name of the Service that a sidecar would report: of those that select the pod the oldest; "" for none."""
    labels: Mapping[str, str] = pod["metadata"].get("labels", {})
    selecting = [
        service
        for service in services
        if service["metadata"]["namespace"] == pod["metadata"]["namespace"] and _selects(service, labels)
    ]
    oldest = sorted(selecting, key=lambda item: (item["metadata"]["creationTimestamp"], item["metadata"]["name"]))
    return str(oldest[0]["metadata"]["name"]) if oldest else ""


def _selects(service: Object, labels: Mapping[str, str]) -> bool:
    selector: Mapping[str, str] = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def _owner(pod: Object) -> str:
    metadata = pod["metadata"]
    owner = next((item for item in metadata.get("ownerReferences", []) if item.get("controller")), None)
    if owner is None or not metadata.get("generateName"):
        return str(metadata["name"])
    name = str(owner["name"])
    if owner["kind"] == "ReplicaSet":
        for label in _HASHES:
            tail = metadata.get("labels", {}).get(label, "")
            if tail and name.endswith(tail):
                return name.removesuffix(f"-{tail}")
    if owner["kind"] == "Job":
        scheduled = _CRON_JOB.fullmatch(name)
        return scheduled[1] if scheduled else name
    return name


def _first(labels: Mapping[str, str], keys: Iterable[str], default: str) -> str:
    return next((labels[key] for key in keys if key in labels), default)
