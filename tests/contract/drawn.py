"""Random valid specs, combinations and configurations, drawn from whatever was discovered.

A spec begins as one of the examples' (and of the apps in `variations`, which hold every key there is); then places of
it take the values that other apps have there, other values of the same kind, or none. What is not valid is not kept,
so that every draw is a spec that a user could have written.
"""

import copy
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from components.compile import Compiled, compile_app
from components.spec.app import AppSpec
from components.spec.cluster import DeliverySpec
from components.spec.errors import Problem, SpecError
from components.spec.load import LoadedApp
from components.spec.origin import Origin
from components.spec.registry import variants
from tests.specs import REMOVED, changed

from .variants import Combination, combinations, example_query
from .variations import all_bases, delivery_variations, others, written

Path = tuple[str | int, ...]
Change = tuple[Path, Any]
FILE = "apps/app.yaml"


@cache
def bases() -> list[dict[str, Any]]:
    """Every app there is; without an engine of its own, which the combination has."""
    made = []
    for app in all_bases():
        app = copy.deepcopy(app)
        app["delivery"].pop("engine", None)
        made.append(app)
    latency = {"kind": "latency", "quantile": "p99", "max": "300ms"}
    cpu = {"kind": "cpu", "max": "1"}
    own = next(app for app in made if "existing" not in app["workload"])
    inside = [_inside(own, *checks) for checks in ((), (latency,), (cpu,))]
    several = [by_routers(own, *kinds) for kinds in _SEVERAL]
    existing = {"existing": {"selector": {"app": own["name"]}}, "port": 8080}
    inside.append({**inside[1], "workload": existing})
    return [*made, *inside, _switched_inside(own), *several, *_own_queries(own)]


_SEVERAL = (("traefik", "linkerd"), ("nginx", "gateway-api"), ("istio", "contour", "smi"), ("emissary",))
"""Routers that lead to an app at once."""


def by_routers(app: Mapping[str, Any], *kinds: str) -> dict[str, Any]:
    """An app with weights that these routers lead to, the requests of the first of them counted."""
    delivery = {"steps": [{"weight": 5, "hold": "5m"}, {"weight": 25, "hold": "5m"}], "analysis": _plain_analysis()}
    return {**app, "traffic": {"hosts": ["shop.example.com"], "routers": list(kinds)}, "delivery": delivery}


