"""One app: what runs, how it is reached, how many, and how it is released."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from .base import Finding, Ruled, Strict
from .channels import Subscribed
from .choice import Delivery
from .labels import NAME_LABEL, LabelName, LabelValue, object_label_problems
from .names import AppName, DnsLabel
from .objects import object_problems, pods_of
from .pod_template import containers_of
from .scaling import AnyScaling, Keda, Scaling
from .traffic import Traffic
from .values import Int32
from .workload import Workload

Spread = Literal["any", "prefer", "require"]


class Disruption(Strict):
    """What the loss of a node or a zone, and a drain, may take away at once."""

    max_unavailable: Annotated[Int32, Field(ge=1)] = 1
    """Pods that a drain may take away at once, of both versions together."""
    zones: Spread = "prefer"
    """Whether pods stand evenly in all zones: `prefer` where there is room, `require` or wait for room, `any`."""
    nodes: Spread = "prefer"
    """Whether pods stand evenly on all nodes, in the same words."""


class AppSpec(Ruled):
    """An app and its release.

    Either `replicas` (a fixed number of pods) or `scaling` (an autoscaler's range) says how many pods run, unless every
    node has one.
    """

    name: AppName
    """Name of the app and of its objects; at most 48 characters."""
    namespace: DnsLabel
    """Namespace of all its objects; the platform makes it."""
    owner: DnsLabel
    """The team that is asked when a release fails; a label on every object."""
    labels: dict[LabelName, LabelValue] = {}
    """Labels of the app's objects, not of its pods: changing them releases nothing."""
    workload: Workload
    traffic: Traffic
    replicas: Annotated[Int32, Field(ge=1)] | None = None
    """Number of pods; instead of `scaling`."""
    scaling: AnyScaling | None = None
    """The range of an autoscaler; instead of `replicas`."""
    disruption: Disruption = Disruption.model_construct()
    delivery: Delivery
    """How a new version reaches the users, and what decides."""
    notify: list[Subscribed] | None = None
    """Who is told; unless given, the cluster's channel that is named like `owner`, else all of its channels."""

    @classmethod
    def raw_problems(cls, raw: Mapping[str, Any]) -> Iterator[Finding]:
        work = raw.get("workload")
        if isinstance(work, Mapping) and work.get("kind") == "daemonset":
            for name in ("replicas", "scaling", "disruption"):
                if raw.get(name) is not None:
                    yield (
                        (name,),
                        "is excluded by workload.kind 'daemonset': each node has one pod, and drains leave it",
                    )
        elif (raw.get("replicas") is None) == (raw.get("scaling") is None):
            yield (), "give either 'replicas' or 'scaling': one owner sets the pod count"

    def problems(self) -> Iterator[Finding]:
        yield from ((("labels", name), message) for name, message in object_label_problems(self.labels))
        yield from self._told_twice()
        if self.lowest_replicas == 1:
            where = ("scaling", "min") if self.scaling else ("replicas",)
            yield where, "run at least 2 pods: with one, every drain is an outage"
        elif 0 < self.lowest_replicas <= self.disruption.max_unavailable:
            yield ("disruption", "max_unavailable"), f"must be below {self.lowest_replicas}, the lowest number of pods"
        for source in self.workload.given_whole:
            for field in sorted(self.disruption.model_fields_set & {"zones", "nodes"}):
                yield ("disruption", field), f"is excluded by '{source}': write 'topologySpreadConstraints' there"
        if self.scaling and not (self.workload.packaged or self.workload.existing):
            yield from self._unscalable(self.scaling)
        if self.workload.objects:
            yield from self._object_problems()
        deadline, ready = self.delivery.rollback.deadline, self.workload.min_ready
        if deadline <= ready:
            yield ("delivery", "rollback", "deadline"), f"{deadline} must be longer than workload.min_ready, {ready}"

    def _object_problems(self) -> Iterator[Finding]:
        work = self.workload
        pods = pods_of(self.selector, self.owner, work.labels, work.traffic_port, work.pod_template)
        for path, message in object_problems(work.objects, self.namespace, pods):
            yield ("workload", "objects", *path), message

    @property
    def selector(self) -> dict[str, str]:
        """The labels that select the app's pods: never versioned, because what runs them cannot change its selector."""
        existing = self.workload.existing
        return dict(existing.selector) if existing else {NAME_LABEL: self.name}

    def _told_twice(self) -> Iterator[Finding]:
        named = [one.channel for one in self.notify or ()]
        for index, name in enumerate(named):
            if name in named[:index]:
                yield ("notify", index), f"'{name}' is told already: give all of its events in one place"

    def _unscalable(self, scaling: Scaling | Keda) -> Iterator[Finding]:
        """Use is compared with requests: every container needs one."""
        for resource, why in scaling.resources:
            message = f"is required with {why}"
            if self.workload.pod_template is None:
                if getattr(self.workload.resources.requests, resource) is None:
                    yield ("workload", "resources", "requests", resource), message
                continue
            for index, container in containers_of(self.workload.pod_template):
                resources = container.get("resources")
                requests = resources.get("requests") if isinstance(resources, Mapping) else None
                if not isinstance(requests, Mapping) or resource not in requests:
                    place = ("workload", "pod_template", "spec", "containers", index, "resources", "requests", resource)
                    yield place, message

    @property
    def autoscaled(self) -> Scaling | Keda:
        """The range of pods; of a fixed number, from it to it, for engines that leave the number to an autoscaler."""
        return self.scaling or Scaling(min=self.replicas or 1, max=self.replicas or 1)

    @property
    def lowest_replicas(self) -> int:
        return self.scaling.min if self.scaling else self.replicas or 0
