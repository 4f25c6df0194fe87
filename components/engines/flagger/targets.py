"""What a Canary watches: the object that runs the canary's pods, which Flagger copies for the stable ones.

Source: flagger v1.36, pkg/canary/deployment_controller.go and daemonset_controller.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...contracts import OwnedField, Version
from ...contracts_of.flagger import FlaggerRouter, FlaggerTarget
from ...manifests.meta import Manifest, manifest, selector_labels
from ...manifests.pod import POD_SUFFIX, REPLICA_SET_SUFFIX
from ...manifests.scaling import autoscaler
from ...manifests.support import disruption_budget
from ...plan import Plan
from ...spec.base import Finding
from ...spec.labels import NAME_LABEL

_API = "apps/v1"
_REVISIONS_KEPT = 5


def target_of(plan: Plan, router: FlaggerRouter) -> FlaggerTarget:
    """The router's own object; else a Deployment, or a DaemonSet where the app asks for it."""
    return router.flagger_target(plan) or _of_kubernetes(plan)


def primary_of(plan: Plan) -> str:
    """How Flagger calls the copy that runs the stable pods, and their Service."""
    return f"{plan.name}-primary"


def _of_kubernetes(plan: Plan) -> FlaggerTarget:
    canary = _version(plan, plan.name, plan.revision, plan.canary_service)
    stable = _version(plan, primary_of(plan), "", primary_of(plan))
    if plan.on_every_node:
        owned = _owned(plan, "DaemonSet", "spec.template.spec.nodeSelector")
        # No budget: what evicts pods passes those of a DaemonSet over, and one for them would fail to count them.
        return FlaggerTarget(_daemon_set(plan), None, None, owned, canary, stable)
    deployment = _deployment(plan)
    return FlaggerTarget(
        deployment,
        autoscaler(plan.app, deployment, plan.app.autoscaled),
        disruption_budget(plan.app, {NAME_LABEL: (plan.name, primary_of(plan))}),
        # The field is left out, and whoever applied it first gives it up.
        _owned(plan, "Deployment", "spec.replicas"),
        canary,
        stable,
    )


def _version(plan: Plan, workload: str, revision: str, service: str) -> Version:
    owner = workload if plan.on_every_node else f"{workload}-{REPLICA_SET_SUFFIX}"
    return Version(revision, workload, f"{owner}-{POD_SUFFIX}", service)


def _owned(plan: Plan, kind: str, path: str) -> OwnedField:
    return OwnedField("apps", kind, plan.namespace, plan.name, path)


def _deployment(plan: Plan) -> Manifest:
    spec = {
        "revisionHistoryLimit": _REVISIONS_KEPT,
        "minReadySeconds": plan.app.workload.min_ready.whole_seconds,
        "progressDeadlineSeconds": plan.app.delivery.rollback.deadline.whole_seconds,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "selector": {"matchLabels": selector_labels(plan.app)},
        "template": plan.template,
    }
    return manifest(_API, "Deployment", plan.name, plan.app, {"spec": spec})


def _daemon_set(plan: Plan) -> Manifest:
    spec = {
        "revisionHistoryLimit": _REVISIONS_KEPT,
        "minReadySeconds": plan.app.workload.min_ready.whole_seconds,
        # Flagger copies it: the stable pods are replaced by it, each after the new one on its node is ready.
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "selector": {"matchLabels": selector_labels(plan.app)},
        "template": plan.template,
    }
    return manifest(_API, "DaemonSet", plan.name, plan.app, {"spec": spec})


def target_problems(plan: Plan) -> Iterator[Finding]:
    """Path and message of what the pods of a DaemonSet cannot have here."""
    template = plan.app.workload.pod_template
    if not plan.on_every_node or template is None:
        return
    place = ("workload", "pod_template", "spec")
    spec = template["spec"]
    if "nodeSelector" in spec:
        message = "engine 'flagger' takes the pods of a DaemonSet away by it: choose nodes by 'affinity.nodeAffinity'"
        yield (*place, "nodeSelector"), message
    why = "both versions stand on every node during a release, and one of them can have a node's port"
    if spec.get("hostNetwork"):
        yield (*place, "hostNetwork"), f"{why}: leave it out"
    for index, container in enumerate(spec["containers"]):
        for number, port in enumerate(_ports(container)):
            if port.get("hostPort"):
                yield (*place, "containers", index, "ports", number, "hostPort"), f"{why}: leave it out"


def _ports(container: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    ports = container.get("ports")
    return [port for port in ports if isinstance(port, Mapping)] if isinstance(ports, list) else []