def _own_queries(app: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """An app for every metric provider, which asks it nothing but its own example."""
    for provider in variants("metrics").values():
        delivery: dict[str, Any] = {"steps": [{"weight": 5, "hold": "1h"}]}
        delivery["analysis"] = {"interval": "1h", "checks": [example_query(provider)]}
        yield {**app, "traffic": {"hosts": ["shop.example.com"]}, "delivery": delivery}


def _inside(app: Mapping[str, Any], *checks: dict[str, Any]) -> dict[str, Any]:
    """An app that other apps call by its Service's name: some meshes route nothing else."""
    hosts = [f"{app['name']}.{app['namespace']}.svc.cluster.local"]
    delivery = {
        "steps": [{"weight": 5, "hold": "5m"}, {"weight": 25, "hold": "5m"}],
        "analysis": _plain_analysis(*checks),
    }
    # Without a router every weight must be a whole number of pods.
    return {**_of_pods(app, 20), "traffic": {"hosts": hosts}, "delivery": delivery}


def _switched_inside(app: Mapping[str, Any]) -> dict[str, Any]:
    """The same by a switch, which has a Service for the pods that users reach."""
    hosts = [f"{app['name']}-stable.{app['namespace']}.svc.cluster.local"]
    delivery = {"strategy": "blue-green", "hold": "5m", "analysis": _plain_analysis()}
    return {**_of_pods(app, 20), "traffic": {"hosts": hosts}, "delivery": delivery}


def _of_pods(app: Mapping[str, Any], replicas: int) -> dict[str, Any]:
    """The app with a fixed number of pods."""
    return {**{key: value for key, value in app.items() if key != "scaling"}, "replicas": replicas}


def _plain_analysis(*checks: dict[str, Any]) -> dict[str, Any]:
    return {"interval": "1m", "checks": [{"kind": "error_rate", "max": "1%"}, *checks]}


def _place(path: Path) -> Path:
    """A path without the places in lists."""
    return tuple(0 if isinstance(part, int) else part for part in path)


@cache
def _donors() -> Mapping[Path, list[Any]]:
    """By place, the different values that the apps have there."""
    found: dict[Path, list[Any]] = defaultdict(list)
    for app in bases():
        for path, value in written(app, ()):
            if value not in found[_place(path)]:
                found[_place(path)].append(value)
    return found


@cache
def _combinations() -> list[Combination]:
    return list(combinations())


@cache
def _deliveries(index: int) -> list[DeliverySpec]:
    """A combination as its examples configure it, and with every key of them changed."""
    delivery = _combinations()[index].delivery
    return [delivery, *(one for _, one in delivery_variations(delivery))]


def spec_of(app: Mapping[str, Any]) -> AppSpec | None:
    """The spec, where it is valid."""
    try:
        return AppSpec.model_validate(app)
    except ValidationError:
        return None


def changes_of(app: Mapping[str, Any]) -> list[Path]:
    """Every place that is written in an app, and every place beside them that is written in another one.

    Not inside a pod template: it is plain data of Kubernetes', and what is wrong in it the API server says.
    """
    here = [path for path, _ in written(app, ())]
    inside = {(): app} | {path: value for path, value in written(app, ()) if isinstance(value, Mapping)}
    beside = [
        (*path, place[-1])
        for path, value in inside.items()
        for place in _donors()
        if place[:-1] == _place(path) and isinstance(place[-1], str) and place[-1] not in value
    ]
    fixed = [("name",), ("namespace",), ("delivery", "engine")]
    every = [path for path in (*here, *beside) if path not in fixed]
    return [path for path in every if path[:2] != ("workload", "pod_template") or len(path) == 2]


def at(app: Any, path: Path) -> Any:
    """What stands at a place; REMOVED where nothing does."""
    for part in path:
        there = part in app if isinstance(app, Mapping) else isinstance(part, int) and part < len(app)
        if not there:
            return REMOVED
        app = app[part]
    return app


def values_at(app: Mapping[str, Any], path: Path) -> list[Any]:
    """What a place may hold instead: values that other apps have there, others of its kind, nothing; not all valid."""
    now = at(app, path)
    known = (*_donors().get(_place(path), ()), *others(None if now is REMOVED else now))
    return [*(value for value in known if value != now), *([] if now is REMOVED else [REMOVED])]


@st.composite
def change(draw: st.DrawFn, app: Mapping[str, Any]) -> Change:
    """Another value for one place of an app; it need not be valid."""
    path = draw(st.sampled_from(changes_of(app)))
    return path, draw(st.sampled_from(values_at(app, path)))


def with_change(app: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any] | None:
    """The app with another value at one place, where it is valid then."""
    made = changed(app, *path, to=value if value is REMOVED else copy.deepcopy(value))
    return made if spec_of(made) else None


@st.composite
def apps(draw: st.DrawFn) -> dict[str, Any]:
    """A valid spec as a user writes it."""
    app = draw(st.sampled_from(bases()))
    for _ in range(draw(st.integers(0, 5))):
        app = with_change(app, *draw(change(app))) or app
    return app


@st.composite
def deliveries(draw: st.DrawFn) -> DeliverySpec:
    """An engine, a router and a metric provider, configured."""
    return draw(st.sampled_from(_deliveries(draw(st.integers(0, len(_combinations()) - 1)))))


def outcome(app: Mapping[str, Any], delivery: DeliverySpec) -> Compiled | list[Problem]:
    """The objects of a valid spec, or why it has none. Any other error than the one for mistakes is raised."""
    spec = AppSpec.model_validate(app)
    try:
        return compile_app(LoadedApp(spec, Origin(FILE, label=spec.name)), delivery)
    except SpecError as error:
        return error.problems
