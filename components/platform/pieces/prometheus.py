"""Prometheus: collects the metrics that releases are judged by.

One server, configured by one file. Every pod is scraped by exactly one job: counting a request twice would let an
analysis believe in traffic that was never there.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import yaml

from ...manifests.meta import Manifest, without_nothing
from ...metrics.prometheus import RELOAD_OF_THE_PLATFORMS, PrometheusProvider
from ...observability.rules import packed, rule_files
from ...observability.watched import Watched, watched
from ...spec.cluster import StackSpec
from ...spec.values import Duration
from ..bundle import bundle_of
from ..images import PROMETHEUS_IMAGE
from ..piece import Piece, Stages, pod_security, restricted_container, restricted_pod
from ..scraping import PATH_OF_APPS, of_annotated, of_apps, only, timeout
from ..upstream import resources

NAMESPACE = "monitoring"
NAME = "prometheus"
PORT = 9090

_CORE = "v1"
_RBAC = "rbac.authorization.k8s.io/v1"
_LABELS = {"app.kubernetes.io/name": NAME}
_CONFIG_FILE = "prometheus.yml"
_RULES_FOLDER = "/etc/prometheus-rules"
_NOBODY = 65534

_IN_APPS = "__meta_kubernetes_namespace_label_coalmine_dev_apps"


def stages(stack: StackSpec) -> Stages:
    """Its objects where no app is known."""
    return watching(watched(stack, (), {}))


def watching(look: Watched) -> Stages:
    """Identity, permissions, configuration, rules and volume; then the server."""
    stack = look.stack
    config = configuration(_scrape_interval(stack), stack.platform.prometheus.alertmanager)
    volume = [_claim(stack)] if stack.platform.prometheus.storage else []
    rules = [_object("ConfigMap", _CORE, {"data": data}, name=name) for name, data in packed(NAME, rule_files(look))]
    return (
        [_object("ServiceAccount", _CORE, {}), *_permissions(), _config_map(config), *rules, *volume],
        [_deployment(stack, config, [one["metadata"]["name"] for one in rules]), _service()],
    )


def configuration(scrape_interval: Duration, alertmanager: str | None = None) -> str:
    """The server's configuration file. `alertmanager`: address of who hears of alerts."""
    timing = {
        "scrape_interval": str(scrape_interval),
        "scrape_timeout": str(timeout(scrape_interval)),
        "evaluation_interval": str(scrape_interval),
    }
    told = {"alerting": {"alertmanagers": [_alertmanager(alertmanager)]}} if alertmanager else {}
    jobs = [_apps_job(), _annotated_job()]
    config = {"global": timing, **told, "rule_files": [f"{_RULES_FOLDER}/*.yaml"], "scrape_configs": jobs}
    return yaml.safe_dump(config, sort_keys=False)


