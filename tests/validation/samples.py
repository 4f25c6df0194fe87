"""For every rule, Rollouts that keep it at its edge, and Rollouts that break it and nothing else.

Each begins as what is made of an app, and is changed in one or two places.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from components.compile import Compiled
from tests.contract.drawn import outcome
from tests.contract.variants import supported
from tests.specs import EXAMPLES, REMOVED, changed, example_app

from .rolled import Rolled

Changes = Mapping[str, Any]
"""By place, as `Kind.key.key`, what stands there instead; REMOVED where nothing does."""

_CANARY = "Rollout.spec.strategy.canary"
_STEPS = f"{_CANARY}.steps"
_ROUTING = f"{_CANARY}.trafficRouting"
_SWITCH = "Rollout.spec.strategy.blueGreen"
_METRIC = "AnalysisTemplate.spec.metrics.0"
_TURNS = {"pingService": "shop-stable", "pongService": "shop-canary"}
_NO_SERVICES = {f"{_CANARY}.canaryService": REMOVED, f"{_CANARY}.stableService": REMOVED}
_UNROUTED = {_ROUTING: REMOVED, f"{_CANARY}.scaleDownDelaySeconds": REMOVED}
_ALB = {"alb": {"ingress": "none", "servicePort": 80}}
_ROOTED = {"alb": {**_ALB["alb"], "rootService": "shop"}}
_PLUGIN = {"plugins": {"argoproj-labs/gatewayAPI": {}}}
_BY_EXACT, _BY_PREFIX = {"exact": "staff"}, {"prefix": "st"}


@dataclass(frozen=True)
class Sample:
    """Fields: `rule`: the one it is about; `app`: what it begins as; `changes`; `kept`: whether it keeps the rule."""

    rule: str
    app: str
    changes: Changes
    kept: bool

    def __str__(self) -> str:
        number = SAMPLES.index(self)
        return f"{self.rule}-{'kept' if self.kept else 'broken'}-{number}"

    def rolled(self) -> Rolled:
        """The objects, changed."""
        made: list[dict[str, Any]] = copy.deepcopy(list(_made(self.app).manifests))
        for place, value in self.changes.items():
            kind, *keys = place.split(".")
            path = [int(key) if key.isdigit() else key for key in keys]
            index = next(at for at, one in enumerate(made) if one["kind"] == kind)
            made[index] = changed(made[index], *path, to=value)
        return Rolled(made)


@cache
def _made(app: str) -> Compiled:
    router = "nginx" if app == "ingress" else "istio"
    [delivery] = [
        one.delivery
        for one in supported()
        if (one.engine.kind, one.router.kind, one.metrics.kind) == ("argo-rollouts", router, "prometheus")
    ]
    made = outcome(_example(app), delivery)
    if not isinstance(made, Compiled):
        raise TypeError(f"{app}: {made}")
    return made


def _example(app: str) -> dict[str, Any]:
    if app != "switch":
        return example_app()
    text = (EXAMPLES / "strategies/apps/blue-green.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _of(rule: str, kept: Sequence[Changes], refused: Sequence[Changes], app: str = "canary") -> Iterator[Sample]:
    yield from (Sample(rule, app, one, True) for one in kept)
    yield from (Sample(rule, app, one, False) for one in refused)


def _steps(*steps: Mapping[str, Any], **routing: Any) -> Changes:
    return {_STEPS: list(steps), **({_ROUTING: routing} if routing else {})}


def _header(value: Mapping[str, str], **routing: Any) -> Changes:
    route = {"name": "staff", "match": [{"headerName": "x-user", "headerValue": dict(value)}]}
    return _steps({"setHeaderRoute": route}, managedRoutes=[{"name": "staff"}], **routing)


def _mirror(**routing: Any) -> Changes:
    return _steps({"setMirrorRoute": {"name": "copy"}}, managedRoutes=[{"name": "copy"}], **routing)


def _experiment(**routing: Any) -> Changes:
    experiment = {"duration": "1m", "templates": [{"name": "new", "specRef": "canary", "weight": 5}]}
    return _steps({"experiment": experiment}, **routing)


def _spec() -> Iterator[Sample]:
    spec = "Rollout.spec"
    empty = {f"{spec}.strategy": {}}
    both = {_SWITCH: {"activeService": "shop-stable", "previewService": "shop-canary"}}
    yield from _of("one_strategy", [{}], [empty, both])
    reference = {f"{spec}.workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}}
    # Without pods to compare with, the linter must find no Service.
    lonely = {**reference, **_NO_SERVICES, **_UNROUTED}
    referring = {**lonely, f"{spec}.template": REMOVED}
    no_selector = {f"{spec}.selector": REMOVED}
    yield from _of("a_selector_or_a_reference", [{}, {**referring, **no_selector}], [no_selector])
    yield from _of("no_template_beside_a_reference", [referring], [lonely])
    deadline, ready = f"{spec}.progressDeadlineSeconds", f"{spec}.minReadySeconds"
    yield from _of(
        "a_deadline_longer_than_pods_need_to_be_ready",
        [{deadline: 11, ready: 10}, {deadline: REMOVED, ready: 599}],
        [{deadline: 10, ready: 10}, {deadline: REMOVED, ready: 600}],
    )


def _switches() -> Iterator[Sample]:
    same = {f"{_SWITCH}.previewService": "blue-green-stable", f"{_SWITCH}.activeService": "blue-green-stable"}
    yield from _of("a_preview_other_than_the_active_service", [{}], [same], "switch")
    staying = f"{_SWITCH}.scaleDownDelayRevisionLimit"
    unsaid = {"Rollout.spec.revisionHistoryLimit": REMOVED}
    yield from _of(
        "as_many_revisions_as_stay_after_a_switch",
        [{staying: 5}, {staying: 10, **unsaid}],
        [{staying: 6}, {staying: 11, **unsaid}],
        "switch",
    )


def _services() -> Iterator[Sample]:
    surge, unavailable = f"{_CANARY}.maxSurge", f"{_CANARY}.maxUnavailable"
    yield from _of(
        "pods_may_be_added_or_taken",
        [{surge: 0, unavailable: 1}, {surge: "1%", unavailable: "0%"}, {surge: REMOVED, unavailable: 0}],
        [{surge: 0, unavailable: 0}, {surge: "0%", unavailable: 0}],
    )
    same = {f"{_CANARY}.canaryService": "shop-stable", _ROUTING: _PLUGIN}
    yield from _of("a_canary_service_other_than_the_stable", [{_ROUTING: _PLUGIN}], [same])
    turns = {f"{_CANARY}.pingPong": _TURNS, **_NO_SERVICES}
    subsets = {"name": "shop", "canarySubsetName": "canary", "stableSubsetName": "stable"}
    by_subsets = {"istio": {"virtualService": {"name": "none"}, "destinationRule": subsets}}
    routers: list[Mapping[str, Any]] = [
        {"smi": {}},
        {"nginx": {"stableIngress": "none"}},
        {"apisix": {"route": {"name": "none"}}},
        {"ambassador": {"mappings": ["none"]}},
        {"appMesh": {"virtualService": {"name": "none"}}},
        {"traefik": {"weightedTraefikServiceName": "none"}},
        _ALB,
        {"istio": {"virtualService": {"name": "none"}}},
    ]
    yield from _of(
        "both_services_for_what_routes_by_them",
        [*({_ROUTING: one} for one in routers), *({**_NO_SERVICES, _ROUTING: one} for one in (_PLUGIN, by_subsets))],
        [{**_NO_SERVICES, _ROUTING: one} for one in routers],
    )
    yield from _of(
        "services_take_turns_behind_alb_or_istio_alone",
        [{**turns, _ROUTING: _ROOTED}, turns],
        [{**turns, _ROUTING: _PLUGIN}],
    )
    yield from _of(
        "two_services_take_turns",
        [turns],
        [
            {**turns, f"{_CANARY}.pingPong": {**_TURNS, "pongService": "shop-stable"}, _ROUTING: _ROOTED},
            {**turns, f"{_CANARY}.pingPong": {"pingService": "shop-stable"}, _ROUTING: _ROOTED},
        ],
    )
    yield from _of("a_root_service_for_turns_behind_alb", [{**turns, _ROUTING: _ROOTED}], [{**turns, _ROUTING: _ALB}])
    delay, shrinks = f"{_CANARY}.scaleDownDelaySeconds", f"{_CANARY}.dynamicStableScale"
    yield from _of("old_pods_stay_only_behind_a_router", [_UNROUTED, {delay: 0}], [{**_UNROUTED, delay: 30}])
    yield from _of(
        "stable_pods_shrink_only_behind_a_router",
        [{shrinks: True, delay: REMOVED}, {**_UNROUTED, shrinks: False}],
        [{**_UNROUTED, shrinks: True}],
    )
    yield from _of("stable_pods_shrink_or_stay", [{shrinks: False, delay: 30}], [{shrinks: True, delay: 30}])


def _canaries() -> Iterator[Sample]:
    nginx, istio = {"nginx": {"stableIngress": "none"}}, {"istio": {"virtualService": {"name": "none"}}}
    greatest = {"maxTrafficWeight": 1000}
    yield from _of(
        "a_greatest_weight_for_nginx_and_plug_ins_alone",
        [{_ROUTING: {**nginx, **greatest}}, {_ROUTING: {**_PLUGIN, **greatest}}],
        [{_ROUTING: {**istio, **greatest}}, {_ROUTING: {**_ALB, **greatest}}],
    )
    yield from _of(
        "weights_from_nothing_to_all",
        [_steps({"setWeight": 0}, {"setWeight": 100}), _steps({"setWeight": 1000}, **nginx, **greatest)],
        [_steps({"setWeight": -1}), _steps({"setWeight": 101}), _steps({"setWeight": 1001}, **nginx, **greatest)],
    )
    pause, scale = {"pause": {}}, {"setCanaryScale": {"replicas": 1}}
    analysis = {"analysis": {"templates": [{"templateName": "shop"}]}}
    yield from _of("a_step_does_something", [_steps(pause, scale)], [_steps({})])
    yield from _of(
        "a_step_is_of_one_kind",
        # Of these two the linter sees no mistake, and the controller carries out one: trap 1.
        [_steps({"setWeight": 5, **scale})],
        [_steps({"setWeight": 5, **pause}), _steps({**pause, **analysis}), _steps({"setWeight": 5, **analysis})],
    )
    yield from _of(
        "pods_are_scaled_apart_only_behind_a_router", [_steps(scale)], [{**_UNROUTED, **_steps(scale), **_NO_SERVICES}]
    )
    apisix = {"apisix": {"route": {"name": "none"}}}
    yield from _of(
        "header_routes_where_a_router_has_them",
        [_header(_BY_EXACT, **one) for one in (istio, _ALB, apisix, _PLUGIN)],
        [_header(_BY_EXACT, **nginx), _header(_BY_EXACT, smi={})],
    )
    yield from _of("alb_compares_whole_headers", [_header(_BY_PREFIX, **istio)], [_header(_BY_PREFIX, **_ALB)])
    both_ways = {**_BY_EXACT, **_BY_PREFIX}
    yield from _of("a_header_is_compared_in_one_way", [_header(_BY_PREFIX, **istio)], [_header(both_ways, **istio)])
    yield from _of(
        "mirror_routes_behind_istio_alone", [_mirror(**istio)], [_mirror(**nginx), _mirror(**_ALB), _mirror(**_PLUGIN)]
    )
    undeclared = {f"{_ROUTING}.managedRoutes": [{"name": "other"}]}
    unlisted = {f"{_ROUTING}.managedRoutes": REMOVED}
    yield from _of(
        "routes_of_steps_are_declared",
        [_header(_BY_EXACT, **istio), _mirror(**istio)],
        [
            {**one, **change}
            for one in (_header(_BY_EXACT, **istio), _mirror(**istio))
            for change in (undeclared, unlisted)
        ],
    )
    yield from _of(
        "experiments_get_traffic_where_a_router_can",
        [_experiment(**one) for one in (istio, _ALB, _PLUGIN, {"smi": {}})],
        [_experiment(**nginx), {**_experiment(), **_UNROUTED, **_NO_SERVICES}],
    )


def _references() -> Iterator[Sample]:
    labels = "Rollout.spec.template.metadata.labels"
    selector = "Service.spec.selector"
    stamped = {selector: {"app.kubernetes.io/name": "shop", "rollouts-pod-template-hash": "5b8"}}
    yield from _of(
        "services_select_the_pods",
        [{f"{labels}.more": "label"}, stamped],
        [{f"{selector}.more": "label"}, {f"{selector}.version": "1.0.0"}],
    )
    destinations, name = "VirtualService.spec.http.0.route", "VirtualService.spec.http.0.name"
    yield from _of(
        "a_virtual_service_leads_to_both_services",
        [{}],
        [{f"{destinations}.1": REMOVED}, {f"{destinations}.0.destination.host": "other"}, {name: "other"}],
        "canary",
    )
    backend = "Ingress.spec.rules.0.http.paths.0.backend.service.name"
    yield from _of("an_ingress_leads_to_the_stable_service", [{}], [{backend: "other"}], "ingress")
    count, argument = f"{_METRIC}.count", "AnalysisTemplate.spec.args.1.value"
    yield from _of(
        "an_analysis_in_the_foreground_ends",
        [{count: 1}, {count: REMOVED, f"{_METRIC}.interval": REMOVED}],
        [{count: REMOVED}, {argument: REMOVED}],
    )


def _metrics() -> Iterator[Sample]:
    def metric(**fields: Any) -> Changes:
        return {f"{_METRIC}.{key}": value for key, value in fields.items()}

    yield from _of(
        "an_interval_between_several_measurements",
        [metric(count=1, interval=REMOVED), metric(count=2)],
        [metric(count=2, interval=REMOVED)],
    )
    yield from _of(
        "enough_measurements_for_both_limits",
        [metric(count=3, failureLimit=1, consecutiveSuccessLimit=2), metric(count=2, failureLimit=2)],
        [metric(count=2, failureLimit=1, consecutiveSuccessLimit=2), metric(count=2, failureLimit=3)],
    )
    yield from _of(
        "enough_measurements_to_be_inconclusive",
        [metric(count=2, inconclusiveLimit=2)],
        [metric(count=2, inconclusiveLimit=3)],
    )
    yield from _of(
        "an_end_by_failures_or_by_successes",
        [metric(count=2, failureLimit=-1, consecutiveSuccessLimit=1)],
        [metric(count=2, failureLimit=-1)],
    )
    yield from _of(
        "no_limit_below_nothing",
        [metric(count=2, consecutiveErrorLimit=0)],
        [
            metric(count=2, consecutiveErrorLimit=-1),
            metric(count=2, inconclusiveLimit=-1),
            metric(count=2, failureLimit=-2, consecutiveSuccessLimit=1),
        ],
    )


SAMPLES = (*_spec(), *_switches(), *_services(), *_canaries(), *_references(), *_metrics())
