"""The objects of many apps on every engine and router, and how to look into them: what no trap may be found in."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from components.compile import Compiled

from .drawn import bases, changes_of, outcome, values_at, with_change
from .variants import Combination, supported

Object = Mapping[str, Any]
_EVERY = 2
"""Of the apps in which one key is changed, every other one: enough to meet every kind of change, and quick."""


@cache
def made() -> tuple[Compiled, ...]:
    """Every app on one combination of each engine and router, and apps with one change on all combinations in turn."""
    return tuple(one for one in _outcomes() if isinstance(one, Compiled))


def _outcomes() -> Iterator[Any]:
    pairs: dict[tuple[str, str], Combination] = {}
    for one in supported():
        pairs.setdefault((one.engine.kind, one.router.kind), one)
    for app in bases():
        yield from (outcome(app, one.delivery) for one in pairs.values())
    for number, app in enumerate(_changed()):
        if number % _EVERY == 0:
            yield outcome(app, supported()[number // _EVERY % len(supported())].delivery)


def _changed() -> Iterator[dict[str, Any]]:
    for app in bases():
        for path in changes_of(app):
            for value in values_at(app, path)[:2]:
                changed = with_change(app, path, value)
                if changed:
                    yield changed


def objects(kind: str) -> list[dict[str, Any]]:
    """Every object of a kind. Raises LookupError where there is none: a rule about nothing proves nothing."""
    found = [one for app in made() for one in app.manifests if one["kind"] == kind]
    if not found:
        raise LookupError(f"no app has a {kind}")
    return found


def canaries() -> list[Object]:
    """Every `strategy.canary` of a Rollout."""
    return [one["spec"]["strategy"]["canary"] for one in objects("Rollout") if "canary" in one["spec"]["strategy"]]


def steps() -> list[list[Object]]:
    """The steps of every one of them."""
    return [one["steps"] for one in canaries()]


def analyses() -> list[tuple[str, Object]]:
    """Provider and `analysis` of every Canary of Flagger's."""
    return [(one["spec"]["provider"], one["spec"]["analysis"]) for one in objects("Canary")]


def routing(canary: Object) -> dict[str, Any]:
    """What steers the traffic of a canary, without what is said about all routers."""
    beside = ("managedRoutes", "maxTrafficWeight")
    return {name: one for name, one in canary.get("trafficRouting", {}).items() if name not in beside}


def routers(canary: Object) -> set[str]:
    """The keys of all routers that steer a canary; of plug-ins their names."""
    return {*routing(canary).keys() - {"plugins"}, *routing(canary).get("plugins", {})}


def plugin(canary: Object, name: str) -> Any:
    """The configuration of a router plug-in; None where another router is used."""
    return next((one for key, one in routing(canary).get("plugins", {}).items() if name in key.lower()), None)


def with_key(data: Any, key: str) -> Iterator[Any]:
    """Every mapping that has a key, at any depth."""
    if isinstance(data, Mapping):
        if key in data:
            yield data
        for value in data.values():
            yield from with_key(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from with_key(value, key)
