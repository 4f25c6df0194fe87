"""Good objects of every kind that the rules look at, of which the rules' own examples differ a little.

A_ROLLOUT and A_CANARY are stacks that keep every rule, advice included.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from .facts import Kind, KubeObject
from .rule import Example

_Body = dict[str, Any]
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_DIGEST = "sha256:" + "0123456789abcdef" * 4


def put(body: Mapping[str, Any], path: str, value: Any) -> _Body:
    """A copy with another value at a path like `spec.steps[0].setWeight`."""
    made = deepcopy(dict(body))
    *before, last = [int(index) if index else key for index, key in _STEP.findall(path)]
    inner: Any = made
    for step in before:
        inner = inner[step] if isinstance(step, int) else inner.setdefault(step, {})
    if isinstance(last, int) and last == len(inner):
        inner.append(value)
    else:
        inner[last] = value
    return made


def drop(body: Mapping[str, Any], path: str) -> _Body:
    """A copy without what is at a path."""
    made = deepcopy(dict(body))
    *before, last = [int(index) if index else key for index, key in _STEP.findall(path)]
    inner: Any = made
    for step in before:
        inner = inner[step]
    del inner[last]
    return made


def subjects(example: Example) -> list[KubeObject]:
    """The objects of an example as the rules see them."""
    return [one if isinstance(one, KubeObject) else subject(one) for one in example]


def subject(body: Mapping[str, Any], ignored: tuple[str, ...] | None = None) -> KubeObject:
    """A manifest as the rules see it. `ignored`: what Pulumi leaves to others."""
    return KubeObject.of(body, Kind.of(body["apiVersion"], body["kind"]), ignored=ignored)


def made(api_version: str, kind: str, name: str, spec: Mapping[str, Any], namespace: str = "shop") -> _Body:
    """A manifest; `namespace`: empty for kinds that live in none."""
    metadata: _Body = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


POD: _Body = {
    "metadata": {"labels": {"app": "shop"}},
    "spec": {
        "serviceAccountName": "shop",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": "shop"}},
            }
        ],
        "containers": [
            {
                "name": "shop",
                "image": f"registry.example.com/shop:1.0.0@{_DIGEST}",
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
                "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    },
}
_BASE: _Body = {
    "replicas": 4,
    "minReadySeconds": 10,
    "progressDeadlineSeconds": 600,
    "progressDeadlineAbort": True,
    "revisionHistoryLimit": 5,
    "selector": {"matchLabels": {"app": "shop"}},
    "template": POD,
}
_PAUSE = {"pause": {"duration": "5m"}}
_ANALYSIS = {"analysis": {"templates": [{"templateName": "shop"}]}}
ROLLOUT = made(
    "argoproj.io/v1alpha1",
    "Rollout",
    "shop",
    {
        **_BASE,
        "strategy": {
            "canary": {
                "stableService": "shop-stable",
                "canaryService": "shop-canary",
                "minPodsPerReplicaSet": 2,
                "scaleDownDelaySeconds": 60,
                "maxSurge": "25%",
                "maxUnavailable": 0,
                "trafficRouting": {"istio": {"virtualService": {"name": "shop"}}},
                "steps": [
                    {"setWeight": 5},
                    _PAUSE,
                    _ANALYSIS,
                    {"setWeight": 25},
                    _PAUSE,
                    _ANALYSIS,
                    {"setWeight": 50},
                    _PAUSE,
                    _ANALYSIS,
                ],
            }
        },
    },
)
BLUE_GREEN = made(
    "argoproj.io/v1alpha1",
    "Rollout",
    "shop",
    {
        **_BASE,
        "strategy": {
            "blueGreen": {
                "activeService": "shop-stable",
                "previewService": "shop-canary",
                "scaleDownDelaySeconds": 600,
                "prePromotionAnalysis": {"templates": [{"templateName": "shop"}]},
                "postPromotionAnalysis": {"templates": [{"templateName": "shop"}]},
            }
        },
    },
)
_GUARD = "len(result) == 1 && !isNaN(result[0]) && result[0]"
_WHERE = 'destination_canonical_service="shop", destination_canonical_revision="{{args.hash}}"'


def _metric(name: str, query: str, limit: str) -> _Body:
    return {
        "name": name,
        "interval": "1m",
        "count": 3,
        "failureLimit": 1,
        "successCondition": f"{_GUARD} < {limit}",
        "provider": {"prometheus": {"address": "http://prometheus.monitoring.svc:9090", "query": query}},
    }


TEMPLATE = made(
    "argoproj.io/v1alpha1",
    "AnalysisTemplate",
    "shop",
    {
        "args": [{"name": "hash", "value": "none"}],
        "metrics": [
            _metric("error-rate", f'sum(rate(requests_total{{{_WHERE}, code=~"5.."}}[1m]))', "0.01"),
            _metric("latency-p99", f"histogram_quantile(0.99, rate(duration_bucket{{{_WHERE}}}[1m]))", "300"),
        ],
    },
)
CANARY = made(
    "flagger.app/v1beta1",
    "Canary",
    "shop",
    {
        "provider": "istio",
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "autoscalerRef": {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "shop"},
        "progressDeadlineSeconds": 600,
        "revertOnDeletion": True,
        "service": {"port": 8080, "hosts": ["shop.example.com"]},
        "analysis": {
            "interval": "1m",
            "threshold": 2,
            "stepWeights": [5, 25, 50],
            "metrics": [
                {
                    "name": name,
                    "interval": "1m",
                    "thresholdRange": {"max": 1},
                    "templateRef": {"name": name},
                }
                for name in ("error-rate", "latency-p99")
            ],
            "webhooks": [{"name": "load", "type": "rollout", "url": "http://loadtester.shop.svc/", "timeout": "5s"}],
        },
    },
)
METRIC_TEMPLATE = made(
    "flagger.app/v1beta1",
    "MetricTemplate",
    "error-rate",
    {
        "provider": {"type": "prometheus", "address": "http://prometheus.monitoring.svc:9090"},
        "query": 'sum(rate(requests_total{destination_workload="{{ target }}", code=~"5.."}[1m]))',
    },
)
LATENCY_TEMPLATE = made(
    "flagger.app/v1beta1",
    "MetricTemplate",
    "latency-p99",
    {
        "provider": {"type": "prometheus", "address": "http://prometheus.monitoring.svc:9090"},
        "query": 'histogram_quantile(0.99, rate(duration_bucket{destination_workload="{{ target }}"}[1m]))',
    },
)
DEPLOYMENT = made(
    "apps/v1",
    "Deployment",
    "shop",
    {"minReadySeconds": 10, "revisionHistoryLimit": 5, "selector": {"matchLabels": {"app": "shop"}}, "template": POD},
)
AUTOSCALER = made(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    "shop",
    {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "minReplicas": 3,
        "maxReplicas": 9,
    },
)
BUDGET = made(
    "policy/v1",
    "PodDisruptionBudget",
    "shop",
    {
        "maxUnavailable": 1,
        "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop", "shop-primary"]}]},
    },
)


def service(name: str) -> _Body:
    """A Service of the app."""
    return made("v1", "Service", name, {"selector": {"app": "shop"}, "ports": [{"name": "http", "port": 8080}]})


STABLE, NEW = service("shop-stable"), service("shop-canary")
VIRTUAL_SERVICE = made(
    "networking.istio.io/v1",
    "VirtualService",
    "shop",
    {
        "hosts": ["shop.example.com"],
        "http": [
            {
                "name": "primary",
                "route": [
                    {"destination": {"host": "shop-stable"}, "weight": 100},
                    {"destination": {"host": "shop-canary"}, "weight": 0},
                ],
            }
        ],
    },
)
PROJECT = made(
    "argoproj.io/v1alpha1",
    "AppProject",
    "shop",
    {
        "sourceRepos": ["https://git.example.com/shop/*"],
        "destinations": [{"server": "https://production.example.com", "namespace": "shop"}],
        "clusterResourceWhitelist": [],
        "sourceNamespaces": ["shop"],
    },
    "argocd",
)
APPLICATION = made(
    "argoproj.io/v1alpha1",
    "Application",
    "shop",
    {
        "project": "shop",
        "source": {"repoURL": "https://git.example.com/shop/deploy", "path": "production", "targetRevision": "v1.2.3"},
        "destination": {"server": "https://production.example.com", "namespace": "shop"},
    },
    "argocd",
)
A_ROLLOUT: Example = (ROLLOUT, TEMPLATE, STABLE, NEW, VIRTUAL_SERVICE, BUDGET)
A_CANARY: Example = (
    put(CANARY, "spec.analysis.interval", "5m"),
    DEPLOYMENT,
    AUTOSCALER,
    BUDGET,
    METRIC_TEMPLATE,
    LATENCY_TEMPLATE,
)
