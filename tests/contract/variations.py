"""Every key of an app's spec, changed one at a time, as a user would: what a change may do is for the tests to say."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from components.spec.app import AppSpec
from components.spec.base import json_schema
from components.spec.cluster import DeliverySpec
from components.spec.load import load_stack
from tests.specs import EXAMPLES, REMOVED, SCENARIOS, changed, example_app
from tests.unit.spec.schema_places import places

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]
FREE = "some-name"
"""Stands for any key of a mapping whose keys users choose."""

IDENTITY = frozenset({("name",), ("namespace",), ("workload", "existing", "selector")})
"""Another name makes other objects, so there is nothing in them to be dropped; no object changes its selector."""

RENDERED = (("workload", "chart"), ("workload", "kustomize"))
"""What a chart or an overlay renders stands in the place of these, as tests/unit/spec/test_packaged.py sees."""

SINGLE = frozenset(
    {
        ("delivery", "strategy"),
        # Where the one is valid, replicas or scaling are not.
        ("workload", "kind"),
        ("workload", "existing"),
        # Of these only what is inside them.
        ("delivery", "cohort"),
        ("delivery", "cohort", "cookie"),
        ("delivery", "steps", 0, "audience", "cookie"),
        ("delivery", "steps", 0, "experiment"),
        ("delivery", "analysis", "checks", 0, "kind"),
        ("workload", "ports", 0, "protocol"),
        # Another kind has other keys.
        ("scaling", "kind"),
        ("scaling", "triggers", 0, "kind"),
    }
)
"""Keys that have one valid value where all other keys stay as they are."""


@dataclass(frozen=True)
class Variation:
    """Fields: `path`: the changed key, as in the schema; `before`, `after`: the app's spec."""

    path: Path
    before: AppSpec
    after: AppSpec

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.path)


def keys() -> set[Path]:
    """Every key that can be written in an app."""
    return {(*place.path, place.key) for place in places(json_schema(AppSpec))}


@cache
def variations() -> tuple[Variation, ...]:
    """At least one valid change of every key that any of the apps has; where a key was absent, it is added."""
    known = keys()
    found: list[Variation] = []
    for app in all_bases():
        before = AppSpec.model_validate(app)
        for path, value in written(app, ()):
            place = _in_schema(path, known)
            if place is None or place in IDENTITY:
                continue
            distinct = (changed(app, *path, to=other) for other in (*others(value), REMOVED) if other != value)
            after = next(_valid(AppSpec, distinct), None)
            if after is not None and after != before:
                found.append(Variation(place, before, after))
    return tuple(found)


def delivery_variations(delivery: DeliverySpec) -> list[tuple[str, DeliverySpec]]:
    """A valid change of every key of engine, router and metric provider, each with its path."""
    data = delivery.model_dump(mode="json")
    found = []
    for path, value in written(data, ()):
        if len(path) > 1 and path[0] in ("engine", "router", "metrics") and path[-1] != "kind":
            tried = (changed(data, *path, to=other) for other in others(value))
            other = (one for one in _valid(DeliverySpec, tried) if one != delivery)
            found += [(".".join(map(str, path)), one) for one in islice(other, 1)]
    choosable = {part for part in ("router", "metrics") if len(data[part]) > 1}
    assert {path.split(".")[0] for path, _ in found} >= choosable
    return found


def all_bases() -> Iterator[dict[str, Any]]:
    """The examples, and apps that hold what none of them has."""
    shop = example_app()
    yield from (example_app(name) for name in SCENARIOS if name != "packaged")
    yield from (
        app for name in ("adoption", "autoscaled", "both-engines", "strategies", "gates") for app in all_apps(name)
    )
    yield from packaged()
    everybody = {
        "weight": 5,
        "hold": "9m",
        "approval": False,
        "scale": "30%",
        "mirror": {"share": "9%", "methods": ["GET"]},
    }
    cookies = {"cookie": {"name": "beta", "value": "on"}}
    yield changed(shop, "delivery", "steps", to=[{**everybody, "audience": cookies}])
    prefixes = {"headers": {"x-a": {"regex": "a|b"}, "x-b": {"prefix": "a"}, "x-c": {"exact": "c"}}}
    yield changed(shop, "delivery", "steps", to=[{**everybody, "audience": prefixes}])
    for strategy in (
        {"strategy": "ab", "cohort": cookies},
        {"strategy": "ab", "cohort": prefixes},
        {"strategy": "mirror"},
    ):
        chosen = {**strategy, "scale": "30%", "approval": False, "hold": "9m", "analysis": shop["delivery"]["analysis"]}
        yield changed(shop, "delivery", to={**chosen, "rollback": {"deadline": "9m", "keep_old_pods": "20s"}})
    switched = {"strategy": "blue-green", "approval": False, "hold": "9m", "analysis": shop["delivery"]["analysis"]}
    yield changed(shop, "delivery", to={**switched, "engine": "argo-rollouts", "rollback": {"deadline": "9m"}})
    yield changed(shop, "traffic", to={"hosts": ["shop.example.com"], "routers": ["nginx", "linkerd"]})
    expressions = {"path": {"regex": "/[a-z]+"}, "headers": {"x-a": {"regex": "a|b"}, "x-b": {"prefix": "a"}}}
    yield changed(shop, "traffic", "match", to=[expressions])
    timing = {"initial_delay": "1s", "period": "5s", "timeout": "2s", "failures": 4}
    for asked in ({"http": "/healthz", "port": 8081}, {"tcp": 8080}, {"grpc": 9000}, {"exec": ["true"]}):
        probes = {name: {**asked, **timing} for name in ("readiness", "liveness", "startup")}
        yield changed(shop, "workload", "probes", to=probes)
    yield changed(shop, "workload", "resources", to={"limits": {"cpu": "2"}})
    yield changed(shop, "workload", "service_account", to={"existing": "shared"})
    full = {**shop["delivery"], "strategy": "canary", "rollback": {"deadline": "9m", "keep_old_pods": "20s"}}
    yield changed(shop, "delivery", to=full)
    security = {"run_as_non_root": True, "seccomp": "RuntimeDefault", "allow_privilege_escalation": False}
    yield changed(shop, "workload", "security", to={**security, "read_only_root_filesystem": True})
    yield changed(shop, "disruption", to={"max_unavailable": 2, "zones": "any", "nodes": "prefer"})
    everything = ["started", "promoted", "aborted"]
    yield changed(shop, "notify", to=[{"channel": "slack", "events": everything}, {"channel": "teams"}])
    yield from (changed(shop, "delivery", "analysis", "checks", to=[check]) for check in _checks())


