"""spec -> plan -> engine, router and metrics -> manifests: the one way from what a user wrote to Kubernetes objects."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .by_router import share_problems, shares
from .capability import Capability, Emulated, Refused
from .contracts import Engine, MetricProvider, Providers, Router, Told
from .features import Feature
from .listeners import notification_notes, notification_problems, told
from .manifests.meta import Manifest
from .measurable import unmeasurable
from .needs import needs
from .ownership import Ownership
from .plan import Plan, build_plan
from .record import record
from .spec.base import Finding
from .spec.cluster import DeliverySpec, StackSpec
from .spec.errors import Problem, SpecError, nearest
from .spec.load import LoadedApp, LoadedStack
from .spec.registry import kind_of, variants


@record
class Compiled:
    """An app's objects in creation order, and what controllers own in them."""

    plan: Plan
    manifests: tuple[Manifest, ...]
    ownership: Ownership
    notes: tuple[str, ...] = ()
    """What the engine does by other means than the plan says, a sentence each."""
    told: tuple[Told, ...] = ()
    """Who is told about the release."""


def compile_app(app: LoadedApp, delivery: DeliverySpec) -> Compiled:
    """Compiles one app for a cluster. Raises SpecError where engine, router and metrics cannot do what it asks."""
    plan = _planned(app)
    problems = _problems(app, plan, delivery)
    if problems:
        raise SpecError(problems)
    engine, _, metrics = parts(delivery, app.spec.delivery.engine)
    routers = routers_of(plan, delivery)
    listeners = told(plan, engine, delivery)
    made = engine.compile(plan, routers, metrics, listeners)
    clashing = list(_made_twice(app, made.manifests))
    if clashing:
        raise SpecError(clashing)
    # A copy, so that whoever changes an object changes neither another one nor the plan.
    notes = (*app.notes, *_notes(plan, engine, routers), *notification_notes(plan, engine, delivery))
    return Compiled(plan, tuple(_copy(one) for one in made.manifests), Ownership(tuple(made.owned)), notes, listeners)


def compile_stack(stack: LoadedStack) -> list[Compiled]:
    """Compiles every app of a stack. Raises SpecError with the problems of all of them."""
    check_stack(stack)
    return [compile_app(app, stack.spec.delivery) for app in stack.apps]


def check_stack(stack: LoadedStack) -> None:
    """Raises SpecError with everything that keeps a stack's apps from being compiled."""
    check = StackCheck()
    problems = [problem for app in stack.apps for problem in check(app, stack.spec)]
    if problems:
        raise SpecError(problems)


Built = Callable[[Plan, Sequence[Manifest], StackSpec], None]
"""Takes the objects of an app, in creation order; they share parts with the plan and are not to be changed."""


class StackCheck:
    """What keeps the apps of one stack from being compiled, alone or together; for `load_stack`.

    `built` is given every app that can be compiled, so that nobody has to compile it again. Holds the objects of one
    app at a time: those of many thousand apps would fill the memory.
    """

    def __init__(self, built: Built | None = None) -> None:
        self._built = built
        self._owners: dict[tuple[str, str, str], str] = {}

    def __call__(self, app: LoadedApp, stack: StackSpec) -> list[Problem]:
        plan = _planned(app)
        found = _problems(app, plan, stack.delivery)
        if found:
            return found
        engine, _, metrics = parts(stack.delivery, app.spec.delivery.engine)
        routers = routers_of(plan, stack.delivery)
        objects = engine.compile(plan, routers, metrics, told(plan, engine, stack.delivery)).manifests
        clashing = list(_made_twice(app, objects))
        if clashing:
            return clashing
        if self._built:
            self._built(plan, objects, stack)
        return list(_shared_objects(app, objects, self._owners))


def check_app(app: LoadedApp, stack: StackSpec) -> list[Problem]:
    """What engine, router and metrics of a stack cannot do for an app; for `load_stack`, beside all other mistakes."""
    return _problems(app, _planned(app), stack.delivery)


def _planned(app: LoadedApp) -> Plan:
    work = app.spec.workload
    if work.packaged:
        message = "is rendered when the app is loaded from its file: load it by load_stack, or give a 'pod_template'"
        raise SpecError([app.origin.problem(("workload", work.given_whole[0]), message)])
    return build_plan(app.spec)


def parts(delivery: DeliverySpec, named: str | None = None) -> tuple[Engine, Router, Providers]:
    """The engine (the named one, else the cluster's first), the first router and the metric providers, by contract."""
    chosen = (delivery.engines[named or delivery.engine.kind], delivery.router, delivery.metrics)
    match chosen:
        case (Engine() as engine, Router() as router, MetricProvider() as first):
            known = {kind: one for kind, one in delivery.providers.items() if isinstance(one, MetricProvider)}
            return engine, router, Providers(first, known)
    raise TypeError(f"not an engine, a router and a metric provider: {chosen!r}")


def routers_of(plan: Plan, delivery: DeliverySpec) -> tuple[Router, ...]:
    """The routers that lead to a valid app, the one whose requests are counted first."""
    kinds = plan.traffic.routers or [delivery.router.kind]
    return tuple(one for one in map(delivery.routers.__getitem__, kinds) if isinstance(one, Router))


def _copy(data: Any) -> Any:
    """Plain data copied to the last part; `copy.deepcopy`, made for any object, took half of the compiler's time."""
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_copy(value) for value in data]
    return data


