"""What an engine, a router, a metric provider and a channel must offer; each variant is one file that fulfils one.

What a router, a provider or a channel offers to one engine stands in that engine's contract, in `contracts_of/`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from .capability import Cells, Refused
from .manifests.meta import Manifest
from .plan import Plan
from .record import record
from .spec import placeholders
from .spec.base import Finding
from .spec.channels import ChannelModel, Event
from .spec.checks import Check, Query
from .spec.registry import VariantModel
from .spec.values import Duration


@record
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


@record
class LabelMatch:
    """One condition on a series: label, operator (`=`, `!=`, `=~`, `!~`) and value."""

    label: str
    operator: str
    value: str


@record
class Measured:
    """How the version under test is told from the stable one.

    Fields: `revision`: the value of the pods' label `version`, or what the engine replaces by it; `workload`: the
    object that runs the canary's pods, where both versions never belong to one; `pods`: a regular expression for their
    names, where the pods are those of an object that others made, whose labels nobody here knows.
    """

    revision: str = ""
    workload: str = ""
    pods: str = ""


@record
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

    def of_all_but(self, revision: str) -> "RequestSeries | None":
        """The same of the app's other versions; None where it is not the revision that tells them apart."""
        told = [match for match in self.only if (match.operator, match.value) == ("=", revision)]
        if len(told) != 1:
            return None
        only = tuple(replace(match, operator="!=") if match in told else match for match in self.only)
        return replace(self, only=only)


@record
class Versions:
    """The requests of all versions of an app, as one looks at them side by side.

    Fields: `series`: of every version that is told from the others; `label`: the label of these series that tells them
    apart, "" where the router counts the new version alone; `pattern`: a regular expression for the whole of the
    label's values, whose one group is what the version is called.
    """

    series: RequestSeries
    label: str = ""
    pattern: str = ""


@record
class Version:
    """One of the two versions that run, in the words that a query may use.

    Fields: `revision`: the value of its pods' label `version`, "" where it is not known beforehand; `workload`: the
    object that runs its pods; `pods`: a regular expression for their names; `service`: leads to them alone.
    """

    revision: str
    workload: str
    pods: str
    service: str


@record
class Bounds:
    """The numbers that pass, in the unit of the answer; at least one of them is given."""

    min: Decimal | None
    max: Decimal | None


@record
class Question:
    """One look at one check.

    Fields: `window`: the time it covers; `minimum_requests`: that the new version needs in it; `series`,
    `stable_series`: the requests of both versions, None where stable's cannot be told; `against_stable`: ask for the
    comparison, not for the check itself.
    """

    check: Check
    app: str
    namespace: str
    window: Duration
    minimum_requests: int
    canary: Version
    stable: Version
    series: RequestSeries
    stable_series: RequestSeries | None
    against_stable: bool = False

    def fill(self, text: str, version: Version | None = None) -> str:
        """A text with its placeholders filled in for a version, the new one unless another is given."""
        of = version or self.canary
        values = {
            "app": self.app,
            "namespace": self.namespace,
            "window": f"{self.window.whole_seconds}s",
            "window_seconds": str(self.window.whole_seconds),
            "revision": of.revision,
            "workload": of.workload,
            "pods": of.pods,
            "service": of.service,
        }
        return placeholders.fill(text, values)

    @property
    def query(self) -> Query:
        """The check, which is a query of the user's. Raises TypeError for another one."""
        if isinstance(self.check, Query):
            return self.check
        raise TypeError(f"'{self.check.kind}' is no query")

    @property
    def text(self) -> str:
        """The query of the user's, filled in for the new version. Raises TypeError for another check."""
        return self.fill(self.query.query)

    @property
    def bounds(self) -> Bounds:
        """What passes of a user's query. Raises TypeError for another check."""
        return Bounds(*(None if one is None else Decimal(str(one)) for one in (self.query.min, self.query.max)))


class Router(VariantModel, ABC):
    """A traffic router; its stanzas for an engine are those of the engine's own contract for routers."""

    capabilities: ClassVar[Mapping[str, Cells]]
    """By engine kind, what this router can do with it; an absent engine is refused.

    A cell for every routed feature that the engine has not answered for all routers.
    """
    end_of_life: ClassVar[str] = ""
    """Since when nobody maintains it, and what to use instead; "" for one that is maintained. Shown as a warning."""
    inside: ClassVar[bool] = False
    """Whether it routes what pods send to the app's own Service, and nothing from outside the cluster."""
    EXAMPLE: ClassVar[Mapping[str, Any]]
    """A valid spec, used by the docs and the contract tests."""

    @abstractmethod
    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        """The standard metrics of the version that is measured."""

    def problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what this router cannot do with an app."""
        return ()

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what it cannot measure; asked where its requests are those that are counted."""
        return ()


