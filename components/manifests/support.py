"""The objects around an app's pods: identity, services, disruption budget."""

from collections.abc import Mapping, Sequence

from ..spec.app import AppSpec
from ..spec.labels import OWNER_LABEL
from .meta import Manifest, manifest, object_labels, without_nothing


def service_accounts(app: AppSpec) -> list[Manifest]:
    """The app's own ServiceAccount; none where the workload names an existing one, or the pods are others'."""
    account = app.workload.service_account
    if account.existing or app.workload.existing:
        return []
    annotations = {"annotations": account.annotations} if account.annotations else {}
    body = {"automountServiceAccountToken": account.mount_token}
    return [manifest("v1", "ServiceAccount", app.name, app, body, **annotations)]


def other_objects(app: AppSpec) -> list[Manifest]:
    """What the app brings beside its pods, as it is, with the app's labels where it has none of its own."""
    return [_of_app(one, app) for one in app.workload.objects]


def _of_app(one: Manifest, app: AppSpec) -> Manifest:
    labels = {**object_labels(app), **(one["metadata"].get("labels") or {}), OWNER_LABEL: app.owner}
    return {**one, "metadata": {**one["metadata"], "namespace": app.namespace, "labels": labels}}


def service(app: AppSpec, name: str) -> Manifest:
    """A Service on the app's traffic port; `appProtocol` tells the mesh what is spoken."""
    port = app.workload.traffic_port
    ports = [{"name": port.name, "port": app.traffic.port, "targetPort": port.port, "appProtocol": "http"}]
    return manifest("v1", "Service", name, app, {"spec": {"selector": app.selector, "ports": ports}})


def disruption_budget(app: AppSpec, values: Mapping[str, Sequence[str]] | None = None) -> Manifest:
    """The PodDisruptionBudget over all of the app's pods, canary and stable.

    `values`: label -> its values, where the pods of the two versions differ in a label.
    """
    selector: Manifest = {"matchLabels": app.selector}
    if values:
        selector = {
            "matchExpressions": [{"key": key, "operator": "In", "values": list(of)} for key, of in values.items()]
        }
    spec = without_nothing({"maxUnavailable": app.disruption.max_unavailable, "selector": selector})
    return manifest("policy/v1", "PodDisruptionBudget", app.name, app, {"spec": spec})
