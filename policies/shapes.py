"""The types of the fields that rules read, kind by kind, as the API servers of both engines take them.

A rule reads a field of another type as if it were absent. So that nothing passes for that, such a field is refused by a
rule of its own. What no rule reads is not listed. Source: the CRDs of argo-rollouts v1.9, flagger v1.36, Argo CD v3 and
Flux v2, and Kubernetes 1.36.
"""

import re
from collections.abc import Iterator
from typing import Any

from .canaries import CANARY
from .canaries import TEMPLATE as METRIC_TEMPLATE
from .facts import Kind
from .pods import BUDGET, DAEMON_SET, DEPLOYMENT, KNATIVE, SERVICE
from .reading import Place
from .rollouts import CLUSTER_TEMPLATE, ROLLOUT, TEMPLATE

_QUANTITY = re.compile(r"-?\d+%?|.*\{\{.*", re.DOTALL)
TEXT, NUMBER, FLAG, QUANTITY, SPAN, ANYTHING = "a text", "a number", "true or false", "a quantity", "a duration", ""
"""Types. A quantity is a number, or a text that holds one, a share or an argument; a duration a number or a text."""
_TYPES: dict[str, tuple[type, ...]] = {
    TEXT: (str,),
    NUMBER: (int, float),
    FLAG: (bool,),
    QUANTITY: (int, float, str),
    SPAN: (int, float, str),
}
_LIST = "a list"
_OBJECT = "an object"
_TEXTS: Any = [TEXT]
_MAP: Any = {"*": TEXT}


def wrong_places(place: Place, shape: Any) -> Iterator[tuple[Place, str]]:
    """Where a value has another type than a shape says, and what it has to be. Raises Hidden."""
    if not place.given or shape == ANYTHING:
        return
    if isinstance(shape, dict):
        if not isinstance(place.value, dict):
            yield place, _OBJECT
            return
        every = shape.get("*")
        for key in place.keys if every is not None else [one for one in shape if one in place.value]:
            yield from wrong_places(place(key), shape.get(key, every))
    elif isinstance(shape, list):
        if not isinstance(place.value, list):
            yield place, _LIST
            return
        for one in place.each:
            if one.given:
                yield from wrong_places(one, shape[0])
            else:
                yield one, _OBJECT if isinstance(shape[0], dict) else shape[0]
    elif not _is(place.value, shape):
        yield place, shape


def fits(value: Any, shape: Any) -> bool:
    """Whether plain data has a shape: what nearly all has, and costs less to ask than where it has not."""
    if value is None or shape == ANYTHING:
        return True
    if type(shape) is dict:
        if type(value) is not dict:
            return False
        every = shape.get("*")
        wanted = ((one, shape.get(key, every)) for key, one in value.items())
        return all(inner is None or fits(one, inner) for one, inner in wanted)
    if type(shape) is list:
        return type(value) is list and all(one is not None and fits(one, shape[0]) for one in value)
    return (shape == TEXT and type(value) is str) or _is(value, shape)


def _is(value: Any, shape: str) -> bool:
    if isinstance(value, bool) or shape == FLAG:
        return isinstance(value, bool) and shape == FLAG
    if shape == QUANTITY and isinstance(value, str):
        return len(value) < 1000 and bool(_QUANTITY.fullmatch(value))
    return isinstance(value, _TYPES[shape])