def _checks() -> Iterator[dict[str, Any]]:
    """Checks that hold what none of the examples has."""
    shared = {"provider": "prometheus", "on_no_data": "abort"}
    own = {"kind": "query", "name": "depth", "query": 'max(depth{pod=~"{{pods}}"})', "min": 1, "max": 5, "unit": "m"}
    yield {**own, **shared, "compared_with_stable": {"factor": 2}}
    yield {**own, **shared, "compared_with_stable": {"difference": 2}}
    yield {**own, "query": "max(depth)", "not_per_version": "one queue"}
    yield {"kind": "error_rate", "max": "2%", **shared, "compared_with_stable": {"difference": "1%"}}
    yield {"kind": "latency", "max": "2s", **shared, "compared_with_stable": {"difference": "1s"}}
    yield {"kind": "cpu", "max": "1", **shared, "compared_with_stable": {"difference": 1}}
    yield {"kind": "memory", "max": "1Gi", **shared, "compared_with_stable": {"difference": 1}}
    yield {"kind": "restarts", "max": 1, **shared}


def packaged() -> Iterator[dict[str, Any]]:
    """The apps of a chart and of an overlay, with what was rendered in the place of these."""
    root = EXAMPLES / "packaged"
    loaded = load_stack(root, root / "stacks/Pulumi.example.yaml").apps
    for app, one in zip(all_apps("packaged"), loaded, strict=True):
        given = one.spec.workload.model_dump(mode="json", exclude_unset=True)
        yield changed(app, "workload", to=given)


def all_apps(scenario: str) -> list[dict[str, Any]]:
    """Every app of an example, as it was written."""
    files = sorted((EXAMPLES / scenario / "apps").glob("**/*.yaml"))
    return [app for file in files for app in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def written(data: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every place of a spec with its value, from the outside in."""
    if path:
        yield path, data
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from written(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from written(value, (*path, index))


def _in_schema(path: Path, known: set[Path]) -> Path | None:
    """The key that a place belongs to; None for what lies inside plain data, such as a pod template."""
    place: Path = ()
    for part in path:
        step: str | int = 0 if isinstance(part, int) else part
        place = (*place, step) if isinstance(step, int) or (*place, step) in known else (*place, FREE)
    if place in known:
        return place
    return place[:-1] if place[:-1] in known else None


def others(value: Any) -> Iterator[Any]:
    """Other values of a kind, likely ones first; not all of them are valid everywhere."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, str):
        digits = [at for at, character in enumerate(value) if character in "12345678"]
        for at in reversed(digits):
            yield f"{value[:at]}{int(value[at]) + 1}{value[at + 1 :]}"
        yield from (f"{value}x", f"x{value}", f"{value}:9")
        yield from ("p90", "latency", "UDP", "memory", "Unconfined", "standard", "during", "prefer", "any", "hold")
    elif isinstance(value, list):
        yield value[:-1]
        yield [*value, copy.deepcopy(value[-1])] if value else ["x"]
    elif value is None:
        yield from ("x", "1s", 1, ["x"])
    elif isinstance(value, Mapping):
        for key in value:
            yield {other: kept for other, kept in value.items() if other != key}


def _valid(model: type[Model], data: Iterator[dict[str, Any]]) -> Iterator[Model]:
    for one in data:
        try:
            yield model.model_validate(one)
        except ValidationError:
            continue
