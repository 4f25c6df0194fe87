"""Grafana: dashboards over the metrics that releases are judged by.

Its own database lives as long as its pod: what is to stay is provisioned, and a new password takes effect in a new pod.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from ...manifests.generated import Password
from ...manifests.meta import Manifest, without_nothing
from ...metrics.prometheus import PrometheusProvider
from ...observability.dashboard import Dashboard, all_dashboards
from ...observability.watched import Watched, watched
from ...spec.cluster import StackSpec
from ...spec.platform import GrafanaOptions
from ..bundle import bundle_of
from ..images import GRAFANA_IMAGE
from ..piece import Piece, Stages, pod_security, restricted_container, restricted_pod
from ..upstream import resources

NAMESPACE = "monitoring"
NAME = "grafana"
PASSWORD_KEY = "admin-password"
PORT = 3000

_CORE = "v1"
_LABELS = {"app.kubernetes.io/name": NAME}
_SOURCES_FILE = "prometheus.yaml"
_DASHBOARDS_FILE = "dashboards.yaml"
_PROVISIONED = {
    "sources": (_SOURCES_FILE, "/etc/grafana/provisioning/datasources"),
    "folders": (_DASHBOARDS_FILE, "/etc/grafana/provisioning/dashboards"),
}
"""By volume, the file of the server's ConfigMap that is in it, and where the server looks for it."""
_DASHBOARDS_FOLDER = "/etc/grafana-dashboards"
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
_LOGS, _TRACES = "loki", "tempo"
_TRACE_IN_A_LINE = r"trace_?[iI][dD]\W{1,4}([0-9a-fA-F]{16,32})"
"""What names a trace in a line, as text or JSON."""
_AROUND_A_SPAN = {"spanStartTimeShift": "-5m", "spanEndTimeShift": "5m"}
_VOLUMES = {"data": "/var/lib/grafana", "temporary": "/tmp"}


def stages(stack: StackSpec) -> Stages:
    """Its objects where no app is known."""
    return watching(watched(stack, (), {}))


def watching(look: Watched) -> Stages:
    """Identity, password, data source and dashboards; then the server."""
    stack = look.stack
    password = Password(PASSWORD_KEY, stack.platform.grafana.rotation)
    provisioned = {_SOURCES_FILE: data_sources(stack), _DASHBOARDS_FILE: _dashboard_folder()}
    dashboards = [_dashboard(one) for one in all_dashboards(look)]
    return (
        [
            _object("ServiceAccount", _CORE, {"automountServiceAccountToken": False}),
            _object("Secret", _CORE, {"stringData": {PASSWORD_KEY: password}}),
            _object("ConfigMap", _CORE, {"data": provisioned}),
            *dashboards,
        ],
        [_deployment(stack, provisioned, [one["metadata"]["name"] for one in dashboards]), _service()],
    )


def _dashboard(one: Dashboard) -> Manifest:
    """An object for each: together they may be larger than an object can be."""
    return _object("ConfigMap", _CORE, {"data": {f"{one.name}.json": one.text}}, name=f"{NAME}-{one.name}")


def _dashboard_folder() -> str:
    """The file that tells the server where dashboards are; it looks for changed ones by itself."""
    provider = {
        "name": "coalmine",
        "folder": "Coalmine",
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": _DASHBOARDS_FOLDER},
    }
    return yaml.safe_dump({"apiVersion": 1, "providers": [provider]}, sort_keys=False)


def data_sources(stack: StackSpec) -> str:
    """The file that names the metrics server of `delivery.metrics`, and who has logs and traces."""
    provider = stack.delivery.metrics
    if not isinstance(provider, PrometheusProvider):
        raise TypeError(f"metrics '{provider.kind}' are not Prometheus'")
    interval = {"timeInterval": str(provider.scrape_interval)}
    metrics = {**_source("Prometheus", "prometheus", provider.address), "isDefault": True, "jsonData": interval}
    sources = [metrics, *_logs_and_traces(stack.platform.grafana)]
    return yaml.safe_dump({"apiVersion": 1, "datasources": sources}, sort_keys=False)