_REFERENCE = {"apiVersion": TEXT, "kind": TEXT, "name": TEXT, "namespace": TEXT}
_EXPRESSION = {"key": TEXT, "operator": TEXT, "values": _TEXTS}
_SELECTOR = {"matchLabels": _MAP, "matchExpressions": [_EXPRESSION]}
_SECURITY = {
    "runAsNonRoot": FLAG,
    "runAsUser": NUMBER,
    "privileged": FLAG,
    "allowPrivilegeEscalation": FLAG,
    "seccompProfile": {"type": TEXT},
    "capabilities": {"add": _TEXTS, "drop": _TEXTS},
}
_PROBE = {"httpGet": {"path": TEXT, "port": SPAN}, "exec": {"command": _TEXTS}}
_CONTAINER = {
    "name": TEXT,
    "image": TEXT,
    "ports": [{"containerPort": NUMBER}],
    "env": [{"valueFrom": {"configMapKeyRef": {"name": TEXT}, "secretKeyRef": {"name": TEXT}}}],
    "envFrom": [{"configMapRef": {"name": TEXT}, "secretRef": {"name": TEXT}}],
    "readinessProbe": _PROBE,
    "livenessProbe": _PROBE,
    "securityContext": _SECURITY,
}
_TERM = {"topologyKey": TEXT}
_POD = {
    "hostNetwork": FLAG,
    "hostPID": FLAG,
    "hostIPC": FLAG,
    "serviceAccountName": TEXT,
    "automountServiceAccountToken": FLAG,
    "securityContext": _SECURITY,
    "topologySpreadConstraints": [_TERM],
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [_TERM],
            "preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": _TERM}],
        }
    },
    "volumes": [{"hostPath": {"path": TEXT}, "configMap": {"name": TEXT}, "secret": {"secretName": TEXT}}],
    "initContainers": [_CONTAINER],
    "containers": [_CONTAINER],
    "ephemeralContainers": [_CONTAINER],
}
_TEMPLATE = {"metadata": {"labels": _MAP, "annotations": _MAP}, "spec": _POD}
_USED = {"templateName": TEXT, "clusterScope": FLAG, "requiredForCompletion": FLAG, "args": [{"name": TEXT}]}
_ANALYSIS = {
    "templates": [_USED],
    "args": [{"name": TEXT, "value": TEXT}],
    "dryRun": [{"metricName": TEXT}],
    "startingStep": NUMBER,
}
_EXPERIMENT = {"duration": SPAN, "templates": [{"name": TEXT, "weight": NUMBER}], "analyses": [_USED]}
_MATCHER = {"exact": TEXT, "prefix": TEXT, "regex": TEXT}
_STEP = {
    "setWeight": NUMBER,
    "pause": {"duration": SPAN},
    "setCanaryScale": {"weight": NUMBER, "replicas": NUMBER, "matchTrafficWeight": FLAG},
    "analysis": _ANALYSIS,
    "experiment": _EXPERIMENT,
    "setHeaderRoute": {"name": TEXT, "match": [{"headerName": TEXT, "headerValue": _MATCHER}]},
    "setMirrorRoute": {"name": TEXT, "percentage": NUMBER, "match": [{"method": _MATCHER, "path": _MATCHER}]},
    "plugin": {"name": TEXT},
}
_NAMED = {"name": TEXT}
_ROUTING = {
    "istio": {"virtualService": _NAMED, "virtualServices": [_NAMED]},
    "alb": {"ingress": TEXT, "servicePort": NUMBER, "rootService": TEXT},
    "nginx": {"stableIngress": TEXT},
    "managedRoutes": [_NAMED],
    "maxTrafficWeight": NUMBER,
    "plugins": {"*": {"httpRoute": TEXT, "httpRoutes": [{"name": TEXT, "useHeaderRoutes": FLAG}]}},
    "smi": {"rootService": TEXT},
    "appMesh": {"virtualService": _NAMED},
}
_DELAYS = {"scaleDownDelaySeconds": NUMBER, "scaleDownDelayRevisionLimit": NUMBER}
_CANARY = {
    **_DELAYS,
    "stableService": TEXT,
    "canaryService": TEXT,
    "pingPong": {"pingService": TEXT, "pongService": TEXT},
    "steps": [_STEP],
    "analysis": _ANALYSIS,
    "trafficRouting": _ROUTING,
    "dynamicStableScale": FLAG,
    "minPodsPerReplicaSet": NUMBER,
    "maxSurge": QUANTITY,
    "maxUnavailable": QUANTITY,
}
_BLUE_GREEN = {
    **_DELAYS,
    "activeService": TEXT,
    "previewService": TEXT,
    "autoPromotionEnabled": FLAG,
    "autoPromotionSeconds": NUMBER,
    "prePromotionAnalysis": _ANALYSIS,
    "postPromotionAnalysis": _ANALYSIS,
}
_WORKLOAD = {
    "replicas": NUMBER,
    "minReadySeconds": NUMBER,
    "progressDeadlineSeconds": NUMBER,
    "progressDeadlineAbort": FLAG,
    "revisionHistoryLimit": NUMBER,
    "selector": _SELECTOR,
    "template": _TEMPLATE,
}
_ROLLOUT = {
    **_WORKLOAD,
    "rollbackWindow": {"revisions": NUMBER},
    "workloadRef": {**_REFERENCE, "scaleDown": TEXT},
    "strategy": {"canary": _CANARY, "blueGreen": _BLUE_GREEN},
}
_QUERY = {"query": TEXT}
_PROVIDER = {
    "prometheus": {"address": TEXT, "query": TEXT},
    "web": {"url": TEXT, "headers": [{"key": TEXT, "value": TEXT}]},
    "job": {"spec": {"template": _TEMPLATE}},
    **dict.fromkeys(("datadog", "newRelic", "wavefront", "graphite", "influxdb", "skywalking"), _QUERY),
    "kayenta": {},
    "cloudWatch": {},
}
_METRIC = {
    "name": TEXT,
    "interval": TEXT,
    "initialDelay": TEXT,
    "count": QUANTITY,
    "successCondition": TEXT,
    "failureCondition": TEXT,
    "failureLimit": QUANTITY,
    "consecutiveErrorLimit": QUANTITY,
    "consecutiveSuccessLimit": QUANTITY,
    "provider": _PROVIDER,
}
_TEMPLATES = {
    "args": [{"name": TEXT, "value": TEXT, "valueFrom": {}}],
    "dryRun": [{"metricName": TEXT}],
    "templates": [_USED],
    "metrics": [_METRIC],
}
_OF_CANARY = {
    "provider": TEXT,
    "targetRef": _REFERENCE,
    "autoscalerRef": _REFERENCE,
    "progressDeadlineSeconds": NUMBER,
    "skipAnalysis": FLAG,
    "revertOnDeletion": FLAG,
    "service": {"name": TEXT, "hosts": _TEXTS, "match": [{"method": _MATCHER}]},
    "analysis": {
        "interval": TEXT,
        "threshold": NUMBER,
        "iterations": NUMBER,
        "stepWeight": NUMBER,
        "stepWeights": [NUMBER],
        "stepWeightPromotion": NUMBER,
        "maxWeight": NUMBER,
        "mirror": FLAG,
        "match": [{"headers": {"*": {**_MATCHER, "suffix": TEXT}}}],
        "sessionAffinity": {"cookieName": TEXT, "primaryCookieName": TEXT},
        "metrics": [
            {
                "name": TEXT,
                "interval": TEXT,
                "query": TEXT,
                "threshold": NUMBER,
                "thresholdRange": {"min": NUMBER, "max": NUMBER},
                "templateRef": _REFERENCE,
            }
        ],
        "webhooks": [{"name": TEXT, "type": TEXT, "url": TEXT, "timeout": TEXT, "metadata": _MAP}],
    },
}
_SOURCE = {"repoURL": TEXT, "path": TEXT, "chart": TEXT, "ref": TEXT, "targetRevision": TEXT}
_APPLICATION = {
    "project": TEXT,
    "source": _SOURCE,
    "sources": [_SOURCE],
    "sourceHydrator": {},
    "destination": {"name": TEXT, "server": TEXT, "namespace": TEXT},
    "ignoreDifferences": [{"kind": TEXT, "jsonPointers": _TEXTS, "managedFieldsManagers": _TEXTS}],
    "syncPolicy": {"automated": {"enabled": FLAG, "prune": FLAG}},
}
_GENERATOR = {
    "list": {"elements": [{}]},
    "clusters": {},
    "git": {"repoURL": TEXT},
    "matrix": {},
    "merge": {},
    "clusterDecisionResource": {},
    "plugin": {},
}
_WAVE = {"matchExpressions": [_EXPRESSION], "maxUpdate": QUANTITY}
_APP_SET = {
    "generators": [_GENERATOR],
    "strategy": {"type": TEXT, "rollingSync": {"steps": [_WAVE]}},
    "template": {"metadata": {"name": TEXT, "labels": _MAP}, "spec": _APPLICATION},
}
_SCALED = {"scaleTargetRef": _REFERENCE, "minReplicas": NUMBER, "minReplicaCount": NUMBER}
_FETCHED = {
    "url": TEXT,
    "insecure": FLAG,
    "verify": {"provider": TEXT, "mode": TEXT},
    "ref": {"branch": TEXT, "tag": TEXT, "semver": TEXT, "name": TEXT, "commit": TEXT},
}
_APPLIED = {
    "serviceAccountName": TEXT,
    "targetNamespace": TEXT,
    "sourceRef": _REFERENCE,
    "chartRef": _REFERENCE,
    "chart": {"spec": {"chart": TEXT, "version": TEXT, "sourceRef": _REFERENCE}},
}
_BACKEND = {"service": _NAMED}
_ROUTES = {
    "ingressClassName": TEXT,
    "defaultBackend": _BACKEND,
    "rules": [{"host": TEXT, "http": {"paths": [{"backend": _BACKEND}]}}],
}
_VIRTUAL = {"hosts": _TEXTS, "http": [{"name": TEXT, "route": [{"destination": {"host": TEXT}, "weight": NUMBER}]}]}
_PROJECT = {
    "sourceRepos": _TEXTS,
    "destinations": [{"server": TEXT, "name": TEXT, "namespace": TEXT}],
    "clusterResourceWhitelist": [{"group": TEXT, "kind": TEXT}],
}
_SOURCES = "source.toolkit.fluxcd.io"

