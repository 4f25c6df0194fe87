"""The pod template: the workload's short form, or the user's full template with the labels that releases need."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from ..spec.app import AppSpec
from ..spec.container import ConfigKey, EnvFrom, Probe, ResourceAmounts, SecretKey, Security, Volume
from ..spec.labels import REVISION_LABEL, VERSION_LABEL
from ..spec.workload import TELEMETRY, Workload
from .configuration import versioned
from .meta import Manifest, pod_labels, without_nothing

_LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes makes up names of. Source: k8s.io/apimachinery/pkg/util/rand."""
POD_SUFFIX = f"{_LETTERS}{{5}}"
"""Matches what a ReplicaSet adds to its own name for a pod's."""
REPLICA_SET_SUFFIX = f"{_LETTERS}{{1,10}}"
"""Matches what a Deployment adds to its own name for a ReplicaSet's."""


def pod_template(app: AppSpec) -> Manifest:
    """The app's PodTemplateSpec, labelled with a revision that changes whenever anything in it changes."""
    written = _full_template(app) if app.workload.pod_template is not None else _short_template(app)
    template = versioned(written, app)
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
    readable = re.sub(r"[^A-Za-z0-9._-]", "-", app.workload.shown_version)[:40].strip("-._")
    template["metadata"]["labels"][REVISION_LABEL] = f"{readable}-{digest}" if readable else digest
    return template


def revision_of(template: Manifest) -> str:
    """The revision a template was labelled with."""
    return str(template["metadata"]["labels"][REVISION_LABEL])


def service_account_name(app: AppSpec) -> str:
    """The ServiceAccount the pods run as."""
    return app.workload.service_account.existing or app.name


def _labels(app: AppSpec) -> dict[str, str]:
    version = re.sub(r"[^A-Za-z0-9._-]", "-", app.workload.shown_version)[:63].strip("-._")
    return {**app.workload.labels, **pod_labels(app), VERSION_LABEL: version}


def _full_template(app: AppSpec) -> Manifest:
    given = app.workload.pod_template or {}
    metadata = given.get("metadata", {})
    labels = {**metadata.get("labels", {}), **_labels(app)}
    annotations = {**metadata.get("annotations", {}), **app.workload.annotations}
    spec = {**_identity(app), **given["spec"]}
    return {"metadata": without_nothing({"labels": labels, "annotations": annotations}), "spec": spec}


def _identity(app: AppSpec) -> Manifest:
    return {
        "serviceAccountName": service_account_name(app),
        "automountServiceAccountToken": app.workload.service_account.mount_token,
    }


def _short_template(app: AppSpec) -> Manifest:
    work = app.workload
    spec = {
        **_identity(app),
        "imagePullSecrets": [{"name": name} for name in work.image_pull_secrets],
        "securityContext": _pod_security(work.security),
        "terminationGracePeriodSeconds": work.termination_grace.whole_seconds,
        "topologySpreadConstraints": _spread(app) if work.kind == "deployment" else [],
        "containers": [_container(app, work)],
        "volumes": [_volume(volume) for volume in work.volumes],
    }
    metadata = {"labels": _labels(app), "annotations": work.annotations}
    return {"metadata": without_nothing(metadata), "spec": without_nothing(spec)}


def _container(app: AppSpec, work: Workload) -> Manifest:
    return without_nothing(
        {
            "name": app.name,
            "image": str(work.image),
            "command": work.command,
            "args": work.args,
            "ports": [{"name": p.name, "containerPort": p.port, "protocol": p.protocol} for p in work.all_ports],
            "env": [*_telemetry(app), *(_env(key, value) for key, value in sorted(work.env.items()))],
            "envFrom": [_env_from(source) for source in work.env_from],
            "startupProbe": _probe(work.probes.startup, work),
            "readinessProbe": _probe(work.probes.readiness, work),
            "livenessProbe": _probe(work.probes.liveness, work),
            "resources": without_nothing(
                {"requests": _amounts(work.resources.requests), "limits": _amounts(work.resources.limits)}
            ),
            "securityContext": _container_security(work.security),
            "volumeMounts": [_mount(volume) for volume in work.volumes],
        }
    )


