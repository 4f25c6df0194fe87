"""What the cluster's Prometheus operator is told: how it finds the objects, and who hears of alerts."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from .base import Finding, Ruled, Strict
from .container import Resources
from .labels import LabelName, LabelValue, object_label_problems
from .names import DnsLabel, NonEmpty, ObjectName
from .values import Quantity

NOBODY = "nobody"
"""The receiver of alerts that no other one takes, which sends nothing."""


class AlertReceiver(Ruled):
    """Somebody who hears of alerts, where a Secret of yours says, which is in the namespace of the operator's objects.

    Without `owner` it hears of all alerts that no receiver with an `owner` takes.
    """

    kind: Literal["pagerduty", "slack", "webhook"]
    """What it speaks."""
    secret: ObjectName
    """Name of the Secret that holds the address of the webhook, or PagerDuty's integration key."""
    key: NonEmpty
    """Key in it."""
    channel: NonEmpty | None = None
    """With `slack`, the channel, like `#shop`; the webhook's own unless given."""
    owner: NonEmpty | None = None
    """The `owner` of the apps whose alerts it hears of."""

    def problems(self) -> Iterator[Finding]:
        if self.channel is not None and self.kind != "slack":
            yield ("channel",), f"'{self.kind}' has no channels: leave it out, or choose 'slack'"


class AlertmanagerOptions(Strict):
    """An Alertmanager that the operator runs, which reads `receivers` alone."""

    replicas: Annotated[int, Field(ge=1, le=50)] = 2
    """Pods, which tell one another what was sent."""
    storage: Quantity | None = None
    """Size of each pod's volume, e.g. `1Gi`; without one what is silenced lives as long as the pods."""
    storage_class: NonEmpty | None = None
    """Class of the volumes; the cluster's default unless given."""
    resources: Resources | None = None


class PrometheusOperatorOptions(Ruled):
    """PodMonitors and PrometheusRules for the operator that the cluster has, instead of `prometheus`.

    The operator and its kinds are the cluster's own; delivery.metrics.address says where its Prometheus is.
    """

    install: bool = False
    """True where the cluster's Prometheus is run by the operator; needs `prometheus: {install: false}`."""
    namespace: DnsLabel = "monitoring"
    """Where the objects are; the platform makes it, and your Prometheus must look into it."""
    labels: dict[LabelName, LabelValue] = {}
    """Labels by which your Prometheus selects objects, e.g. `{release: kube-prometheus-stack}`."""
    receivers: dict[DnsLabel, AlertReceiver] = {}
    """By name, who hears of alerts; they become an AlertmanagerConfig."""
    alertmanager: AlertmanagerOptions | None = None
    """An Alertmanager of the platform's own, `{}` for one of the usual size; unless given, the cluster's is to take
    the AlertmanagerConfig."""

    def problems(self) -> Iterator[Finding]:
        for label, message in object_label_problems(self.labels):
            yield ("labels", label), message
        if NOBODY in self.receivers:
            yield ("receivers", NOBODY), "is who gets what no receiver takes: choose another name"
        if self.alertmanager is None:
            return
        if not self.receivers:
            yield ("alertmanager",), "nobody would hear of an alert: name somebody in 'receivers'"
        if self.alertmanager.storage_class is not None and self.alertmanager.storage is None:
            yield ("alertmanager", "storage_class"), "needs 'storage', the size of the volumes, like '1Gi'"
