"""Fields of pods that Flagger does not know, and so drops where it scales the Deployment and copies its pods.

It reads and writes objects as k8s.io/api v0.27 describes them. The list is what v0.37 has beyond that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...spec.base import Finding

_TERM = ("matchLabelKeys", "mismatchLabelKeys")
_CONTAINER = (
    "env.valueFrom.fileKeyRef",
    "lifecycle.postStart.httpGet.protocol",
    "lifecycle.postStart.sleep",
    "lifecycle.preStop.httpGet.protocol",
    "lifecycle.preStop.sleep",
    "lifecycle.stopSignal",
    "livenessProbe.httpGet.protocol",
    "readinessProbe.httpGet.protocol",
    "resources.claims.request",
    "restartPolicy",
    "restartPolicyRules",
    "securityContext.appArmorProfile",
    "startupProbe.httpGet.protocol",
    "volumeMounts.bindMountOptions",
    "volumeMounts.recursiveReadOnly",
)
_POD = (
    "evictionResponders",
    "hostnameOverride",
    "resourceClaims.resourceClaimName",
    "resourceClaims.resourceClaimTemplateName",
    "resources",
    "schedulingGroup",
    "securityContext.appArmorProfile",
    "securityContext.seLinuxChangePolicy",
    "securityContext.supplementalGroupsPolicy",
    "volumes.ephemeral.volumeClaimTemplate.spec.volumeAttributesClassName",
    "volumes.image",
    "volumes.projected.sources.clusterTrustBundle",
    "volumes.projected.sources.podCertificate",
    "workloadRef",
)
DROPPED = frozenset(
    (
        *_POD,
        *(f"{kind}.{field}" for kind in ("containers", "initContainers") for field in _CONTAINER),
        *(
            f"affinity.{kind}.{terms}.{key}"
            for kind in ("podAffinity", "podAntiAffinity")
            for terms in (
                "preferredDuringSchedulingIgnoredDuringExecution.podAffinityTerm",
                "requiredDuringSchedulingIgnoredDuringExecution",
            )
            for key in _TERM
        ),
    )
)
"""Paths inside a pod's spec, without the places in lists."""


def dropped_fields(template: Mapping[str, Any]) -> Iterator[Finding]:
    """Path inside a PodTemplateSpec and message of every field that would be lost."""
    for path in _paths(template["spec"]):
        named = ".".join(part for part in path if isinstance(part, str))
        if isinstance(path[-1], str) and named in DROPPED:
            yield ("spec", *path), "engine 'flagger' drops it: it knows the fields of Kubernetes 1.27 only"


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _paths(one, (*path, str(key)))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _paths(one, (*path, index))