def _source(name: str, kind: str, address: str) -> dict[str, Any]:
    # Grafana takes `$` for the beginning of a variable.
    return {"name": name, "uid": kind, "type": kind, "access": "proxy", "url": address.replace("$", "$$")}


def _logs_and_traces(options: GrafanaOptions) -> Iterator[dict[str, Any]]:
    """Each leads to the other, where there are both.

    Source: grafana.com/docs/grafana/v13.3/datasources, Loki (derived fields) and Tempo (trace to logs).
    """
    both = options.logs is not None and options.traces is not None
    if options.logs is not None:
        link = {"name": "trace", "matcherRegex": _TRACE_IN_A_LINE, "datasourceUid": _TRACES, "url": "$${__value.raw}"}
        yield {**_source("Loki", _LOGS, options.logs), **({"jsonData": {"derivedFields": [link]}} if both else {})}
    if options.traces is not None:
        # Loki finds out the name of a service by itself; its lines of other namespaces have other traces.
        named: dict[str, Any] = {"tags": [{"key": "service.name", "value": "service_name"}], "filterByTraceID": True}
        back = {"datasourceUid": _LOGS, **_AROUND_A_SPAN, **named}
        yield {**_source("Tempo", _TRACES, options.traces), **({"jsonData": {"tracesToLogsV2": back}} if both else {})}


def _deployment(stack: StackSpec, provisioned: Mapping[str, str], dashboards: Sequence[str]) -> Manifest:
    # All of it is read at start only: what changes it means a new pod.
    annotations = {
        "coalmine.dev/config-sha256": hashlib.sha256("".join(provisioned.values()).encode()).hexdigest(),
        "coalmine.dev/password-rotation": str(stack.platform.grafana.rotation),
    }
    template = {"metadata": {"labels": _LABELS, "annotations": annotations}, "spec": _pod(stack, dashboards)}
    spec = {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": template}
    return _object("Deployment", "apps/v1", {"spec": spec})


def _pod(stack: StackSpec, dashboards: Sequence[str]) -> Manifest:
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "securityContext": restricted_pod(_USER, owns_volumes=True),
        "containers": [_container(stack)],
        "volumes": [
            {"name": "password", "secret": {"secretName": NAME}},
            *({"name": name, "configMap": _only(file)} for name, (file, _) in _PROVISIONED.items()),
            {"name": "shown", "projected": {"sources": [{"configMap": {"name": name}} for name in dashboards]}},
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
                *({"name": name, "mountPath": path, "readOnly": True} for name, (_, path) in _PROVISIONED.items()),
                {"name": "shown", "mountPath": _DASHBOARDS_FOLDER, "readOnly": True},
                *({"name": name, "mountPath": path} for name, path in _VOLUMES.items()),
            ],
        }
    )


def _only(file: str) -> Manifest:
    """One of the files of the server's own ConfigMap."""
    return {"name": NAME, "items": [{"key": file, "path": file}]}


def _service() -> Manifest:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    return _object("Service", _CORE, {"spec": {"selector": _LABELS, "ports": ports}})


def _object(kind: str, api_version: str, body: Manifest, *, name: str = NAME) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": _LABELS}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


PIECE = Piece(
    name=NAME,
    token="coalmine:index:Grafana",
    serves=("metrics", "prometheus"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    watching=watching,
    dashboards=f"http://localhost:{PORT}",
    commands=lambda _stack: {
        "open": f"-n {NAMESPACE} port-forward service/{NAME} {PORT}:80",
        "password": f"-n {NAMESPACE} get secret {NAME} -o jsonpath='{{.data.{PASSWORD_KEY}}}' | base64 -d",
    },
)