SPECS: dict[Kind, Any] = {
    ROLLOUT: _ROLLOUT,
    TEMPLATE: _TEMPLATES,
    CLUSTER_TEMPLATE: _TEMPLATES,
    Kind("argoproj.io", "Experiment"): _EXPERIMENT,
    CANARY: _OF_CANARY,
    METRIC_TEMPLATE: {"provider": {"type": TEXT, "address": TEXT}, "query": TEXT},
    DEPLOYMENT: _WORKLOAD,
    DAEMON_SET: _WORKLOAD,
    KNATIVE: {"template": _TEMPLATE},
    SERVICE: {"selector": _MAP},
    BUDGET: {"maxUnavailable": QUANTITY, "minAvailable": QUANTITY, "selector": _SELECTOR},
    Kind("autoscaling", "HorizontalPodAutoscaler"): _SCALED,
    Kind("keda.sh", "ScaledObject"): _SCALED,
    Kind("networking.istio.io", "VirtualService"): _VIRTUAL,
    Kind("networking.istio.io", "Gateway"): {"servers": [{"hosts": _TEXTS}]},
    Kind("networking.k8s.io", "Ingress"): _ROUTES,
    Kind("gateway.networking.k8s.io", "HTTPRoute"): {"hostnames": _TEXTS, "rules": [{"backendRefs": [_NAMED]}]},
    Kind("security.istio.io", "PeerAuthentication"): {"mtls": {"mode": TEXT}, "portLevelMtls": {"*": {"mode": TEXT}}},
    Kind("argoproj.io", "Application"): _APPLICATION,
    Kind("argoproj.io", "ApplicationSet"): _APP_SET,
    Kind("argoproj.io", "AppProject"): _PROJECT,
    Kind("kustomize.toolkit.fluxcd.io", "Kustomization"): _APPLIED,
    Kind("helm.toolkit.fluxcd.io", "HelmRelease"): _APPLIED,
    **{Kind(_SOURCES, name): _FETCHED for name in ("GitRepository", "HelmRepository", "OCIRepository", "Bucket")},
}
"""By kind, the shape of `spec`."""
META: Any = {"labels": _MAP, "annotations": _MAP}
