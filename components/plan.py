"""The engine-neutral delivery plan: what happens to the traffic, when, and what decides."""

from collections.abc import Iterator

from .manifests.meta import Manifest
from .manifests.pod import pod_template, revision_of
from .record import record
from .spec.app import AppSpec
from .spec.checks import Check
from .spec.choice import Delivery
from .spec.cohort import Cohort
from .spec.container import Port
from .spec.delivery import Analysis
from .spec.strategies import AbTest, BlueGreen, Canary, Experiment, Mirror, Mirrored, SessionAffinity
from .spec.traffic import Traffic
from .spec.values import Duration, Percent

Path = tuple[str | int, ...]
"""Where in an app's spec something stands."""


@record
class Gate:
    """What must hold before the plan goes on: `count` rounds of every check, one per interval."""

    count: int
    interval: Duration
    tolerated_failures: int


@record
class Route:
    """Who gets the new version. Fields: `weight`: percent of all requests; `cohort`; `mirror`: copies of requests."""

    weight: int = 0
    cohort: Cohort | None = None
    mirror: Mirror | None = None

    def __str__(self) -> str:
        weight = f"{self.weight}%" if self.weight or not (self.cohort or self.mirror) else ""
        users = f"users with {self.cohort}" if self.cohort else ""
        return ", ".join(filter(None, (weight, users, str(self.mirror) if self.mirror else "")))


@record
class Stage:
    """One route: `gate` runs first, then the canary waits for `rest`, what the hold has left, and for an approval.

    Fields: `path`: where the spec asks for it; `scale`: its pods as a share of the app's, None for what the weight
    needs; `scale_asked`: whether a user wants just that; `experiment`: the route is that of no canary, but of fresh
    pods of both versions.
    """

    path: Path
    route: Route
    hold: Duration
    gate: Gate
    rest: Duration
    approval: bool = False
    scale: Percent | None = None
    scale_asked: bool = False
    experiment: Experiment | None = None

    @property
    def weight(self) -> int:
        return self.route.weight


@record
class Plan:
    """A release of one app, before any engine, router or metric provider is known."""

    app: AppSpec
    template: Manifest
    """The pod template, with the label `version` that tells this version's pods and metrics from all others; empty
    where it is in an object of others."""
    revision: str
    """That label's value; "" where it is not known."""
    stages: tuple[Stage, ...]
    """Until everybody gets the new version; of a blue-green release that is the one after the switch."""

    @property
    def name(self) -> str:
        return self.app.name

    @property
    def namespace(self) -> str:
        return self.app.namespace

    @property
    def canary_service(self) -> str:
        """The Service of the canary's pods, which every engine names alike."""
        return f"{self.app.name}-canary"

    @property
    def stable_service(self) -> str:
        """The Service of the stable pods, where the engine leaves it to us."""
        return f"{self.app.name}-stable"

    @property
    def measured_service(self) -> str:
        """The Service by which users reach the new version; after a switch it is the stable one."""
        return self.stable_service if self.switched else self.canary_service

    @property
    def traffic(self) -> Traffic:
        return self.app.traffic

    @property
    def port(self) -> Port:
        return self.app.workload.traffic_port

    @property
    def analysis(self) -> Analysis:
        return self.app.delivery.analysis

    @property
    def checks(self) -> list[Check]:
        return self.analysis.checks

    @property
    def on_every_node(self) -> bool:
        """Whether a DaemonSet runs the pods."""
        return self.app.workload.kind == "daemonset"

    @property
    def existing(self) -> bool:
        """Whether the pods are those of an object that others made."""
        return self.app.workload.existing is not None

    @property
    def session_affinity(self) -> SessionAffinity | None:
        delivery = self.app.delivery
        return delivery.session_affinity if isinstance(delivery, Canary) else None

    @property
    def switched(self) -> BlueGreen | None:
        """The blue-green release, where it is one."""
        return self.app.delivery if isinstance(self.app.delivery, BlueGreen) else None

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        """Every cohort that gets the new version at some time, in order, each once."""
        found: list[Cohort] = []
        for stage in self.stages:
            if stage.route.cohort and stage.route.cohort not in found:
                found.append(stage.route.cohort)
        return tuple(found)


def build_plan(app: AppSpec) -> Plan:
    """Derives the plan of a valid app."""
    stages = stages_of(app.delivery)
    if app.workload.existing:
        return Plan(app=app, template={}, revision="", stages=stages)
    template = pod_template(app)
    return Plan(app=app, template=template, revision=revision_of(template), stages=stages)


def stages_of(delivery: Delivery) -> tuple[Stage, ...]:
    """The stages that a delivery asks for, in order."""
    return tuple(_stages(delivery))


def _stages(delivery: Delivery) -> Iterator[Stage]:
    match delivery:
        case Canary():
            yield from _steps(delivery)
        case BlueGreen():
            yield _stage(("delivery", "hold"), Route(weight=100), delivery.hold, delivery.analysis)
        case AbTest():
            yield _trial(("delivery", "cohort"), Route(cohort=delivery.cohort), delivery)
        case Mirrored():
            yield _trial(("delivery", "copies"), Route(mirror=delivery.copies), delivery)


def _trial(path: Path, route: Route, delivery: AbTest | Mirrored) -> Stage:
    """The one stage of a release that few or nobody see before everybody does."""
    return _stage(
        path,
        route,
        delivery.hold,
        delivery.analysis,
        approval=delivery.approval,
        scale=delivery.scale,
        scale_asked="scale" in delivery.model_fields_set,
    )


def _steps(delivery: Canary) -> Iterator[Stage]:
    """Weight and cohort stay until a later step gives others; copies are made in one step only."""
    weight, cohort = 0, None
    for index, step in enumerate(delivery.steps):
        weight, cohort = step.weight or weight, step.audience or cohort
        scale = step.scale or (None if weight or step.experiment else Percent.parse("25%"))
        yield _stage(
            ("delivery", "steps", index),
            Route(weight, cohort, step.mirror),
            step.hold,
            delivery.analysis,
            approval=step.approval,
            scale=scale,
            scale_asked=step.scale is not None,
            experiment=step.experiment,
        )


def _stage(
    path: Path,
    route: Route,
    hold: Duration,
    analysis: Analysis,
    *,
    approval: bool = False,
    scale: Percent | None = None,
    scale_asked: bool = False,
    experiment: Experiment | None = None,
) -> Stage:
    rounds, rest = divmod(hold.milliseconds, analysis.interval.milliseconds)
    gate = Gate(rounds, analysis.interval, analysis.tolerated_failures)
    return Stage(path, route, hold, gate, Duration(rest), approval, scale, scale_asked, experiment)
