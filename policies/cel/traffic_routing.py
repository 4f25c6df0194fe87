"""Traffic in CEL: what a canary of Argo Rollouts needs so that its router does what the steps say."""

from collections.abc import Mapping

from ..expressions import Cel, Said, any_of
from ..rollouts import ROLLOUT
from ..steps_in_cel import CANARY, STEPS
from ..steps_in_cel import ROLLOUT as OF_ROLLOUT

_PLUGIN = "argoproj-labs/gatewayAPI"
_BOTH = {"setHeaderRoute": ("istio", "alb", "apisix", "plugins"), "setMirrorRoute": ("istio", "plugins")}
_PING_PONG = ("alb", "istio", "plugins")
_IDEMPOTENT = ("GET", "HEAD", "OPTIONS")
_C = "spec.strategy.canary"
_ROUTING = f"{_C}.trafficRouting"
_WHOLE = {
    **OF_ROLLOUT,
    # As plain data: the definition lists the routers that it knows, and plug-ins are of no type.
    "routing": "dyn(object).spec.?strategy.?canary.?trafficRouting.orValue({})",
    "routers": "variables.routing.filter(k, !(k in ['managedRoutes', 'maxTrafficWeight']))",
    "plugged": f"variables.routing.?plugins[?'{_PLUGIN}'].hasValue()",
    "plugin": f"variables.routing.?plugins[?'{_PLUGIN}'].orValue({{}})",
    "replicas": "double(object.spec.?replicas.orValue(1))",
    "pods": "variables.steps.map(s, double(s.?setWeight.orValue(0)) * variables.replicas / 100.0)",
    "by_pods": "variables.canary && size(variables.routers) == 0 && !object.spec.?workloadRef.hasValue() && "
    "variables.replicas != 0.0",
    "declared": f"{CANARY}.?trafficRouting.?managedRoutes.orValue([]).map(r, r.?name.orValue(''))",
    "peopled": "variables.steps.transformList(i, s, s.?setCanaryScale.?weight.orValue(0) > 0 || "
    "s.?setCanaryScale.?replicas.orValue(0) > 0 || s.?setWeight.orValue(0) > 0, i)",
    "routed": "variables.steps.transformList(i, s, size(s.?setHeaderRoute.?match.orValue([])) > 0 || "
    "(size(s.?setMirrorRoute.?match.orValue([])) > 0 && s.?setMirrorRoute.?percentage.orValue(1) != 0), i)",
}
_ENDED = {
    "nginx": "the Gateway API, ingress-nginx ended in March 2026",
    "appMesh": "Istio or the Gateway API, App Mesh ends on 30 September 2026",
    "smi": "the Gateway API, the Service Mesh Interface is archived",
}


def _said(broken: str) -> Said:
    return (Cel(kinds=(ROLLOUT,), variables=_WHOLE, broken=broken),)


def _each(wrong: str, text: str) -> Said:
    """One violation for each step of which something is true."""
    return _said(f"variables.steps.transformList(i, s, {wrong}, '{STEPS}' + string(i) + ']{text}')")


def _of_pods(size: str) -> Said:
    return _each(
        "variables.by_pods && has(s.setWeight) && s.setWeight > 0 && s.setWeight < 100 && variables.pods[i] != "
        f"double(int(variables.pods[i])) && variables.pods[i] {size}",
        ".setWeight is ' + string(variables.pods[i]) + ' pods of ' + string(variables.replicas) + '; name a router in "
        "trafficRouting, or choose weights that are whole numbers of pods",
    )


CEL: Mapping[str, Said] = {
    "weight-has-a-pod": _of_pods("< 1.0"),
    "weight-is-whole-pods": _of_pods(">= 1.0"),
    "routes-declared": _each(
        " || ".join(f"(has(s.{one}) && !(s.{one}.?name.orValue('') in variables.declared))" for one in _BOTH),
        f" sets a route that is not among the managed ones, which the controller refuses; add its name to {_ROUTING}."
        "managedRoutes",
    ),
    "idempotent-copies": _each(
        f"s.?setMirrorRoute.?match.orValue([]).exists(m, !(m.?method.?exact.orValue('') in {any_of(_IDEMPOTENT)}))",
        ".setMirrorRoute also copies requests that change something, which then happens twice; let each match have "
        "method.exact: GET",
    ),
    "ping-pong": _said(
        f"!{CANARY}.?pingPong.hasValue() ? [] : size(variables.routers) == 0 || variables.routers.exists(r, "
        f"!(r in {any_of(_PING_PONG)})) ? ['{_C}.pingPong is set for a router that cannot do it; name a stableService "
        f"and a canaryService instead'] : {CANARY}.?trafficRouting.?alb.hasValue() && "
        f"!{CANARY}.?trafficRouting.?alb.?rootService.hasValue() ? ['{_C}.pingPong is set without a root Service for "
        f"the ALB; set {_ROUTING}.alb.rootService'] : []"
    ),
    "no-copies-by-plugin": _each(
        "variables.plugged && has(s.setMirrorRoute)",
        ".setMirrorRoute is accepted by the Gateway API plug-in, and nothing is copied; take the step out, or use a "
        "router that copies, such as Istio",
    ),
    "plugin-knows-route": _each(
        "has(s.setHeaderRoute) && variables.plugged && !has(variables.plugin.httpRoute) && "
        "!variables.plugin.?httpRoutes.orValue([]).exists(r, r.?useHeaderRoutes.orValue(false))",
        ".setHeaderRoute is for a route that the plug-in is not told; set httpRoute, or useHeaderRoutes on one of "
        "httpRoutes",
    ),
    "pods-before-route": _said(
        "size(variables.routed) > 0 && (size(variables.peopled) == 0 || variables.routed[0] < variables.peopled[0]) ? "
        f"['{STEPS}' + string(variables.routed[0]) + '] comes before there are pods of the new version, so that "
        "requests fail; put a setCanaryScale before it'] : []"
    ),
    "plugin-has-services": _said(
        "size(variables.routing.?plugins.orValue({})) > 0 && "
        f"!{CANARY}.?pingPong.hasValue() && !({CANARY}.?stableService.hasValue() && "
        f"{CANARY}.?canaryService.hasValue()) ? ['a plug-in of a router is used without both Services, which nobody "
        f"checks; set {_C}.stableService and canaryService'] : []"
    ),
    "services-have-router": _said(
        f"{CANARY}.?stableService.hasValue() && {CANARY}.?canaryService.hasValue() && size(variables.routers) == 0 ? "
        f"['{_C} names two Services and no router, so that nothing splits the traffic between them; name a router in "
        f"{_ROUTING}, or leave the Services out'] : []"
    ),
    "alb-takes-turns": _said(
        f"{CANARY}.?trafficRouting.?alb.hasValue() && !{CANARY}.?pingPong.hasValue() ? ['{_C} has an ALB and no "
        "pingPong: at promotion requests go to pods that are not registered yet; name two Services in pingPong, and "
        "the root Service in alb.rootService'] : []"
    ),
    "routers-can-route": _each(
        " || ".join(
            f"(has(s.{one}) && variables.routers.exists(r, !(r in {any_of(able)})))" for one, able in _BOTH.items()
        ),
        f" is for a router that cannot do it, and takes no notice; use one of {', '.join(_BOTH['setMirrorRoute'])}, or "
        "take the step out",
    ),
    "router-lives-on": _said(
        " + ".join(
            f"('{name}' in variables.routers ? ['{_ROUTING}.{name} is of a project that has ended; move to {instead}'] "
            ": [])"
            for name, instead in _ENDED.items()
        )
    ),
}
