"""Stand-in for pulumi-resource-kubernetes: which changed fields replace an object.

Upstream source: provider/pkg/provider/diff.go of github.com/pulumi/pulumi-kubernetes. Everything else is an update,
custom resources included: the API server refuses what is immutable.
"""

from __future__ import annotations

from typing import Final

from ..wire.values import Object
from .kinds import Gvk
from .settings import Settings

Path = tuple[str | int, ...]

_METADATA: Final = ("metadata.name", "metadata.namespace")
_SELECTOR: Final = ("spec.selector",)
_JOB: Final = ("spec.completions", "spec.parallelism", "spec.selector", "spec.template")
_STATEFUL_SET: Final = (
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
)
_VOLUME_SOURCES: Final = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs "
    "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
)
_POD_FIELDS: Final = (
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork "
    "hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName "
    "readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName "
    "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
)
_CONTAINER_FIELDS: Final = (
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext "
    "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)


def _pod() -> tuple[str, ...]:
    lists = ("containers", "initContainers")
    containers = tuple(f"spec.{name}.*.{field}" for name in lists for field in _CONTAINER_FIELDS.split())
    return tuple(f"spec.{field}" for field in _POD_FIELDS.split()) + containers


_BY_KIND: Final[dict[str, tuple[str, ...]]] = {
    "apps/v1/DaemonSet": _SELECTOR,
    "apps/v1/Deployment": _SELECTOR,
    "apps/v1/StatefulSet": _STATEFUL_SET,
    "batch/v1/Job": _JOB,
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ("roleRef",),
    "rbac.authorization.k8s.io/v1/RoleBinding": ("roleRef",),
    "storage.k8s.io/v1/StorageClass": ("parameters", "provisioner"),
    "v1/ConfigMap": ("binaryData", "data"),
    "v1/PersistentVolume": tuple(f"spec.{source}" for source in _VOLUME_SOURCES.split()),
    "v1/PersistentVolumeClaim": ("spec",),
    "v1/Pod": _pod(),
    "v1/ResourceQuota": ("spec.scopes",),
    "v1/Secret": ("data", "stringData", "type"),
    "v1/Service": ("spec.clusterIP",),
}


def replacing_fields(gvk: Gvk, settings: Settings, old_inputs: Object) -> tuple[str, ...]:
    """The fields of the kind whose change replaces the object; `*` stands for any list index."""
    fields = _BY_KIND.get(gvk.key, ())
    mutable = {"v1/ConfigMap": settings.config_map_mutable, "v1/Secret": settings.secret_mutable}
    if mutable.get(gvk.key) and not old_inputs.get("immutable"):
        fields = tuple(field for field in fields if field == "type")
    return _METADATA + fields


def replaces(path: Path, fields: tuple[str, ...]) -> bool:
    """Whether a change at the path is one at, or below, one of the fields."""
    return any(_covers(field.split("."), path) for field in fields)


def _covers(pattern: list[str], path: Path) -> bool:
    if len(path) < len(pattern):
        return False
    return all(part == "*" or part == step for part, step in zip(pattern, path, strict=False))
