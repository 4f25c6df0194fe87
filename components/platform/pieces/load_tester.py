"""Flagger's load tester: runs the command of an app's `load_test` at every check, where the app names its address.

It runs whatever it is sent: its pods have no token, nothing on disk but /tmp, and take requests from `callers` alone.
Source: cmd/loadtester and charts/loadtester of the pinned Flagger.
"""

from ...manifests.meta import Manifest, without_nothing
from ...spec.cluster import StackSpec
from ..bundle import bundle_of
from ..images import LOAD_TESTER_IMAGE
from ..piece import Piece, Stages, pod_security, restricted_container, restricted_pod
from ..upstream import resources

NAMESPACE = "load-tester"
NAME = "load-tester"

_CORE = "v1"
_LABELS = {"app.kubernetes.io/name": NAME}
_PORT = 8080
_USER, _GROUP = 100, 101
"""The image's own."""


def stages(stack: StackSpec) -> Stages:
    """Its account and who may call it; then the server."""
    return (
        [_object("ServiceAccount", _CORE, {"automountServiceAccountToken": False}), _policy(stack)],
        [_deployment(stack), _service()],
    )


def _policy(stack: StackSpec) -> Manifest:
    name = "kubernetes.io/metadata.name"
    callers = sorted(stack.platform.load_tester.callers)
    sources = [{"namespaceSelector": {"matchLabels": {name: caller}}} for caller in callers]
    ingress = [{"from": sources, "ports": [{"port": "http", "protocol": "TCP"}]}]
    spec = {"podSelector": {"matchLabels": _LABELS}, "policyTypes": ["Ingress"], "ingress": ingress}
    return _object("NetworkPolicy", "networking.k8s.io/v1", {"spec": spec})


def _deployment(stack: StackSpec) -> Manifest:
    # What it runs, it keeps in memory: a second pod would not know what the first one has begun.
    spec = {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": _template(stack)}
    return _object("Deployment", "apps/v1", {"spec": spec})


def _template(stack: StackSpec) -> Manifest:
    spec = {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "securityContext": restricted_pod(_USER, _GROUP),
        "containers": [_container(stack)],
        "volumes": [{"name": "temporary", "emptyDir": {}}],
    }
    return {"metadata": {"labels": _LABELS}, "spec": spec}


def _container(stack: StackSpec) -> Manifest:
    options = stack.platform.load_tester
    probe = {"httpGet": {"path": "/healthz", "port": "http"}}
    return without_nothing(
        {
            "name": NAME,
            "image": bundle_of(stack).image(LOAD_TESTER_IMAGE),
            "args": [f"-port={_PORT}", "-log-level=info", f"-timeout={options.timeout}"],
            "ports": [{"name": "http", "containerPort": _PORT}],
            "readinessProbe": {**probe, "periodSeconds": 5},
            "livenessProbe": {**probe, "failureThreshold": 6},
            "resources": resources(options.resources) if options.resources else None,
            "securityContext": restricted_container(),
            "volumeMounts": [{"name": "temporary", "mountPath": "/tmp"}],
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
    token="coalmine:index:LoadTester",
    serves=("engine", "flagger"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
)