class MetricProvider(VariantModel, ABC):
    """A metric provider: asks one question for one check and says which answers pass."""

    EXAMPLE: ClassVar[Mapping[str, Any]]
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]]
    """A valid `query` check in its language, used by the docs and the contract tests."""
    built_in: ClassVar[frozenset[str]] = frozenset()
    """The kinds of checks that it can ask without the user's words, beside `query`."""
    compares: ClassVar[frozenset[str]] = frozenset()
    """The engines for which it can ask for both versions in one question."""
    holds: ClassVar[bool] = False
    """Whether no data reaches Argo Rollouts as an answer, and not as an error."""
    narrows: ClassVar[bool] = False
    """Whether it tells the versions apart itself, so that a query need not."""
    zero_without_data: ClassVar[frozenset[str]] = frozenset()
    """The engines that read its silence as the number 0, which would pass below any `max`."""
    bounds: ClassVar[frozenset[str]] = frozenset({"min", "max"})
    """Which limits a query may have; without any of them it brings a verdict of its own."""

    def problems(self, plan: Plan) -> Iterator[Finding]:
        """Path and message of what this provider cannot measure in time."""
        yield from ()

    def check_problems(self, check: Check) -> Iterator[Finding]:
        """Path inside the check and message of what this provider cannot be asked, on any engine."""
        yield from ()


@record
class Providers:
    """The metric providers of a cluster. Fields: `first`: whom checks ask unless they name another; `by_kind`: all."""

    first: MetricProvider
    by_kind: Mapping[str, MetricProvider]

    def of(self, check: Check) -> MetricProvider:
        """Whom a check asks. Raises KeyError for one that the cluster does not have."""
        return self.by_kind[check.provider] if check.provider else self.first


class Channel(ChannelModel, ABC):
    """A notification channel; how an engine reaches it is said by the engine's own contract for channels."""

    refused: ClassVar[Mapping[str, Refused]] = {}
    """By engine kind, why an engine cannot reach it; the others can, by their contracts."""
    EXAMPLE: ClassVar[Mapping[str, Any]]

    def problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what it needs to know of an app and does not."""
        return ()


@record
class Told:
    """A channel that is told about an app. Fields: `name`: on the cluster; `events`: in the order of `EVENTS`."""

    name: str
    channel: Channel
    events: tuple[Event, ...]


@record
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
    holds: ClassVar[bool] = False
    """Whether it can wait for a person where an answer is neither good nor bad."""
    EXAMPLE: ClassVar[Mapping[str, Any]]

    def problems(self, plan: Plan, router: Router) -> Sequence[Finding]:
        """Path and message of what this engine cannot take, alone or with this router, beyond the features."""
        return ()

    def together(self, plan: Plan, routers: Sequence[Router]) -> Iterator[Finding]:
        """Path and message of why routers, each of which it can use for an app, cannot be used at once."""
        yield from ()

    def older_than(self, version: str) -> bool:
        """Whether the cluster runs an older version of it than this one, as far as the stack says."""
        return False

    def untold(self, events: Sequence[Event]) -> str:
        """Why a channel cannot be told of just these events, and what it can; "" where it can."""
        return ""

    def check_problems(self, check: Check, provider: MetricProvider) -> Iterator[Finding]:
        """Path inside the check and message of what this engine cannot ask a provider that fulfils its contract."""
        yield from ()

    @abstractmethod
    def stable_requests(self, plan: Plan, router: Router) -> RequestSeries | None:
        """The requests of the version that is not being tested; None where the router does not count them apart."""

    @abstractmethod
    def versions(self, plan: Plan, router: Router) -> Versions:
        """The requests of both versions, told apart by a label whose values need not be known beforehand."""

    @abstractmethod
    def compile(self, plan: Plan, routers: Sequence[Router], metrics: Providers, told: Sequence[Told] = ()) -> Parts:
        """Every object of the app, by parts that fulfil this engine's contracts; the first router's requests count."""
