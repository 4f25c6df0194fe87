"""One app: what runs, how it is reached, how many, and how it is released."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from .base import Finding, Ruled, Strict
from .delivery import Delivery
from .values import AppName, DnsLabel, Duration, Hostname, Percent
from .workload import PortNumber, Workload


class Retries(Strict):
    """Requests that fail on the way are sent again."""

    attempts: Annotated[int, Field(ge=1, le=10)]
    per_try_timeout: Duration | None = None
    on: str = "connect-failure,refused-stream,unavailable,cancelled"
    """Conditions of the router, e.g. Envoy's `retry_on`."""


class Traffic(Strict):
    """How requests reach the app."""

    hosts: Annotated[list[Hostname], Field(min_length=1)]
    """Host names the app answers to."""
    port: PortNumber = 80
    """Port of the app's Services."""
    timeout: Duration | None = None
    retries: Retries | None = None


class Scaling(Ruled):
    """Pods follow the load, between `min` and `max`."""

    min: Annotated[int, Field(ge=1)]
    max: Annotated[int, Field(ge=1)]
    cpu: Percent = Percent.parse("70%")
    """Average CPU use, of what is requested, that the autoscaler aims at."""

    def problems(self) -> Iterator[Finding]:
        if self.max < self.min:
            yield ("max",), f"{self.max} is below min {self.min}"


class Disruption(Strict):
    """How many pods a drain may take away at once."""

    max_unavailable: Annotated[int, Field(ge=1)] = 1


class AppSpec(Ruled):
    """An app and its release.

    Either `replicas` (a fixed number of pods) or `scaling` (an autoscaler's range) says how many pods run.
    """

    name: AppName
    namespace: DnsLabel
    owner: DnsLabel
    """The team that is asked when a release fails; a label on every object."""
    workload: Workload
    traffic: Traffic
    replicas: Annotated[int, Field(ge=1)] | None = None
    scaling: Scaling | None = None
    disruption: Disruption = Disruption()
    delivery: Delivery

    @classmethod
    def raw_problems(cls, raw: Mapping[str, Any]) -> Iterator[Finding]:
        if (raw.get("replicas") is None) == (raw.get("scaling") is None):
            yield (), "give either 'replicas' or 'scaling': one owner sets the pod count"

    def problems(self) -> Iterator[Finding]:
        if self.lowest_replicas == 1:
            where = ("scaling", "min") if self.scaling else ("replicas",)
            yield where, "run at least 2 pods: with one, every drain is an outage"
        deadline, ready = self.delivery.rollback.deadline, self.workload.min_ready
        if deadline <= ready:
            yield ("delivery", "rollback", "deadline"), f"{deadline} must be longer than workload.min_ready, {ready}"

    @property
    def lowest_replicas(self) -> int:
        return self.scaling.min if self.scaling else self.replicas or 0
