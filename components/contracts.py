"""What an engine, a router, a metric provider and a channel must offer; each variant is one file that fulfils one.

What a router, a provider or a channel offers to one engine stands in that engine's contract, in `contracts_of/`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from .capability import Cells, Refused
from .manifests.meta import Manifest
from .plan import Plan
from .spec.base import Finding
from .spec.channels import ChannelModel, Event
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
class Measured:
    """How the version under test is told from the stable one. One of the two is given.

    Fields: `revision`: the value of the pods' label `version`, or what the engine replaces by it; `workload`: the
    object that runs the canary's pods, where both versions never belong to one.
    """

    revision: str = ""
    workload: str = ""


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
    """A traffic router; its stanzas for an engine are those of the engine's own contract for routers."""

    capabilities: ClassVar[Mapping[str, Cells]]
    """By engine kind, what this router can do with it; an absent engine is refused.

    A cell for every routed feature that the engine has not answered for all routers.
    """
    EXAMPLE: ClassVar[Mapping[str, Any]]
    """A valid spec, used by the docs and the contract tests."""

    @abstractmethod
    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        """The standard metrics of the version that is measured."""

    def problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what this router cannot do with an app, or cannot measure."""
        return ()


class MetricProvider(VariantModel, ABC):
    """A metric provider: asks one question for one check and says which answers pass."""

    EXAMPLE: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what this provider cannot measure in time."""


class Channel(ChannelModel, ABC):
    """A notification channel; how an engine reaches it is said by the engine's own contract for channels."""

    refused: ClassVar[Mapping[str, Refused]] = {}
    """By engine kind, why an engine cannot reach it; the others can, by their contracts."""
    EXAMPLE: ClassVar[Mapping[str, Any]]

    def problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what it needs to know of an app and does not."""
        return ()


@dataclass(frozen=True)
class Told:
    """A channel that is told about an app. Fields: `name`: on the cluster; `events`: in the order of `EVENTS`."""

    name: str
    channel: Channel
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Parts:
    """What a plan becomes. Fields: `manifests`: in creation order; `owned`: what controllers rewrite in them."""

    manifests: Sequence[Manifest]
    owned: Sequence[OwnedField]


class Engine(VariantModel, ABC):
    """A progressive-delivery engine: turns a plan into its custom resources and whatever they need."""

    capabilities: ClassVar[Cells]
    """A cell for every feature that does not depend on the router, here or at all."""
    releases: ClassVar[tuple[str, str]]
    """API version and kind of the object, named after the app, by which it releases an app."""
    router_contract: ClassVar[type[Any]]
    """What a router must be for this engine."""
    metrics_contract: ClassVar[type]
    """What a metric provider must be for this engine."""
    channel_contract: ClassVar[type]
    """What a notification channel must be for this engine."""
    EXAMPLE: ClassVar[Mapping[str, Any]]

    def problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what this engine cannot take, beyond the features."""
        return ()

    def untold(self, events: Sequence[Event]) -> str:
        """Why a channel cannot be told of just these events, and what it can; "" where it can."""
        return ""

    @abstractmethod
    def compile(self, plan: Plan, router: Router, metrics: MetricProvider, told: Sequence[Told] = ()) -> Parts:
        """Every object of the app. Router, metrics and channels fulfil this engine's contracts."""


class Offer:
    """What a router, a metric provider or a channel offers to one engine."""

    @classmethod
    def of(cls, part: object) -> Self:
        """The part as the engine needs it. Raises TypeError for one that does not offer this."""
        if not isinstance(part, cls):
            raise TypeError(f"{type(part).__name__} is not a {cls.__name__}")
        return part
