"""Which features a plan asks for, and where in the app's spec it does."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from .features import Feature
from .plan import Path, Plan, Stage
from .spec.hooks import When

_EVERY = tuple(Feature)


def needs(plan: Plan) -> Mapping[Feature, Path]:
    """The features that a plan asks for, each with the first path in the spec that asks."""
    found: dict[Feature, Path] = {}
    for feature, path in (*_of_stages(plan), *_of_release(plan)):
        found.setdefault(feature, path)
    return {feature: found[feature] for feature in _EVERY if feature in found}


def _of_stages(plan: Plan) -> Iterator[tuple[Feature, Path]]:
    for stage in plan.stages:
        yield from ((feature, stage.path) for feature, asks in _OF_A_STAGE.items() if asks(stage, plan))
    if any(before.hold != after.hold for before, after in pairwise(plan.stages)):
        yield Feature.STEP_TIMING, ("delivery", "steps")


def _of_release(plan: Plan) -> Iterator[tuple[Feature, Path]]:
    rollback = plan.app.delivery.rollback
    if plan.switched:
        yield Feature.BLUE_GREEN, ("delivery", "strategy")
    if plan.switched and plan.switched.approval:
        yield Feature.APPROVAL, ("delivery", "approval")
    if len(plan.traffic.routers) > 1:
        yield Feature.SEVERAL_ROUTERS, ("traffic", "routers")
    if plan.on_every_node:
        yield Feature.EVERY_NODE, ("workload", "kind")
    if plan.existing:
        yield Feature.EXISTING, ("workload", "existing")
    if plan.traffic.match:
        yield Feature.MATCH, ("traffic", "match")
    if plan.session_affinity:
        kept = Feature.CANARY_AFFINITY if plan.session_affinity.stable_may_drift else Feature.SESSION_AFFINITY
        yield kept, ("delivery", "session_affinity")
    yield from _of_analysis(plan)
    if "keep_old_pods" in rollback.model_fields_set and rollback.keep_old_pods.milliseconds:
        yield Feature.KEEP_OLD_PODS, ("delivery", "rollback", "keep_old_pods")
    if rollback.fast_window:
        yield Feature.FAST_ROLLBACK, ("delivery", "rollback", "fast_window")
    yield from _of_gates(plan)


def _of_analysis(plan: Plan) -> Iterator[tuple[Feature, Path]]:
    if plan.analysis.background:
        yield Feature.BACKGROUND, ("delivery", "analysis", "background")
    if plan.analysis.tolerated_failures:
        yield Feature.TOLERATED_FAILURES, ("delivery", "analysis", "tolerated_failures")


def _of_gates(plan: Plan) -> Iterator[tuple[Feature, Path]]:
    delivery = plan.app.delivery
    for index, hook in enumerate(delivery.gates):
        yield _OF_A_GATE[hook.when], ("delivery", "gates", index)
    if delivery.load_test:
        yield Feature.LOAD_JOB if delivery.load_test.image else Feature.LOAD_TESTER, ("delivery", "load_test")


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
    Feature.EXPERIMENT: lambda stage, _: stage.experiment is not None,
    Feature.SCALE: lambda stage, _: stage.scale_asked,
    Feature.APPROVAL: lambda stage, _: stage.approval,
    Feature.REPEATED_CHECKS: lambda stage, _: stage.weight > 0 and stage.gate.count > 1,
}
"""Of every feature that a single stage may ask for, whether it does."""

_OF_A_GATE: Mapping[When, Feature] = {
    "confirm": Feature.GATE_CONFIRM,
    "pre": Feature.GATE_PRE,
    "during": Feature.GATE_DURING,
    "increase": Feature.GATE_INCREASE,
    "promote": Feature.GATE_PROMOTE,
    "post": Feature.GATE_POST,
    "rollback": Feature.GATE_ROLLBACK,
    "event": Feature.GATE_EVENT,
}
