"""All combinations of engine, router and metric provider that were discovered, each made from its own example."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.capability import Capability, Refused
from components.compile import compile_app, parts
from components.contracts import Engine, MetricProvider, Router
from components.discovery import FAMILIES, discover
from components.features import Feature
from components.plan import Plan, build_plan
from components.releases import FLAGGER
from components.spec.app import AppSpec
from components.spec.cluster import DeliverySpec
from components.spec.errors import SpecError
from components.spec.load import LoadedApp
from components.spec.origin import Origin
from components.spec.registry import VariantModel, kind_of, variants
from tests.specs import SCENARIOS, example_app

discover()

CHECKS: Mapping[str, Mapping[str, Any]] = {
    "error_rate": {"kind": "error_rate", "max": "0.5%"},
    **{f"latency-{q}": {"kind": "latency", "quantile": q, "max": "250ms"} for q in ("p50", "p90", "p95", "p99")},
    "cpu": {"kind": "cpu", "max": "750m"},
    "memory": {"kind": "memory", "max": "400Mi"},
    "restarts": {"kind": "restarts"},
}
"""One check of every built-in kind; test_check_kinds_are_all_here keeps this complete."""

CHOICES = ("engine", "router", "metrics")
"""The families of which a cluster has one each (or a first one); of channels it may have none or many."""

MODELS: list[tuple[str, type[VariantModel]]] = [
    (family, model) for family in FAMILIES for model in variants(family).values()
]
"""Family and class of every variant."""


def model_id(pair: tuple[str, type[VariantModel]]) -> str:
    """How a test names a variant."""
    return f"{pair[0]}-{pair[1].model_fields['kind'].default}"


@dataclass(frozen=True)
class Combination:
    """One choice of each kind."""

    engine: Engine
    router: Router
    metrics: MetricProvider

    def __str__(self) -> str:
        return f"{self.engine.kind}-{self.router.kind}-{self.metrics.kind}"

    @property
    def delivery(self) -> DeliverySpec:
        """As a stack names it, with all other routers beside, and a channel of every kind, named like its kind."""
        channels = {kind: example_of(model) for kind, model in variants("notify").items()}
        chosen = {"engine": self.engine, "router": self.router, "metrics": self.metrics}
        others = [example_of(model) for kind, model in variants("router").items() if kind != self.router.kind]
        return DeliverySpec.model_validate({**chosen, "other_routers": others, "channels": channels})


def example_of(model: type[VariantModel]) -> dict[str, Any]:
    """The example that a variant's file gives."""
    example: Mapping[str, Any] = vars(model)["EXAMPLE"]
    return dict(example)


FOR_FLAGGER = {"cloudwatch": {"region": "eu-central-1"}, "influxdb": {"address": "http://influxdb.monitoring.svc:8086"}}
"""What Flagger must be told beside the example, and Argo Rollouts must not."""


def combinations() -> Iterator[Combination]:
    """Every engine with every router and one provider, and with every provider and one router, supported or not.

    Neither family knows the other: what holds for both pairs holds for the three of them.
    """
    for engine in variants("engine").values():
        for router in variants("router").values():
            yield _combination(engine, router, variants("metrics")["prometheus"])
        for metrics in variants("metrics").values():
            if kind_of(metrics) != "prometheus":
                yield _combination(engine, variants("router")["istio"], metrics)


def _combination(*models: type[VariantModel]) -> Combination:
    examples = dict(zip(("engine", "router", "metrics"), map(example_of, models), strict=True))
    if examples["engine"]["kind"] == "flagger":
        examples["metrics"] |= FOR_FLAGGER.get(examples["metrics"]["kind"], {})
        needed = _versions_needed(models[1], models[2])
        examples["engine"] |= {"version": max(needed, key=_numbers)} if needed else {}
    engine, router, providers = parts(DeliverySpec.model_validate(examples))
    return Combination(engine, router, providers.first)


def _versions_needed(router: type[VariantModel], provider: type[VariantModel]) -> list[str]:
    """The versions since which Flagger knows the two, those beyond the pinned one."""
    cells: Mapping[Feature, Capability] = vars(router)["capabilities"].get("flagger", {})
    able = [cell.since for cell in cells.values() if not isinstance(cell, Refused)]
    since = (min(able, key=_numbers, default=""), getattr(provider, "flagger_since", ""))
    return [one for one in since if _numbers(one) > _numbers(FLAGGER.version.removeprefix("v"))]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part]


def supported() -> list[Combination]:
    """The combinations whose router can do something with the engine, and whose engine can ask the provider."""
    return [one for one in combinations() if _works(one) and isinstance(one.metrics, one.engine.metrics_contract)]


def _works(combination: Combination) -> bool:
    cells = combination.router.capabilities.get(combination.engine.kind, {})
    return any(not isinstance(cell, Refused) for cell in cells.values())


