"""spec -> plan -> engine, router and metrics -> manifests: the one way from what a user wrote to Kubernetes objects."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .contracts import Engine, MetricProvider, Router
from .manifests.meta import Manifest
from .ownership import Ownership
from .plan import Plan, build_plan
from .spec.cluster import DeliverySpec, StackSpec
from .spec.errors import Problem, SpecError
from .spec.load import LoadedApp, LoadedStack
from .spec.registry import kind_of, variants


@dataclass(frozen=True)
class Compiled:
    """An app's objects in creation order, and what controllers own in them."""

    plan: Plan
    manifests: tuple[Manifest, ...]
    ownership: Ownership


def compile_app(app: LoadedApp, delivery: DeliverySpec) -> Compiled:
    """Compiles one app for a cluster. Raises SpecError where engine, router and metrics cannot do what it asks."""
    engine, router, metrics = parts(delivery)
    plan = build_plan(app.spec)
    problems = _problems(app, plan, engine, router, metrics)
    if problems:
        raise SpecError(problems)
    owned = Ownership((*engine.mutated_fields(plan), *router.mutated_fields(plan)))
    # A copy, so that whoever changes an object changes neither another one nor the plan.
    return Compiled(plan, tuple(_copy(one) for one in _ordered(plan, engine, router, metrics)), owned)


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


Built = Callable[[Plan, Sequence[Manifest]], None]
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
        chosen = parts(stack.delivery)
        plan = build_plan(app.spec)
        problems = _problems(app, plan, *chosen)
        if problems:
            return problems
        objects = _ordered(plan, *chosen)
        if self._built:
            self._built(plan, objects)
        return list(_shared_objects(app, objects, self._owners))


def check_app(app: LoadedApp, stack: StackSpec) -> list[Problem]:
    """What engine, router and metrics of a stack cannot do for an app; for `load_stack`, beside all other mistakes."""
    return _problems(app, build_plan(app.spec), *parts(stack.delivery))


def parts(delivery: DeliverySpec) -> tuple[Engine, Router, MetricProvider]:
    """The engine, router and metric provider of a cluster, by their contracts."""
    chosen = (delivery.engine, delivery.router, delivery.metrics)
    match chosen:
        case (Engine() as engine, Router() as router, MetricProvider() as metrics):
            return engine, router, metrics
    raise TypeError(f"not an engine, a router and a metric provider: {chosen!r}")


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


def _ordered(plan: Plan, engine: Engine, router: Router, metrics: MetricProvider) -> list[Manifest]:
    """The router's objects before the custom resource that refers to them."""
    by_engine = engine.manifests(plan, router, metrics)
    first = [m for m in by_engine if m["apiVersion"] == "v1"]
    return [*first, *router.manifests(plan), *(m for m in by_engine if m["apiVersion"] != "v1")]


def _problems(app: LoadedApp, plan: Plan, engine: Engine, router: Router, metrics: MetricProvider) -> list[Problem]:
    found = (*_unsupported(plan, engine, router), *metrics.problems(plan))
    by_path = [(tuple(path.split(".")), message) for path, message in found]
    return [app.origin.problem(path, message) for path, message in (*by_path, *router.problems(plan))]


def _unsupported(plan: Plan, engine: Engine, router: Router) -> Iterator[tuple[str, str]]:
    able = router.capabilities.get(engine.kind, frozenset())
    for feature, path in plan.needs.items():
        if feature in able:
            continue
        others = [
            kind_of(other)
            for other in variants("router").values()
            if issubclass(other, Router) and feature in other.capabilities.get(engine.kind, frozenset())
        ]
        instead = f"; routers that can: {', '.join(others)}" if others else ""
        pair = f"engine '{engine.kind}' with router '{router.kind}'"
        yield path, f"app '{plan.name}' needs {feature.value}, which {pair} cannot do{instead}"
