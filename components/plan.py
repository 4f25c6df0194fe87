"""The engine-neutral delivery plan: what happens to the traffic, when, and what decides."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from .manifests.meta import Manifest
from .manifests.pod import pod_template, revision_of
from .spec.app import AppSpec
from .spec.cohort import Cohort
from .spec.container import Port
from .spec.delivery import Analysis, ErrorRate, Latency
from .spec.strategies import AbTest, BlueGreen, Canary, Mirror, Mirrored, SessionAffinity
from .spec.traffic import Traffic
from .spec.values import Duration, Percent

Path = tuple[str | int, ...]
"""Where in an app's spec something stands."""


class Feature(Enum):
    """What a plan may ask of an engine and a router; a pair that lacks one refuses the plan."""

    WEIGHTS = "shifting traffic by weight"
    MATCH = "choosing requests by path and headers"
    HEADER_COHORT = "the new version for users with a header"
    COOKIE_COHORT = "the new version for users with a cookie"
    COHORT_AND_WEIGHTS = "a cohort beside weights"
    MIRROR = "copies of requests"
    MIRROR_METHODS = "copies of requests of some methods only"
    MIRROR_AND_WEIGHTS = "copies of requests beside weights"
    SESSION_AFFINITY = "users who keep the version they got"
    BLUE_GREEN = "a switch of all traffic that is watched, and taken back"
    SCALE = "a number of canary pods of its own"
    APPROVAL = "waiting for an approval"
    STEP_TIMING = "a hold of its own for every step"
    REPEATED_CHECKS = "several checks at one weight"
    TOLERATED_FAILURES = "failed checks that are tolerated step by step"
    KEEP_OLD_PODS = "old pods that stay for a while"


ROUTED = frozenset(
    {
        Feature.WEIGHTS,
        Feature.MATCH,
        Feature.HEADER_COHORT,
        Feature.COOKIE_COHORT,
        Feature.COHORT_AND_WEIGHTS,
        Feature.MIRROR,
        Feature.MIRROR_METHODS,
        Feature.MIRROR_AND_WEIGHTS,
        Feature.SESSION_AFFINITY,
        Feature.BLUE_GREEN,
    }
)
"""The features that depend on the router; the others are the engine's alone."""


@dataclass(frozen=True)
class Gate:
    """What must hold before the plan goes on: `count` rounds of every check, one per interval."""

    count: int
    interval: Duration
    tolerated_failures: int


@dataclass(frozen=True)
class Route:
    """Who gets the new version. Fields: `weight`: percent of all requests; `cohort`; `mirror`: copies of requests."""

    weight: int = 0
    cohort: Cohort | None = None
    mirror: Mirror | None = None

    def __str__(self) -> str:
        weight = f"{self.weight}%" if self.weight or not (self.cohort or self.mirror) else ""
        users = f"users with {self.cohort}" if self.cohort else ""
        return ", ".join(filter(None, (weight, users, str(self.mirror) if self.mirror else "")))


@dataclass(frozen=True)
class Stage:
    """One route: `gate` runs first, then the canary waits for `rest`, what the hold has left, and for an approval.

    Fields: `path`: where the spec asks for it; `scale`: its pods as a share of the app's, None for what the weight
    needs; `scale_asked`: whether a user wants just that.
    """

    path: Path
    route: Route
    hold: Duration
    gate: Gate
    rest: Duration
    approval: bool = False
    scale: Percent | None = None
    scale_asked: bool = False

    @property
    def weight(self) -> int:
        return self.route.weight


