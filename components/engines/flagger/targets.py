"""What a Canary watches: the object that runs the canary's pods, which Flagger copies for the stable ones.

Source: flagger v1.36, pkg/canary/deployment_controller.go and daemonset_controller.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...contracts import Measured, OwnedField, Version
from ...contracts_of.flagger import FlaggerRouter, FlaggerTarget
from ...manifests.meta import Manifest, manifest
from ...manifests.pod import POD_SUFFIX, REPLICA_SET_SUFFIX
from ...manifests.scaling import autoscaler
from ...manifests.support import disruption_budget
from ...plan import Plan
from ...spec.base import Finding
from ...spec.labels import NAME_LABEL

_API = "apps/v1"
_REVISIONS_KEPT = 5
_SELECTING = ("app", "name", NAME_LABEL)
"""The labels of a selector that Flagger knows, the first of them wins. Source: its `-selector-labels`."""


def target_of(plan: Plan, router: FlaggerRouter) -> FlaggerTarget:
    """The router's own object; else a Deployment, or a DaemonSet where the app asks for it."""
    return router.flagger_target(plan) or _of_kubernetes(plan)


def primary_of(plan: Plan) -> str:
    """How Flagger calls the copy that runs the stable pods, and their Service."""
    return f"{plan.name}-primary"


def measured(plan: Plan, workload: str) -> Measured:
    """How the requests to one version are told from all others, by the object that runs its pods."""
    return Measured(workload=workload, pods=_pods(plan, workload) if plan.existing else "")


def _of_kubernetes(plan: Plan) -> FlaggerTarget:
    made = not plan.existing
    canary = canary_of(plan)
    stable = _version(plan, primary_of(plan), "", primary_of(plan))
    if plan.on_every_node:
        daemons = _daemon_set(plan) if made else _reference(plan, "DaemonSet")
        owned = _owned(plan, "DaemonSet", "spec.template.spec.nodeSelector")
        # No budget: what evicts pods passes those of a DaemonSet over, and one for them would fail to count them.
        return FlaggerTarget(daemons, None, None, owned, canary, stable, made=made)
    deployment = _deployment(plan) if made else _reference(plan, "Deployment")
    label, value = told_by(plan)
    return FlaggerTarget(
        deployment,
        autoscaler(plan.app, deployment, plan.app.autoscaled),
        disruption_budget(plan.app, {label: (value, f"{value}-primary")}),
        # The field is left out, and whoever applied it first gives it up.
        _owned(plan, "Deployment", "spec.replicas"),
        canary,
        stable,
        made=made,
    )


def canary_of(plan: Plan) -> Version:
    """The new version, where an object of Kubernetes' own runs its pods."""
    return _version(plan, plan.name, plan.revision, plan.canary_service)


def _version(plan: Plan, workload: str, revision: str, service: str) -> Version:
    return Version(revision, workload, _pods(plan, workload), service)


def _pods(plan: Plan, workload: str) -> str:
    owner = workload if plan.on_every_node else f"{workload}-{REPLICA_SET_SUFFIX}"
    return f"{owner}-{POD_SUFFIX}"


def told_by(plan: Plan) -> tuple[str, str]:
    """The label that Flagger tells the pods of the two versions by, and its value on the canary's."""
    selector = plan.app.selector
    return next((label, selector[label]) for label in _SELECTING if label in selector)


def _reference(plan: Plan, kind: str) -> Manifest:
    """What others made, by its name."""
    return {"apiVersion": _API, "kind": kind, "metadata": {"name": plan.name}}


def _owned(plan: Plan, kind: str, path: str) -> OwnedField:
    return OwnedField("apps", kind, plan.namespace, plan.name, path)


def _deployment(plan: Plan) -> Manifest:
    spec = {
        "revisionHistoryLimit": _REVISIONS_KEPT,
        "minReadySeconds": plan.app.workload.min_ready.whole_seconds,
        "progressDeadlineSeconds": plan.app.delivery.rollback.deadline.whole_seconds,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "selector": {"matchLabels": plan.app.selector},
        "template": plan.template,
    }
    return manifest(_API, "Deployment", plan.name, plan.app, {"spec": spec})


def _daemon_set(plan: Plan) -> Manifest:
    spec = {
        "revisionHistoryLimit": _REVISIONS_KEPT,
        "minReadySeconds": plan.app.workload.min_ready.whole_seconds,
        # Flagger copies it: the stable pods are replaced by it, each after the new one on its node is ready.
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "selector": {"matchLabels": plan.app.selector},
        "template": plan.template,
    }
    return manifest(_API, "DaemonSet", plan.name, plan.app, {"spec": spec})


def target_problems(plan: Plan) -> Iterator[Finding]:
    """Path and message of what Flagger cannot do with the pods of others, or with those of a DaemonSet."""
    if plan.existing:
        yield from _existing_problems(plan)
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


def _existing_problems(plan: Plan) -> Iterator[Finding]:
    if not plan.app.selector.keys() & set(_SELECTING):
        known = ", ".join(f"'{label}'" for label in _SELECTING)
        why = "tells the pods of the two versions by one of these labels in the selector"
        yield ("workload", "existing", "selector"), f"engine 'flagger' {why}: {known}; choose engine 'argo-rollouts'"
    if "min_ready" in plan.app.workload.model_fields_set:
        message = "is excluded by 'existing' with engine 'flagger': write minReadySeconds in the object with the pods"
        yield ("workload", "min_ready"), message


def _ports(container: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    ports = container.get("ports")
    return [port for port in ports if isinstance(port, Mapping)] if isinstance(ports, list) else []
