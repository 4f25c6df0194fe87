"""What an engine, a router and a metric provider must offer; each variant is one file that fulfils one of these."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .manifests.meta import Manifest
from .plan import Feature, Plan
from .spec.base import Finding
from .spec.delivery import ErrorRate, Latency
from .spec.registry import VariantModel


@dataclass(frozen=True)
class OwnedField:
    """A field that a controller rewrites while a release runs; everyone else leaves it alone.

    `group`: API group, empty for the core; `path`: the whole field another manager owns (`spec.http`), never a place
    inside a list: a path inside an atomic list would still be sent and conflict. What the program writes there must
    not depend on anything a user can change for the same object: it would be dropped.
    """

    group: str
    kind: str
    namespace: str
    name: str
    path: str


@dataclass(frozen=True)
class LabelMatch:
    """One condition on a series: label, operator (`=`, `!=`, `=~`, `!~`) and value."""

    label: str
    operator: str
    value: str


@dataclass(frozen=True)
class RequestSeries:
    """The standard request metrics of a router, narrowed to one version of one app."""

    requests: str
    """Counter of requests."""
    errors: LabelMatch
    """What makes a request an error."""
    duration_buckets: str
    """Histogram of request durations, by `le`."""
    duration_unit_ms: int
    """Length of one unit of that histogram, in milliseconds."""
    only: tuple[LabelMatch, ...]
    """Narrows every series to the version that is measured."""


class Router(VariantModel, ABC):
    """A traffic router: its stanzas for each engine and the objects it needs itself."""

    capabilities: ClassVar[Mapping[str, frozenset[Feature]]]
    """By engine kind, what this router can do with it; an absent engine is refused."""
    EXAMPLE: ClassVar[Mapping[str, Any]]
    """A valid spec, used by the docs and the contract tests."""

    @abstractmethod
    def for_rollouts(self, plan: Plan) -> Manifest:
        """The `trafficRouting` stanza of an Argo Rollouts canary."""

    @abstractmethod
    def manifests(self, plan: Plan) -> list[Manifest]:
        """The router's own objects for an app, in creation order."""

    @abstractmethod
    def mutated_fields(self, plan: Plan) -> Sequence[OwnedField]:
        """What the engine rewrites in those objects."""

    def problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what this router cannot do with an app, or cannot measure."""
        return ()

    @abstractmethod
    def request_series(self, plan: Plan, revision: str) -> RequestSeries:
        """The standard metrics of the version whose revision label is `revision`."""


class MetricProvider(VariantModel, ABC):
    """A metric provider: asks one question for one check and says which answers pass."""

    EXAMPLE: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def problems(self, plan: Plan) -> Sequence[tuple[str, str]]:
        """Path and message of what this provider cannot measure in time."""

    @abstractmethod
    def rollouts_metric(self, check: ErrorRate | Latency, plan: Plan, series: RequestSeries) -> Manifest:
        """`provider`, `successCondition` and `failureCondition` of an Argo Rollouts metric.

        Exactly one condition holds for every answer; no data, NaN and too few requests fail.
        """


class Engine(VariantModel, ABC):
    """A progressive-delivery engine: turns a plan into its custom resources."""

    EXAMPLE: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def manifests(self, plan: Plan, router: Router, metrics: MetricProvider) -> list[Manifest]:
        """Every object of the app except the router's own, in creation order."""

    @abstractmethod
    def mutated_fields(self, plan: Plan) -> Sequence[OwnedField]:
        """What the engine rewrites in those objects at run time."""
