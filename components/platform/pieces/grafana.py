"""Grafana: dashboards over the metrics that releases are judged by.

Its own database lives as long as its pod: what is to stay is provisioned, and a new password takes effect in a new pod.
"""

import hashlib

import yaml

from ...manifests.generated import Password
from ...manifests.meta import Manifest, without_nothing
from ...metrics.prometheus import PrometheusProvider
from ...spec.cluster import StackSpec
from ..bundle import bundle_of
from ..images import GRAFANA_IMAGE
from ..piece import Piece, Stages, pod_security, restricted_container
from ..upstream import resources

NAMESPACE = "monitoring"
NAME = "grafana"
PASSWORD_KEY = "admin-password"
PORT = 3000

_CORE = "v1"
_LABELS = {"app.kubernetes.io/name": NAME}
_SOURCES_FILE = "prometheus.yaml"
_PASSWORD_FOLDER = "/etc/grafana-admin"
_USER = 472
"""The image's own."""

_SETTINGS = {
    # The image reads the password from the file itself: in the environment, every process of the pod would have it.
    # Source: grafana.com/docs/grafana/v13.2/setup-grafana/configure-docker.
    "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{_PASSWORD_FOLDER}/{PASSWORD_KEY}",
    # Nothing is asked or told outside the cluster.
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
}
_VOLUMES = {"data": "/var/lib/grafana", "temporary": "/tmp"}


def stages(stack: StackSpec) -> Stages:
    """Identity, password and data source; then the server."""
    password = Password(PASSWORD_KEY, stack.platform.grafana.rotation)
    sources = data_sources(stack)
    return (
        [
            _object("ServiceAccount", _CORE, {"automountServiceAccountToken": False}),
            _object("Secret", _CORE, {"stringData": {PASSWORD_KEY: password}}),
            _object("ConfigMap", _CORE, {"data": {_SOURCES_FILE: sources}}),
        ],
        [_deployment(stack, sources), _service()],
    )


def data_sources(stack: StackSpec) -> str:
    """The file that names the metrics server of `delivery.metrics`."""
    provider = stack.delivery.metrics
    if not isinstance(provider, PrometheusProvider):
        raise TypeError(f"metrics '{provider.kind}' are not Prometheus'")
    source = {
        "name": "Prometheus",
        "uid": "prometheus",
        "type": "prometheus",
        "access": "proxy",
        # Grafana takes `$` for the beginning of a variable.
        "url": provider.address.replace("$", "$$"),
        "isDefault": True,
        "jsonData": {"timeInterval": str(provider.scrape_interval)},
    }
    return yaml.safe_dump({"apiVersion": 1, "datasources": [source]}, sort_keys=False)


def _deployment(stack: StackSpec, sources: str) -> Manifest:
    # Both are read at start only: what changes them means a new pod.
    annotations = {
        "coalmine.dev/config-sha256": hashlib.sha256(sources.encode()).hexdigest(),
        "coalmine.dev/password-rotation": str(stack.platform.grafana.rotation),
    }
    template = {"metadata": {"labels": _LABELS, "annotations": annotations}, "spec": _pod(stack)}
    spec = {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": template}
    return _object("Deployment", "apps/v1", {"spec": spec})


def _pod(stack: StackSpec) -> Manifest:
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(stack)],
        "volumes": [
            {"name": "password", "secret": {"secretName": NAME}},
            {"name": "sources", "configMap": {"name": NAME}},
            *({"name": name, "emptyDir": {}} for name in _VOLUMES),
        ],
    }


def _container(stack: StackSpec) -> Manifest:
    options = stack.platform.grafana
    return without_nothing(
        {
            "name": NAME,
            "image": bundle_of(stack).image(GRAFANA_IMAGE),
            "env": [{"name": name, "value": value} for name, value in sorted(_SETTINGS.items())],
            "ports": [{"name": "http", "containerPort": PORT}],
            "readinessProbe": {"httpGet": {"path": "/api/health", "port": "http"}, "periodSeconds": 5},
            "livenessProbe": {"httpGet": {"path": "/api/health", "port": "http"}, "failureThreshold": 6},
            "resources": resources(options.resources) if options.resources else None,
            "securityContext": restricted_container(),
            "volumeMounts": [
                {"name": "password", "mountPath": _PASSWORD_FOLDER, "readOnly": True},
                {"name": "sources", "mountPath": "/etc/grafana/provisioning/datasources", "readOnly": True},
                *({"name": name, "mountPath": path} for name, path in _VOLUMES.items()),
            ],
        }
    )


def _service() -> Manifest:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    return _object("Service", _CORE, {"spec": {"selector": _LABELS, "ports": ports}})


def _object(kind: str, api_version: str, body: Manifest) -> Manifest:
    metadata = {"name": NAME, "namespace": NAMESPACE, "labels": _LABELS}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


PIECE = Piece(
    name=NAME,
    token="coalmine:index:Grafana",
    serves=("metrics", "prometheus"),
    install=lambda stack: stack.platform.grafana.install,
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
)