def _telemetry(app: AppSpec) -> list[Manifest]:
    """What OpenTelemetry's libraries put on all that they send.

    The version is read from the pod: a value that is written here would differ in every version, and so make one.
    Source: opentelemetry.io/docs/specs, resource SDK (environment variables), semantic conventions (service).
    """
    if not app.workload.telemetry:
        return []
    version, name, attributes = TELEMETRY
    return [
        {"name": version, "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{REVISION_LABEL}']"}}},
        {"name": name, "value": app.name},
        {"name": attributes, "value": f"service.namespace={app.namespace},service.version=$({version})"},
    ]


def _env(name: str, value: Any) -> Manifest:
    if isinstance(value, str):
        return {"name": name, "value": value}
    if isinstance(value, SecretKey):
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": value.secret, "key": value.key}}}
    if isinstance(value, ConfigKey):
        return {"name": name, "valueFrom": {"configMapKeyRef": {"name": value.config, "key": value.key}}}
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": value.field}}}


def _env_from(source: EnvFrom) -> Manifest:
    if source.secret:
        return without_nothing({"prefix": source.prefix, "secretRef": {"name": source.secret}})
    return without_nothing({"prefix": source.prefix, "configMapRef": {"name": source.config}})


def _probe(probe: Probe | None, work: Workload) -> Manifest | None:
    if probe is None:
        return None
    return without_nothing(
        {
            "httpGet": {"path": probe.http, "port": probe.port or work.traffic_port.port} if probe.http else None,
            "tcpSocket": {"port": probe.tcp} if probe.tcp else None,
            "grpc": {"port": probe.grpc} if probe.grpc else None,
            "exec": {"command": probe.exec} if probe.exec else None,
            "initialDelaySeconds": probe.initial_delay.whole_seconds or None,
            "periodSeconds": probe.period.whole_seconds,
            "timeoutSeconds": probe.timeout.whole_seconds,
            "failureThreshold": probe.failures,
        }
    )


def _amounts(amounts: ResourceAmounts) -> Manifest:
    named = {"cpu": amounts.cpu, "memory": amounts.memory, "ephemeral-storage": amounts.ephemeral_storage}
    return {key: str(amount) for key, amount in named.items() if amount is not None}


def _pod_security(security: Security) -> Manifest:
    return without_nothing(
        {
            "runAsNonRoot": security.run_as_non_root,
            "runAsUser": security.run_as_user,
            "fsGroup": security.fs_group,
            "seccompProfile": {"type": security.seccomp},
        }
    )


def _container_security(security: Security) -> Manifest:
    return {
        "allowPrivilegeEscalation": security.allow_privilege_escalation,
        "readOnlyRootFilesystem": security.read_only_root_filesystem,
        "capabilities": without_nothing({"drop": ["ALL"], "add": security.add_capabilities}),
    }


_SOURCES: dict[str, Callable[[Volume], Manifest]] = {
    "config": lambda volume: {"configMap": {"name": volume.config}},
    "secret": lambda volume: {"secret": {"secretName": volume.secret}},
    "claim": lambda volume: {"persistentVolumeClaim": {"claimName": volume.claim}},
    "empty_dir": lambda volume: {"emptyDir": {"medium": "Memory"} if volume.empty_dir == "memory" else {}},
}


def _source_name(volume: Volume) -> str:
    return next(name for name in _SOURCES if getattr(volume, name) is not None)


def _volume(volume: Volume) -> Manifest:
    return {"name": volume.name, **_SOURCES[_source_name(volume)](volume)}


def _mount(volume: Volume) -> Manifest:
    read_only = volume.read_only
    if read_only is None:
        read_only = _source_name(volume) in ("config", "secret")
    return without_nothing(
        {"name": volume.name, "mountPath": volume.mount, "subPath": volume.sub_path, "readOnly": read_only or None}
    )


_UNSATISFIABLE = {"prefer": "ScheduleAnyway", "require": "DoNotSchedule"}


def _spread(app: AppSpec) -> list[Manifest]:
    """Even numbers of the app's pods everywhere; Flagger counts its stable pods by themselves."""
    wanted = {
        "topology.kubernetes.io/zone": app.disruption.zones,
        "kubernetes.io/hostname": app.disruption.nodes,
    }
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": _UNSATISFIABLE[spread],
            "labelSelector": {"matchLabels": app.selector},
        }
        for key, spread in wanted.items()
        if spread != "any"
    ]
