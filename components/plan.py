"""The engine-neutral delivery plan: what happens to the traffic, when, and what decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .manifests.meta import Manifest
from .manifests.pod import pod_template, revision_of
from .spec.app import AppSpec
from .spec.container import Port
from .spec.delivery import Analysis, ErrorRate, Latency
from .spec.traffic import Traffic
from .spec.values import Duration


class Feature(Enum):
    """What a plan may ask of an engine and a router; a pair that lacks one refuses the plan."""

    WEIGHTS = "shifting traffic by weight"
    STEP_TIMING = "a hold of its own for every step"
    MATCH = "choosing requests by path and headers"


@dataclass(frozen=True)
class Gate:
    """What must hold before the plan goes on: `count` rounds of every check, one per interval."""

    count: int
    interval: Duration
    tolerated_failures: int


@dataclass(frozen=True)
class Stage:
    """One weight: `gate` runs first, then the canary waits for `rest`, what the hold has left."""

    weight: int
    hold: Duration
    gate: Gate
    rest: Duration


@dataclass(frozen=True)
class Plan:
    """A release of one app, before any engine, router or metric provider is known."""

    app: AppSpec
    template: Manifest
    """The pod template, with the label `version` that tells this version's pods and metrics from all others."""
    revision: str
    stages: tuple[Stage, ...]

    @property
    def name(self) -> str:
        return self.app.name

    @property
    def namespace(self) -> str:
        return self.app.namespace

    @property
    def stable_service(self) -> str:
        return f"{self.app.name}-stable"

    @property
    def canary_service(self) -> str:
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
    def needs(self) -> Mapping[Feature, str]:
        """The features this plan asks for, each with the path in the spec that asks."""
        always = {Feature.WEIGHTS: "delivery.steps", Feature.STEP_TIMING: "delivery.steps"}
        return {**always, Feature.MATCH: "traffic.match"} if self.traffic.match else always


def build_plan(app: AppSpec) -> Plan:
    """Derives the plan of a valid app."""
    template = pod_template(app)
    stages = tuple(_stage(step.weight, step.hold, app.delivery.analysis) for step in app.delivery.steps)
    return Plan(app=app, template=template, revision=revision_of(template), stages=stages)


def _stage(weight: int, hold: Duration, analysis: Analysis) -> Stage:
    rounds, rest = divmod(hold.milliseconds, analysis.interval.milliseconds)
    gate = Gate(rounds, analysis.interval, analysis.tolerated_failures)
    return Stage(weight, hold, gate, Duration(rest))
