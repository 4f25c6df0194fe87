"""The objects around an app's pods: identity, services, autoscaling, disruption budget."""

from ..spec.app import AppSpec
from .meta import Manifest, manifest, selector_labels, without_nothing


def service_accounts(app: AppSpec) -> list[Manifest]:
    """The app's own ServiceAccount; none where the workload names an existing one."""
    account = app.workload.service_account
    if account.existing:
        return []
    annotations = {"annotations": account.annotations} if account.annotations else {}
    body = {"automountServiceAccountToken": account.mount_token}
    return [manifest("v1", "ServiceAccount", app.name, app, body, **annotations)]


def service(app: AppSpec, name: str) -> Manifest:
    """A Service on the app's traffic port; `appProtocol` tells the mesh what is spoken."""
    port = app.workload.traffic_port
    ports = [{"name": port.name, "port": app.traffic.port, "targetPort": port.port, "appProtocol": "http"}]
    return manifest("v1", "Service", name, app, {"spec": {"selector": selector_labels(app), "ports": ports}})


def autoscalers(app: AppSpec, target: Manifest) -> list[Manifest]:
    """The HorizontalPodAutoscaler of an app with `scaling`; it alone sets the target's replicas then."""
    if app.scaling is None:
        return []
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": int(app.scaling.cpu.value)}}
    spec = {
        "scaleTargetRef": {
            "apiVersion": target["apiVersion"],
            "kind": target["kind"],
            "name": target["metadata"]["name"],
        },
        "minReplicas": app.scaling.min,
        "maxReplicas": app.scaling.max,
        "metrics": [{"type": "Resource", "resource": cpu}],
    }
    return [manifest("autoscaling/v2", "HorizontalPodAutoscaler", app.name, app, {"spec": spec})]


def disruption_budget(app: AppSpec) -> Manifest:
    """The PodDisruptionBudget over all of the app's pods, canary and stable."""
    spec = without_nothing(
        {"maxUnavailable": app.disruption.max_unavailable, "selector": {"matchLabels": selector_labels(app)}}
    )
    return manifest("policy/v1", "PodDisruptionBudget", app.name, app, {"spec": spec})
