"""A platform written by hand for tests of the local cluster: the controllers that a platform would install.

Only what the pods of these programs need: the real platform comes with `pulumi up`.
"""

import subprocess
from functools import cache

import yaml

from localcluster.api import Object
from localcluster.tools import module_dir, tool_path

ROLLOUTS_IMAGE = "quay.io/argoproj/argo-rollouts:v1.9.3"
PROXY_IMAGE = "docker.io/istio/proxyv2:1.30.0"
PROMETHEUS_IMAGE = "quay.io/prometheus/prometheus:v3.16.0"

_SCRAPE = {
    "global": {"scrape_interval": "1s"},
    "scrape_configs": [
        {
            "job_name": "pods",
            "metrics_path": "/stats/prometheus",
            "kubernetes_sd_configs": [{"role": "pod"}],
            "relabel_configs": [
                {
                    "source_labels": ["__meta_kubernetes_pod_annotation_prometheus_io_port"],
                    "action": "keep",
                    "regex": "15020",
                },
                {
                    "source_labels": ["__meta_kubernetes_pod_ip"],
                    "target_label": "__address__",
                    "replacement": "$1:15020",
                },
                {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
            ],
        }
    ],
}


def namespace(name: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@cache
def rollouts() -> tuple[Object, ...]:
    """Argo Rollouts from its release manifests."""
    text = (module_dir("argo-rollouts") / "manifests" / "install.yaml").read_text()
    text = text.replace("quay.io/argoproj/argo-rollouts:latest", ROLLOUTS_IMAGE)
    found = []
    for item in yaml.load_all(text, Loader=yaml.CSafeLoader):
        if "Cluster" not in item["kind"] and item["kind"] != "CustomResourceDefinition":
            item["metadata"]["namespace"] = "argo-rollouts"
        found.append(item)
    return (namespace("argo-rollouts"), *found)


@cache
def istio() -> tuple[Object, ...]:
    """Istio's definitions and its control plane, without webhooks."""
    charts = module_dir("istiod") / "manifests" / "charts"
    values = ("global.hub=docker.io/istio", "global.tag=1.30.0", "autoscaleEnabled=false")
    command = [str(tool_path("helm")), "template", "istiod", str(charts / "istio-control" / "istio-discovery")]
    command += [
        "-n",
        "istio-system",
        "--kube-version",
        "1.36.0",
        *(part for value in values for part in ("--set", value)),
    ]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    definitions = (charts / "base" / "files" / "crd-all.gen.yaml").read_text()
    wanted = [
        item for item in yaml.load_all(rendered, Loader=yaml.CSafeLoader) if item and "Webhook" not in item["kind"]
    ]
    wanted_definitions = [item for item in yaml.load_all(definitions, Loader=yaml.CSafeLoader) if item]
    return (
        *wanted_definitions,
        namespace("istio-system"),
        *sorted(wanted, key=lambda item: item["kind"] == "Deployment"),
    )


def gateway() -> tuple[Object, ...]:
    """An ingress gateway and its Service."""
    labels = {"app": "istio-ingressgateway", "istio": "ingress"}
    service = {
        "selector": labels,
        "ports": [{"name": "http2", "port": 80, "targetPort": 80}],
    }
    return (
        namespace("istio-ingress"),
        _named("v1", "ServiceAccount", "istio-ingressgateway", "istio-ingress"),
        _named("v1", "Service", "istio-ingressgateway", "istio-ingress", spec=service),
        deployment("istio-ingressgateway", "istio-ingress", labels, PROXY_IMAGE),
    )


def prometheus() -> tuple[Object, ...]:
    """Prometheus with a ServiceAccount that may find pods."""
    labels = {"app": "prometheus"}
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    pod = {
        "containers": [
            {
                "args": ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
                "volumeMounts": [
                    {"name": "config", "mountPath": "/etc/prometheus"},
                    {"name": "data", "mountPath": "/prometheus"},
                ],
            }
        ],
        "volumes": [{"name": "config", "configMap": {"name": "prometheus"}}, {"name": "data", "emptyDir": {}}],
    }
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "prometheus"}
    subject = {"kind": "ServiceAccount", "name": "prometheus", "namespace": "monitoring"}
    rbac = "rbac.authorization.k8s.io/v1"
    return (
        namespace("monitoring"),
        _named("v1", "ServiceAccount", "prometheus", "monitoring"),
        _named(rbac, "ClusterRole", "prometheus", rules=rules),
        _named(rbac, "ClusterRoleBinding", "prometheus", roleRef=role, subjects=[subject]),
        _named("v1", "ConfigMap", "prometheus", "monitoring", data={"prometheus.yml": yaml.safe_dump(_SCRAPE)}),
        _named("v1", "Service", "prometheus", "monitoring", spec={"selector": labels, "ports": [{"port": 9090}]}),
        deployment("prometheus", "monitoring", labels, PROMETHEUS_IMAGE, pod=pod),
    )


def deployment(
    name: str,
    space: str,
    labels: dict[str, str],
    image: str,
    *,
    replicas: int = 1,
    annotations: dict[str, str] | None = None,
    pod: Object | None = None,
) -> Object:
    """A Deployment of one container; `pod` adds to the pod's specification and to its first container."""
    extra = dict(pod or {})
    container = {"name": name, "image": image, **extra.pop("containers", [{}])[0]}
    template = {
        "metadata": {"labels": labels, "annotations": annotations or {}},
        "spec": {
            "containers": [container],
            **({"serviceAccountName": name} if pod or image == PROXY_IMAGE else {}),
            **extra,
        },
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return _named("apps/v1", "Deployment", name, space, spec=spec)


def _named(version: str, kind: str, name: str, space: str = "", **content: object) -> Object:
    place = {"namespace": space} if space else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **place}, **content}