def _alertmanager(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    path = {"path_prefix": parts.path} if parts.path.strip("/") else {}
    return {"scheme": parts.scheme, **path, "static_configs": [{"targets": [parts.netloc]}]}


def _apps_job() -> dict[str, Any]:
    """The pods of apps."""
    return {
        "job_name": "apps",
        "metrics_path": PATH_OF_APPS,
        "kubernetes_sd_configs": [_discovery()],
        "relabel_configs": [only([_IN_APPS], "true"), *of_apps()],
    }


def _annotated_job() -> dict[str, Any]:
    """Every other pod that asks for it with the annotations prometheus.io/scrape, port and path."""
    return {
        "job_name": "annotated",
        "kubernetes_sd_configs": [_discovery()],
        "relabel_configs": [
            {"source_labels": [_IN_APPS], "regex": "true", "action": "drop"},
            *of_annotated(),
        ],
    }


def _discovery() -> dict[str, Any]:
    return {"role": "pod", "attach_metadata": {"namespace": True}}


def _permissions() -> list[Manifest]:
    rules = [{"apiGroups": [""], "resources": ["namespaces", "pods"], "verbs": ["get", "list", "watch"]}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME}
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    return [
        _object("ClusterRole", _RBAC, {"rules": rules}, namespaced=False),
        _object("ClusterRoleBinding", _RBAC, {"roleRef": role, "subjects": [subject]}, namespaced=False),
    ]


def _config_map(config: str) -> Manifest:
    return _object("ConfigMap", _CORE, {"data": {_CONFIG_FILE: config}})


def _claim(stack: StackSpec) -> Manifest:
    options = stack.platform.prometheus
    spec = without_nothing(
        {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": str(options.storage)}},
            "storageClassName": options.storage_class,
        }
    )
    return _object("PersistentVolumeClaim", _CORE, {"spec": spec})


def _service() -> Manifest:
    ports = [{"name": "http", "port": PORT, "targetPort": "http"}]
    return _object("Service", _CORE, {"spec": {"selector": _LABELS, "ports": ports}})


def _deployment(stack: StackSpec, config: str, rules: Sequence[str]) -> Manifest:
    # A changed configuration means new pods. Rules are read again in place: new pods would lack the samples that
    # releases which go on are judged by.
    checksum = {"coalmine.dev/config-sha256": hashlib.sha256(config.encode()).hexdigest()}
    template = {"metadata": {"labels": _LABELS, "annotations": checksum}, "spec": _pod(stack, rules)}
    spec = {
        "replicas": 1,
        # Two servers cannot share one volume.
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": _LABELS},
        "template": template,
    }
    return _object("Deployment", "apps/v1", {"spec": spec})


def _pod(stack: StackSpec, rules: Sequence[str]) -> Manifest:
    data = {"persistentVolumeClaim": {"claimName": NAME}} if stack.platform.prometheus.storage else {"emptyDir": {}}
    return {
        "serviceAccountName": NAME,
        "securityContext": restricted_pod(_NOBODY, owns_volumes=True),
        "containers": [_container(stack)],
        "volumes": [
            {"name": "config", "configMap": {"name": NAME}},
            {"name": "rules", "projected": {"sources": [{"configMap": {"name": name}} for name in rules]}},
            {"name": "data", **data},
        ],
    }


def _container(stack: StackSpec) -> Manifest:
    options = stack.platform.prometheus
    arguments = [
        f"--config.file=/etc/prometheus/{_CONFIG_FILE}",
        "--storage.tsdb.path=/prometheus",
        f"--storage.tsdb.retention.time={options.retention}",
        f"--scrape.discovery-reload-interval={RELOAD_OF_THE_PLATFORMS}",
        # Since 3.16 there is `--config.auto-reload` as well, which older bundles lack.
        "--enable-feature=auto-reload-config",
    ]
    return without_nothing(
        {
            "name": NAME,
            "image": bundle_of(stack).image(PROMETHEUS_IMAGE),
            "args": arguments,
            "ports": [{"name": "http", "containerPort": PORT}],
            "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "http"}, "periodSeconds": 5},
            "livenessProbe": {"httpGet": {"path": "/-/healthy", "port": "http"}, "failureThreshold": 6},
            "resources": resources(options.resources) if options.resources else None,
            "securityContext": restricted_container(),
            "volumeMounts": [
                {"name": "config", "mountPath": "/etc/prometheus", "readOnly": True},
                {"name": "rules", "mountPath": _RULES_FOLDER, "readOnly": True},
                {"name": "data", "mountPath": "/prometheus"},
            ],
        }
    )


def _object(kind: str, api_version: str, body: Manifest, *, namespaced: bool = True, name: str = NAME) -> Manifest:
    place = {"namespace": NAMESPACE} if namespaced else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place, "labels": _LABELS}, **body}


def _provider(stack: StackSpec) -> PrometheusProvider | None:
    return stack.delivery.metrics if isinstance(stack.delivery.metrics, PrometheusProvider) else None


def _scrape_interval(stack: StackSpec) -> Duration:
    provider = _provider(stack)
    if provider is None:
        raise TypeError(f"metrics '{stack.delivery.metrics.kind}' are not Prometheus'")
    return provider.scrape_interval


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    provider = _provider(stack)
    if provider is None or provider.of_the_platform:
        return []
    own = f"{NAME}.{NAMESPACE}"
    message = f"{provider.address} is not the server that the platform installs"
    return [
        ("delivery.metrics.address", f"{message}: set platform.prometheus.install to false, or use {own}.svc:{PORT}")
    ]


PIECE = Piece(
    name="prometheus",
    token="coalmine:index:Prometheus",
    serves=("metrics", "prometheus"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    watching=watching,
    problems=_problems,
    commands=lambda _stack: {"open": f"-n {NAMESPACE} port-forward service/{NAME} {PORT}"},
)