@dataclass(frozen=True)
class Plan:
    """A release of one app, before any engine, router or metric provider is known."""

    app: AppSpec
    template: Manifest
    """The pod template, with the label `version` that tells this version's pods and metrics from all others."""
    revision: str
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
    def traffic(self) -> Traffic:
        return self.app.traffic

    @property
    def port(self) -> Port:
        return self.app.workload.traffic_port

    @property
    def analysis(self) -> Analysis:
        return self.app.delivery.analysis

    @property
    def checks(self) -> list[ErrorRate | Latency]:
        return self.analysis.checks

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

    @property
    def needs(self) -> Mapping[Feature, Path]:
        """The features this plan asks for, each with the first path in the spec that asks."""
        found: dict[Feature, Path] = {}
        for feature, path in (*self._needs_of_stages(), *self._needs_of_release()):
            found.setdefault(feature, path)
        return {feature: found[feature] for feature in Feature if feature in found}

    def _needs_of_stages(self) -> Iterator[tuple[Feature, Path]]:
        for stage in self.stages:
            yield from ((feature, stage.path) for feature, asks in _OF_A_STAGE.items() if asks(stage, self))
        if any(before.hold != after.hold for before, after in pairwise(self.stages)):
            yield Feature.STEP_TIMING, ("delivery", "steps")

    def _needs_of_release(self) -> Iterator[tuple[Feature, Path]]:
        rollback = self.app.delivery.rollback
        if self.switched:
            yield Feature.BLUE_GREEN, ("delivery", "strategy")
        if self.switched and self.switched.approval:
            yield Feature.APPROVAL, ("delivery", "approval")
        if self.traffic.match:
            yield Feature.MATCH, ("traffic", "match")
        if self.session_affinity:
            yield Feature.SESSION_AFFINITY, ("delivery", "session_affinity")
        if self.analysis.tolerated_failures:
            yield Feature.TOLERATED_FAILURES, ("delivery", "analysis", "tolerated_failures")
        if "keep_old_pods" in rollback.model_fields_set and rollback.keep_old_pods.milliseconds:
            yield Feature.KEEP_OLD_PODS, ("delivery", "rollback", "keep_old_pods")


def _mirrors_some(stage: Stage, _plan: Plan) -> bool:
    return stage.route.mirror is not None and stage.route.mirror.methods != "all"


_OF_A_STAGE: Mapping[Feature, Callable[[Stage, Plan], bool]] = {
    Feature.WEIGHTS: lambda stage, plan: stage.weight > 0 and not plan.switched,
    Feature.HEADER_COHORT: lambda stage, _: stage.route.cohort is not None and stage.route.cohort.headers is not None,
    Feature.COOKIE_COHORT: lambda stage, _: stage.route.cohort is not None and stage.route.cohort.cookie is not None,
    Feature.COHORT_AND_WEIGHTS: lambda _, plan: bool(plan.cohorts) and any(one.weight for one in plan.stages),
    Feature.MIRROR: lambda stage, _: stage.route.mirror is not None,
    Feature.MIRROR_METHODS: _mirrors_some,
    Feature.MIRROR_AND_WEIGHTS: lambda stage, plan: (
        stage.route.mirror is not None and (len(plan.stages) > 1 or stage.weight > 0)
    ),
    Feature.SCALE: lambda stage, _: stage.scale_asked,
    Feature.APPROVAL: lambda stage, _: stage.approval,
    Feature.REPEATED_CHECKS: lambda stage, _: stage.weight > 0 and stage.gate.count > 1,
}
"""Of every feature that a single stage may ask for, whether it does."""


def build_plan(app: AppSpec) -> Plan:
    """Derives the plan of a valid app."""
    template = pod_template(app)
    return Plan(app=app, template=template, revision=revision_of(template), stages=tuple(_stages(app)))


def _stages(app: AppSpec) -> Iterator[Stage]:
    delivery = app.delivery
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
        scale = step.scale or (None if weight else Percent.parse("25%"))
        yield _stage(
            ("delivery", "steps", index),
            Route(weight, cohort, step.mirror),
            step.hold,
            delivery.analysis,
            approval=step.approval,
            scale=scale,
            scale_asked=step.scale is not None,
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
) -> Stage:
    rounds, rest = divmod(hold.milliseconds, analysis.interval.milliseconds)
    gate = Gate(rounds, analysis.interval, analysis.tolerated_failures)
    return Stage(path, route, hold, gate, Duration(rest), approval, scale, scale_asked)
