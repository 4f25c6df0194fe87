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
    REPEATED_CHECKS = "several checks in one step"
    TOLERATED_FAILURES = "failed checks that are tolerated step by step"
    MATCH = "choosing requests by path and headers"
    KEEP_OLD_PODS = "old pods that stay for a while"


ROUTED = frozenset({Feature.WEIGHTS, Feature.MATCH})
"""The features that depend on the router; the others are the engine's alone."""


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
    def needs(self) -> Mapping[Feature, str]:
        """The features this plan asks for, each with the path in the spec that asks."""
        steps, rollback = "delivery.steps", self.app.delivery.rollback
        asked = {
            Feature.WEIGHTS: steps,
            Feature.MATCH: "traffic.match" if self.traffic.match else None,
            Feature.STEP_TIMING: steps if len({stage.hold for stage in self.stages}) > 1 else None,
            Feature.REPEATED_CHECKS: steps if any(stage.gate.count > 1 for stage in self.stages) else None,
            Feature.TOLERATED_FAILURES: "delivery.analysis.tolerated_failures"
            if self.analysis.tolerated_failures
            else None,
            Feature.KEEP_OLD_PODS: "delivery.rollback.keep_old_pods"
            if "keep_old_pods" in rollback.model_fields_set and rollback.keep_old_pods.milliseconds
            else None,
        }
        return {feature: path for feature, path in asked.items() if path}


def build_plan(app: AppSpec) -> Plan:
    """Derives the plan of a valid app."""
    template = pod_template(app)
    stages = tuple(_stage(step.weight, step.hold, app.delivery.analysis) for step in app.delivery.steps)
    return Plan(app=app, template=template, revision=revision_of(template), stages=stages)


def _stage(weight: int, hold: Duration, analysis: Analysis) -> Stage:
    rounds, rest = divmod(hold.milliseconds, analysis.interval.milliseconds)
    gate = Gate(rounds, analysis.interval, analysis.tolerated_failures)
    return Stage(weight, hold, gate, Duration(rest))
