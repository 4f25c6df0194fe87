"""The steps of a canary: every stage sets its route, then an inline analysis decides whether it is left.

Source: argo-rollouts v1.9, docs/features/{canary,traffic-management/index}.md.
"""

from collections.abc import Iterator, Sequence

from ...contracts_of.argo_rollouts import audience_route
from ...manifests.meta import Manifest, without_nothing
from ...plan import Plan, Stage
from ...spec.cohort import Cohort
from ...spec.strategies import Mirror
from .analysis import analysis
from .experiments import experiment
from .gates import gate, gate_references

MIRROR_ROUTE = "mirror"


def managed_routes(plan: Plan) -> list[Manifest]:
    """The routes that the controller makes and removes, the most specific first."""
    wanted = [audience_route(plan)] if plan.cohorts else []
    wanted += [MIRROR_ROUTE] if any(stage.route.mirror for stage in plan.stages) else []
    return [{"name": name} for name in wanted]


def steps(plan: Plan) -> list[Manifest]:
    """All steps; after the last one everybody gets the new version."""
    made = list(gate(plan, "confirm"))
    asked = bool(gate_references(plan, "pre"))
    before: Stage | None = None
    pods = 0
    for stage in plan.stages:
        # A share of pods once asked for is kept until the weight needs more: the cohort goes on sending requests.
        share = stage.experiment.weight if stage.experiment else stage.weight
        wanted = int(stage.scale.value) if stage.scale else max(pods, share) if pods or asked else 0
        made += _stage(plan, stage, before, wanted if wanted != pods else 0)
        if stage.experiment:
            made.append({"experiment": experiment(plan, stage, stage.experiment, len(made))})
        made += _afterwards(stage)
        before, pods = stage, wanted
    made += gate(plan, "promote")
    return made


def first_watched(made: list[Manifest]) -> int:
    """The place of the first step at which the canary itself gets requests and is measured, after any experiment."""
    return next(index for index, step in enumerate(made) if "args" in step.get("analysis", {}))


def _stage(plan: Plan, stage: Stage, before: Stage | None, pods: int) -> Iterator[Manifest]:
    """Pods first: a route that leads to none would fail its requests."""
    route = stage.route
    if pods:
        yield {"setCanaryScale": {"weight": pods}}
    if before is None:
        yield from gate(plan, "pre")
    if route.weight and (before is None or route.weight != before.route.weight):
        yield from gate(plan, "increase")
        yield {"setWeight": route.weight}
    if route.cohort and (before is None or route.cohort != before.route.cohort):
        yield {"setHeaderRoute": {"name": audience_route(plan), "match": _conditions(route.cohort)}}
    if route.mirror:
        copied = {"match": _copied(route.mirror), "percentage": int(route.mirror.share.value)}
        yield {"setMirrorRoute": {"name": MIRROR_ROUTE, **copied}}
    if stage.experiment:
        yield from gate(plan, "increase")
    else:
        yield {"analysis": analysis(plan, stage)}


def _afterwards(stage: Stage) -> Iterator[Manifest]:
    """What comes between the checks of a stage and the next one."""
    if stage.rest.milliseconds:
        yield {"pause": {"duration": f"{stage.rest.whole_seconds}s"}}
    if stage.approval:
        yield {"pause": {}}
    if stage.route.mirror:
        # Without conditions the route is removed.
        yield {"setMirrorRoute": {"name": MIRROR_ROUTE}}


def _conditions(cohort: Cohort) -> Sequence[Manifest]:
    """One of them is enough."""
    if cohort.cookie:
        return [{"headerName": "cookie", "headerValue": {"regex": cohort.cookie.in_header}}]
    return [
        {
            "headerName": name,
            "headerValue": without_nothing({"exact": value.exact, "prefix": value.prefix, "regex": value.regex}),
        }
        for name, value in (cohort.headers or {}).items()
    ]


def _copied(mirror: Mirror) -> Sequence[Manifest]:
    if mirror.methods == "all":
        return [{"path": {"prefix": "/"}}]
    return [{"method": {"exact": method}} for method in mirror.methods]