def _shared_objects(
    app: LoadedApp, objects: Sequence[Manifest], owners: dict[tuple[str, str, str], str]
) -> Iterator[Problem]:
    """E.g. an app `shop-split` beside an app `shop`: both would own a VirtualService of that name.

    `owners` is what earlier apps have, and takes what this one has.
    """
    for one in objects:
        name, namespace = one["metadata"]["name"], one["metadata"]["namespace"]
        owner = owners.setdefault((one["kind"], namespace, name), app.spec.name)
        if owner != app.spec.name:
            message = f"app '{owner}' has a {one['kind']} '{name}' too: choose another name"
            yield app.origin.problem(("name",), message)


def _made_twice(app: LoadedApp, objects: Sequence[Manifest]) -> Iterator[Problem]:
    """Objects of the app's own that the release makes as well."""
    own = app.spec.workload.objects
    if not own:
        return
    made = Counter((one["kind"], one["metadata"]["name"]) for one in objects)
    for index, one in enumerate(own):
        if made[one["kind"], one["metadata"]["name"]] > 1:
            message = "has the kind and name of an object that the release makes: give it another name"
            yield app.origin.problem(("workload", "objects", index), message)


def _problems(app: LoadedApp, plan: Plan, delivery: DeliverySpec) -> list[Problem]:
    chosen = app.spec.delivery.engine
    if chosen and chosen not in delivery.engines:
        missing = f"the cluster has no engine '{chosen}'{nearest(chosen, delivery.engines)}: see delivery.other_engines"
        return [app.origin.problem(("delivery", "engine"), missing)]
    found = list(_unknown_routers(plan, delivery))
    if not found:
        engine, _, metrics = parts(delivery, chosen)
        routers = routers_of(plan, delivery)
        found = [
            *_unsupported(plan, engine, routers),
            *unmeasurable(plan, engine, routers[0], metrics),
            *_of_routers(plan, engine, routers),
            *notification_problems(plan, engine, delivery),
        ]
    return [app.origin.problem(path, message) for path, message in dict.fromkeys(found)]


def _unknown_routers(plan: Plan, delivery: DeliverySpec) -> Iterator[Finding]:
    for index, kind in enumerate(plan.traffic.routers):
        if kind not in delivery.routers:
            missing = f"the cluster has no router '{kind}'{nearest(kind, delivery.routers)}: see delivery.other_routers"
            yield ("traffic", "routers", index), missing


def _of_routers(plan: Plan, engine: Engine, routers: Sequence[Router]) -> Iterator[Finding]:
    """What the routers cannot do, each with its share of the traffic, and all together."""
    for router, share in zip(routers, shares(plan, routers), strict=True):
        yield from engine.problems(share, router)
        yield from router.problems(share)
    yield from routers[0].measuring_problems(plan)
    if len(routers) > 1:
        yield from share_problems(plan, routers)
        yield from engine.together(plan, routers)


def _unsupported(plan: Plan, engine: Engine, routers: Sequence[Router]) -> Iterator[Finding]:
    """Features that the engine, or its version, lacks with one of the routers; the first such router is named."""
    for feature, path in needs(plan).items():
        for router in routers:
            cell = capability(engine, router, feature)
            lacking = _lacking(cell, engine)
            if lacking:
                pair = f"engine '{engine.kind}' with router '{router.kind}'"
                yield path, f"app '{plan.name}' needs {feature.value}, which {pair} {lacking}"
                break


def _lacking(cell: Capability, engine: Engine) -> str:
    """Why the engine, in its version, does not do what a cell says, as the end of a sentence; "" where it does."""
    if isinstance(cell, Refused):
        return f"cannot do: {cell.why}; {cell.instead}"
    if cell.since and engine.older_than(cell.since):
        instead = ["name that in engine.version", *([cell.before] if cell.before else [])]
        return f"has since {cell.since} only: {', or '.join(instead)}"
    return ""


def _notes(plan: Plan, engine: Engine, routers: Sequence[Router]) -> tuple[str, ...]:
    cells = ((feature, capability(engine, router, feature)) for router in routers for feature in needs(plan))
    emulated = (
        f"With {engine.kind}, {feature.value}: {cell.how}" for feature, cell in cells if isinstance(cell, Emulated)
    )
    first, *others = (f"'{router.kind}'" for router in routers)
    counted = [f"Only the requests by way of {first} are counted, not those of {', '.join(others)}"] if others else []
    return (*dict.fromkeys(emulated), *counted, *warnings(routers))


def warnings(routers: Iterable[Router]) -> tuple[str, ...]:
    """What whoever chose routers should know although nothing is wrong, a sentence each."""
    return tuple(
        f"Router '{router.kind}' is at its end: {router.end_of_life}" for router in routers if router.end_of_life
    )


def capability(engine: Engine, router: Router, feature: Feature) -> Capability:
    """What an engine with a router makes of a feature; a refusal says which other routers can."""
    cell = stated(engine, router, feature)
    if feature in engine.capabilities or not isinstance(cell, Refused):
        return cell
    others = [kind_of(one) for one in variants("router").values() if _does(one, engine.kind, feature)]
    instead = [cell.instead, f"routers that can: {', '.join(others)}" if others else ""]
    return Refused(cell.why, "; ".join(filter(None, instead)))


def stated(engine: Engine, router: Router, feature: Feature) -> Capability:
    """The cell as the engine gives it for all routers, else as the router gives it for this engine."""
    own = engine.capabilities.get(feature)
    if own is not None:
        return own
    known = router.capabilities.get(engine.kind)
    return known[feature] if known else Refused(f"'{router.kind}' does not work with '{engine.kind}'", "")


def _does(router: type[Any], engine: str, feature: Feature) -> bool:
    known = router.capabilities.get(engine)
    return bool(known) and not isinstance(known[feature], Refused)
