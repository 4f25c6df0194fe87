"""What Argo Rollouts needs of a router and of a metric provider."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..contracts import Offer, OwnedField, RequestSeries
from ..manifests.meta import Manifest
from ..plan import Plan
from ..spec.base import Finding
from ..spec.delivery import ErrorRate, Latency


@dataclass(frozen=True)
class Services:
    """The names of an app's two Services."""

    stable: str
    canary: str


def audience_route(plan: Plan) -> str:
    """The route that the controller makes for a cohort; some routers make it an object beside those of other apps."""
    return f"{plan.name}-audience"


@dataclass(frozen=True)
class RolloutsRouting:
    """A router's part.

    Fields: `stanza`: `trafficRouting` of the canary; `manifests`: its own objects, in creation order; `owned`: what the
    controller rewrites in them.
    """

    stanza: Manifest
    manifests: Sequence[Manifest]
    owned: Sequence[OwnedField]


class RolloutsRouter(Offer, ABC):
    """A router that Argo Rollouts can steer."""

    controller_arguments: ClassVar[Sequence[str]] = ()
    """What the controller must be started with to steer it, e.g. the version of the router's objects."""
    plugin: ClassVar[str] = ""
    """Name of the traffic router plug-in that the controller needs for it; "" where it knows the router itself."""

    @abstractmethod
    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        """The stanza of an Argo Rollouts canary, and the objects that it names."""

    def rollouts_problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what it cannot do with an app on this engine, beyond the features."""
        return ()


class RolloutsMetrics(Offer, ABC):
    """A metric provider that Argo Rollouts can ask."""

    @abstractmethod
    def rollouts_metric(self, check: ErrorRate | Latency, plan: Plan, series: RequestSeries) -> Manifest:
        """`provider`, `successCondition` and `failureCondition` of an Argo Rollouts metric.

        Exactly one condition holds for every answer; no data, NaN and too few requests fail.
        """