def together() -> Iterator[tuple[str, str]]:
    """Every two routers that Argo Rollouts could steer, in both orders."""
    able = [kind for kind, one in variants("router").items() if "argo-rollouts" in vars(one)["capabilities"]]
    yield from ((first, second) for first in able for second in able if first != second)


def possible(combination: Combination, plan: Plan) -> bool:
    """Whether a combination can do all that a plan needs, and measure all that it checks."""
    try:
        compile_app(LoadedApp(plan.app, Origin("apps/app.yaml")), combination.delivery)
    except SpecError:
        return False
    return True


def example_query(provider: type[MetricProvider] | MetricProvider) -> dict[str, Any]:
    """The `query` check that a provider's file gives."""
    return {"kind": "query", "name": "example", **provider.EXAMPLE_QUERY}


def both() -> list[tuple[Combination, Plan]]:
    """Every supported combination with every plan that it can do; each combination can do at least one."""
    found = [(one, plan) for one in supported() for plan in plans() if possible(one, plan)]
    idle = {str(one) for one in supported()} - {str(one) for one, _ in found}
    if idle:
        raise LookupError(f"no plan can be tried on {sorted(idle)}")
    return found


def plans() -> list[Plan]:
    """The plans of the examples' apps, one that checks everything, and simple ones."""
    # What a chart renders is a pod template; here nothing is loaded from files.
    apps = [example_app(name) for name in SCENARIOS if name != "packaged"]
    everything = example_app()
    everything["delivery"]["analysis"]["checks"] = [dict(check) for check in CHECKS.values()]
    uniform = example_app()
    uniform["delivery"]["steps"] = [{"weight": weight, "hold": "5m"} for weight in (5, 25, 50)]
    uniform["delivery"].pop("rollback", None)
    plain, inside = copy.deepcopy(uniform), copy.deepcopy(uniform)
    for one in (plain, inside):
        one["traffic"] = {"hosts": one["traffic"]["hosts"]}
    inside["traffic"]["hosts"] = [f"{inside['name']}.{inside['namespace']}.svc.cluster.local"]
    # Every weight is a whole number of pods.
    inside["replicas"] = 20
    switched = copy.deepcopy(inside)
    switched["traffic"]["hosts"] = [f"{inside['name']}-stable.{inside['namespace']}.svc.cluster.local"]
    switched["delivery"] = {"strategy": "blue-green", "hold": "5m", "analysis": plain["delivery"]["analysis"]}
    chosen = {"strategy": "ab", "cohort": {"headers": {"x-internal": {"exact": "yes"}}}, "hold": "5m"}
    cohort = {**plain, "delivery": {**chosen, "analysis": plain["delivery"]["analysis"]}}
    own = []
    for provider in variants("metrics").values():
        assert issubclass(provider, MetricProvider)
        asking = example_app()
        check = {**example_query(provider), "provider": kind_of(provider)}
        asking["delivery"]["analysis"] = {"interval": "1m", "checks": [check]}
        asking["delivery"]["steps"] = uniform["delivery"]["steps"]
        asking["delivery"].pop("rollback", None)
        own.append(asking)
    for app in apps:
        # Whatever engine an example chooses: each combination has one of its own.
        app["delivery"].pop("engine", None)
    return [
        build_plan(AppSpec.model_validate(app))
        for app in (*apps, everything, uniform, plain, inside, switched, cohort, *own)
    ]


def every_strategy() -> Iterator[Plan]:
    """An app without anything special, released in every way; once with a timeout, which some routers need."""
    plain = example_app()
    plain["traffic"] = {"hosts": plain["traffic"]["hosts"]}
    analysis = {"checks": [dict(CHECKS["error_rate"])]}
    steps = [{"weight": weight, "hold": "5m"} for weight in (25, 50)]
    headers, cookie = {"headers": {"x-beta": {"exact": "yes"}}}, {"cookie": {"name": "beta", "value": "always"}}
    releases: list[dict[str, Any]] = [
        {"steps": steps},
        {"steps": [{**steps[0], "audience": headers}, steps[1]]},
        {"steps": steps, "session_affinity": {"cookie": "version", "stable_may_drift": True}},
        {"strategy": "blue-green", "hold": "5m"},
        {"strategy": "ab", "hold": "5m", "cohort": headers},
        {"strategy": "ab", "hold": "5m", "cohort": cookie},
        {"strategy": "mirror", "hold": "5m", "copies": {"methods": "all"}},
    ]
    for release in releases:
        made = {**plain, "delivery": {**release, "analysis": analysis}}
        for traffic in (plain["traffic"], {**plain["traffic"], "timeout": "10s"}):
            yield build_plan(AppSpec.model_validate({**made, "traffic": traffic}))
