"""When Argo Rollouts refuses a Rollout by itself. Source: argo-rollouts v1.9.3, pkg/apis/rollouts/validation."""

from collections.abc import Iterable

from .rolled import STEPS, STEPS_OF_ONE_KIND, Object, Rolled
from .rule import Judge, rule

_READY, _DEADLINE, _REVISIONS, _SHARE = 0, 600, 10, "25%"
"""What the controller takes where nothing is written."""


@rule(Judge.LINTER)
def one_strategy(rolled: Rolled) -> bool:
    return len([one for one in ("canary", "blueGreen") if rolled.spec.get("strategy", {}).get(one) is not None]) == 1


@rule(Judge.LINTER)
def a_selector_or_a_reference(rolled: Rolled) -> bool:
    return "workloadRef" in rolled.spec or bool(rolled.spec.get("selector"))


@rule(Judge.LINTER)
def no_template_beside_a_reference(rolled: Rolled) -> bool:
    return not ("workloadRef" in rolled.spec and rolled.spec.get("template"))


@rule(Judge.LINTER)
def a_deadline_longer_than_pods_need_to_be_ready(rolled: Rolled) -> bool:
    deadline = rolled.spec.get("progressDeadlineSeconds", _DEADLINE)
    return bool(deadline > rolled.spec.get("minReadySeconds", _READY))


@rule(Judge.LINTER)
def a_preview_other_than_the_active_service(rolled: Rolled) -> bool:
    services = [rolled.blue_green.get(key) for key in ("activeService", "previewService")]
    return not rolled.blue_green or services[0] != services[1]


@rule(Judge.LINTER)
def as_many_revisions_as_stay_after_a_switch(rolled: Rolled) -> bool:
    staying = rolled.blue_green.get("scaleDownDelayRevisionLimit", 0)
    return bool(staying <= rolled.spec.get("revisionHistoryLimit", _REVISIONS))


@rule(Judge.LINTER)
def pods_may_be_added_or_taken(rolled: Rolled) -> bool:
    if not rolled.canary:
        return True
    return any(_number(rolled.canary.get(key, _SHARE)) for key in ("maxSurge", "maxUnavailable"))


def _number(amount: int | str) -> int:
    return int(str(amount).removesuffix("%"))


@rule(Judge.LINTER)
def a_canary_service_other_than_the_stable(rolled: Rolled) -> bool:
    canary, stable = (rolled.canary.get(key) for key in ("canaryService", "stableService"))
    return not canary or canary != stable


@rule(Judge.LINTER)
def both_services_for_what_routes_by_them(rolled: Rolled) -> bool:
    always = ("ambassador", "apisix", "appMesh", "nginx", "smi", "traefik")
    istio = rolled.routing.get("istio") or {}
    by_services = "istio" in rolled.routing and "destinationRule" not in istio
    needed = rolled.is_routed_by(*always)
    if "pingPong" not in rolled.canary:
        needed = needed or by_services or rolled.is_routed_by("alb")
    return not needed or all(rolled.canary.get(key) for key in ("canaryService", "stableService"))


@rule(Judge.LINTER)
def services_take_turns_behind_alb_or_istio_alone(rolled: Rolled) -> bool:
    return "pingPong" not in rolled.canary or not rolled.is_routed or rolled.is_routed_by("alb", "istio")


@rule(Judge.LINTER)
def two_services_take_turns(rolled: Rolled) -> bool:
    turns = rolled.canary.get("pingPong")
    if turns is None:
        return True
    ping, pong = turns.get("pingService"), turns.get("pongService")
    return bool(ping) and bool(pong) and ping != pong


@rule(Judge.LINTER)
def a_root_service_for_turns_behind_alb(rolled: Rolled) -> bool:
    alb = rolled.routing.get("alb")
    return "pingPong" not in rolled.canary or alb is None or bool(alb.get("rootService"))


@rule(Judge.LINTER)
def old_pods_stay_only_behind_a_router(rolled: Rolled) -> bool:
    return rolled.is_routed or "scaleDownDelaySeconds" not in rolled.canary


@rule(Judge.LINTER)
def stable_pods_shrink_only_behind_a_router(rolled: Rolled) -> bool:
    return rolled.is_routed or not rolled.canary.get("dynamicStableScale")


@rule(Judge.LINTER)
def stable_pods_shrink_or_stay(rolled: Rolled) -> bool:
    return not (rolled.canary.get("dynamicStableScale") and "scaleDownDelaySeconds" in rolled.canary)


@rule(Judge.LINTER)
def a_greatest_weight_for_nginx_and_plug_ins_alone(rolled: Rolled) -> bool:
    return "maxTrafficWeight" not in rolled.routing or rolled.is_routed_by("nginx", "plugins")


@rule(Judge.LINTER)
def weights_from_nothing_to_all(rolled: Rolled) -> bool:
    greatest = rolled.routing.get("maxTrafficWeight", 100)
    return all(0 <= weight <= greatest for weight in _weights(rolled))


def _weights(rolled: Rolled) -> list[int]:
    return [step["setWeight"] for step in rolled.steps() if "setWeight" in step]


@rule(Judge.LINTER)
def a_step_does_something(rolled: Rolled) -> bool:
    return all(any(kind in step for kind in STEPS) for step in rolled.steps())


@rule(Judge.LINTER)
def a_step_is_of_one_kind(rolled: Rolled) -> bool:
    return all(len([kind for kind in STEPS_OF_ONE_KIND if kind in step]) <= 1 for step in rolled.steps())


@rule(Judge.LINTER)
def pods_are_scaled_apart_only_behind_a_router(rolled: Rolled) -> bool:
    return rolled.is_routed or not rolled.steps("setCanaryScale")


@rule(Judge.LINTER)
def header_routes_where_a_router_has_them(rolled: Rolled) -> bool:
    return not rolled.steps("setHeaderRoute") or rolled.is_routed_by("alb", "apisix", "istio", "plugins")


@rule(Judge.LINTER)
def alb_compares_whole_headers(rolled: Rolled) -> bool:
    if not rolled.is_routed_by("alb"):
        return True
    return all(set(value) == {"exact"} for value in _header_values(rolled))


@rule(Judge.LINTER)
def a_header_is_compared_in_one_way(rolled: Rolled) -> bool:
    return all(len(value) == 1 for value in _header_values(rolled))


def _header_values(rolled: Rolled) -> Iterable[Object]:
    return (match["headerValue"] for route in rolled.steps("setHeaderRoute") for match in route.get("match", []))


@rule(Judge.LINTER)
def mirror_routes_behind_istio_alone(rolled: Rolled) -> bool:
    return not rolled.steps("setMirrorRoute") or rolled.is_routed_by("istio")


@rule(Judge.LINTER)
def routes_of_steps_are_declared(rolled: Rolled) -> bool:
    declared = [one["name"] for one in rolled.routing.get("managedRoutes", [])]
    routes = [*rolled.steps("setHeaderRoute"), *rolled.steps("setMirrorRoute")]
    return not rolled.is_routed or all(route["name"] in declared for route in routes)


@rule(Judge.LINTER)
def experiments_get_traffic_where_a_router_can(rolled: Rolled) -> bool:
    weighed = [
        template for one in rolled.steps("experiment") for template in one.get("templates", []) if "weight" in template
    ]
    return not weighed or rolled.is_routed_by("alb", "istio", "plugins", "smi")
