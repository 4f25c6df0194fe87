"""Traffic: what a canary of Argo Rollouts needs so that its router does what the steps say."""

from collections.abc import Iterator

from ..examples import ROLLOUT as GOOD
from ..examples import drop, put
from ..facts import KubeObject, items, shown
from ..reading import decided, read
from ..rollouts import CANARY, ROLLOUT, STEPS
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, Violation

_PLUGIN = "argoproj-labs/gatewayAPI"
_NO_ROUTER = ("managedRoutes", "maxTrafficWeight")
_BOTH = {"setHeaderRoute": ("istio", "alb", "apisix", "plugins"), "setMirrorRoute": ("istio", "plugins")}
_PING_PONG = ("alb", "istio", "plugins")
_IDEMPOTENT = ("GET", "HEAD", "OPTIONS")
_C = "spec.strategy.canary"
_ROUTING = f"{_C}.trafficRouting"


def _routers(rollout: KubeObject) -> list[str]:
    return [key for key in read(rollout)(*CANARY, "trafficRouting").keys if key not in _NO_ROUTER]


@decided
def weight_has_a_pod(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Without a router no weight is smaller than one pod's share."""
    yield from _judge_pods(rollout, too_small=True)


@decided
def weight_is_whole_pods(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Without a router a weight is a whole number of pods."""
    yield from _judge_pods(rollout, too_small=False)


def _judge_pods(rollout: KubeObject, too_small: bool) -> Iterator[Finding]:
    whole = read(rollout)
    if not whole(*CANARY).given or _routers(rollout) or whole("spec", "workloadRef").given:
        return
    given = whole("spec", "replicas")
    replicas = given.number if given.given else 1.0
    for step in whole(*STEPS).each:
        weight = step("setWeight")
        if not replicas or weight.number is None or not 0 < weight.number < 100:
            continue
        pods = weight.number * replicas / 100
        if (pods < 1) is too_small and pods % 1:
            said = (
                f"{weight.here} is {weight.shown} of {shown(replicas)} pods, which is {shown(round(pods, 2))} of a pod"
            )
            yield Violation(said, "name a router in trafficRouting, or choose weights that are whole numbers of pods")


@decided
def routes_declared(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The routes that steps set are in managedRoutes."""
    declared = {one("name").text for one in read(rollout)(*CANARY, "trafficRouting", "managedRoutes").each}
    for step in read(rollout)(*STEPS).each:
        for kind in _BOTH:
            name = step(kind, "name")
            if step(kind).given and name.text not in declared:
                said = f"the route of {step(kind).here} is not among the managed ones, which the controller refuses"
                yield Violation(said, f"add its name to {_ROUTING}.managedRoutes")


@decided
def idempotent_copies(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Only requests that change nothing are copied."""
    for step in read(rollout)(*STEPS).each:
        for match in step("setMirrorRoute", "match").each:
            method = match("method", "exact")
            if method.text not in _IDEMPOTENT:
                said = f"{match.here} also copies requests that change something, which then happens twice"
                yield Violation(said, f"set {match.here}.method.exact to GET")


@decided
def ping_pong(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Two Services take turns only where the router can, and with an ALB behind a root Service."""
    canary = read(rollout)(*CANARY)
    if not canary("pingPong").given:
        return
    others = [one for one in _routers(rollout) if one not in _PING_PONG]
    if others or not _routers(rollout):
        said = f"{canary('pingPong').here} is set for a router that cannot do it"
        yield Violation(said, "name a stableService and a canaryService instead")
    elif canary("trafficRouting", "alb").given and not canary("trafficRouting", "alb", "rootService").given:
        said = f"{canary('pingPong').here} is set without a root Service for the ALB"
        yield Violation(said, f"set {_ROUTING}.alb.rootService")


@decided
def no_copies_by_plugin(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The Gateway API plug-in is not asked to copy requests."""
    if not read(rollout)(*CANARY, "trafficRouting", "plugins", _PLUGIN).given:
        return
    for step in read(rollout)(*STEPS).each:
        if step("setMirrorRoute").given:
            said = f"{step('setMirrorRoute').here} is accepted by the Gateway API plug-in, and nothing is copied"
            yield Violation(said, "take the step out, or use a router that copies, such as Istio")


@decided
def plugin_knows_route(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The Gateway API plug-in is told which route takes the headers."""
    plugin = read(rollout)(*CANARY, "trafficRouting", "plugins", _PLUGIN)
    if not plugin.given or plugin("httpRoute").given:
        return
    if any(one("useHeaderRoutes").value is True for one in plugin("httpRoutes").each):
        return
    for step in read(rollout)(*STEPS).each:
        if step("setHeaderRoute").given:
            said = f"the plug-in is not told which route {step('setHeaderRoute').here} is for"
            yield Violation(said, f"set httpRoute, or useHeaderRoutes on one of httpRoutes, in {plugin.here}")


@decided
def pods_before_route(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """There are pods before chosen requests or copies are sent to them."""
    for step in read(rollout)(*STEPS).each:
        scale = step("setCanaryScale")
        if any((scale(key).number or 0) > 0 for key in ("weight", "replicas")) or (step("setWeight").number or 0) > 0:
            return
        for kind in _BOTH:
            if items(step(kind, "match").value) and step(kind, "percentage").value != 0:
                said = f"{step(kind).here} comes before there are pods of the new version, so that requests fail"
                yield Violation(said, "put a setCanaryScale before it")
                return


@decided
def plugin_has_services(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A router's plug-in gets both Services."""
    canary = read(rollout)(*CANARY)
    if canary("trafficRouting", "plugins").keys and not canary("pingPong").given:
        for name in ("stableService", "canaryService"):
            if not canary(name).given:
                said = f"a router's plug-in is used without {canary(name).here}, which nobody checks"
                yield Violation(said, f"set {canary(name).here}")


@decided
def services_have_router(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Services are named where a router splits between them."""
    canary = read(rollout)(*CANARY)
    if canary("stableService").given and canary("canaryService").given and not _routers(rollout):
        said = f"{canary.here} names two Services and no router, so that nothing splits the traffic between them"
        yield Violation(said, f"name a router in {_ROUTING}, or leave the Services out")


@decided
def alb_takes_turns(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Behind an ALB the two Services of a canary take turns."""
    canary = read(rollout)(*CANARY)
    if canary("trafficRouting", "alb").given and not canary("pingPong").given:
        said = f"{canary.here} has an ALB and no pingPong: at promotion requests go to pods that are not registered yet"
        yield Violation(said, f"name two Services in {canary.here}.pingPong, and the root Service in alb.rootService")


@decided
def routers_can_route(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Every router of a canary can do each of its steps."""
    routers = _routers(rollout)
    for step in read(rollout)(*STEPS).each:
        for kind, able in _BOTH.items():
            if step(kind).given and any(one not in able for one in routers):
                said = f"{step(kind).here} is for a router that cannot do it, and takes no notice"
                yield Violation(said, f"use one of {', '.join(able)}, or take the step out")


@decided
def router_lives_on(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The router is still maintained."""
    for name, instead in _ENDED.items():
        place = read(rollout)(*CANARY, "trafficRouting", name)
        if place.given:
            yield Violation(f"{place.here} is of a project that has ended", f"move to {instead}")


_ENDED = {
    "nginx": "the Gateway API; ingress-nginx ended in March 2026",
    "appMesh": "Istio or the Gateway API; App Mesh ends on 30 September 2026",
    "smi": "the Gateway API; the Service Mesh Interface is archived",
}
_POD = {"setCanaryScale": {"replicas": 1}}
_HEADER = {"setHeaderRoute": {"name": "beta", "match": [{"headerName": "x-beta", "headerValue": {"exact": "yes"}}]}}
_COPY = {"setMirrorRoute": {"name": "beta", "percentage": 50, "match": [{"method": {"exact": "GET"}}]}}
_MANAGED = put(GOOD, f"{_ROUTING}.managedRoutes", [{"name": "beta"}])


def _with(*steps: object, body: dict[str, object] = _MANAGED) -> dict[str, object]:
    return put(body, f"{_C}.steps", [*steps, *body["spec"]["strategy"]["canary"]["steps"]])  # type: ignore[index]


_PLUG = put(_MANAGED, _ROUTING, {"plugins": {_PLUGIN: {"httpRoute": "shop"}}, "managedRoutes": [{"name": "beta"}]})
_ALB = put(
    put(GOOD, _ROUTING, {"alb": {"ingress": "shop", "servicePort": 80, "rootService": "shop"}}),
    f"{_C}.pingPong",
    {"pingService": "shop-ping", "pongService": "shop-pong"},
)
_UNROUTED = drop(drop(drop(GOOD, _ROUTING), f"{_C}.stableService"), f"{_C}.canaryService")
_QUARTERS = [{"setWeight": 25}, {"pause": {"duration": "5m"}}]

RULES = (
    ObjectRule(
        id="weight-has-a-pod",
        code="T1",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A small weight has a router",
        why="Without a router a weight is a number of pods: 5 % of four pods is one in four, or none.",
        source="https://github.com/argoproj/argo-rollouts/issues/2281",
        fix="Name a router, or have so many pods that each weight is one of them at least.",
        kinds=(ROLLOUT,),
        check=weight_has_a_pod,
        passes=((GOOD,), (put(_UNROUTED, f"{_C}.steps", _QUARTERS),)),
        fails=((_UNROUTED,),),
    ),
    ObjectRule(
        id="weight-is-whole-pods",
        code="T13",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Without a router a weight is a whole number of pods",
        why="The controller rounds: what is asked for is not what the users get.",
        source="https://github.com/argoproj/argo-rollouts/issues/2281",
        fix="Choose weights that are whole numbers of pods, or name a router.",
        kinds=(ROLLOUT,),
        check=weight_is_whole_pods,
        passes=((GOOD,), (put(_UNROUTED, f"{_C}.steps", _QUARTERS),)),
        fails=((put(_UNROUTED, f"{_C}.steps", [{"setWeight": 30}]),),),
    ),
    ObjectRule(
        id="routes-declared",
        code="T3",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Routes that steps set are declared",
        why="The controller refuses a route that managedRoutes does not name, once the release is on its way.",
        source="Argo Rollouts, docs/features/traffic-management/index.md (managed routes)",
        fix="Name each route of a step in trafficRouting.managedRoutes.",
        kinds=(ROLLOUT,),
        check=routes_declared,
        passes=((_with(_POD, _HEADER),),),
        fails=((_with(_POD, _HEADER, body=GOOD),), (_with(_POD, _COPY, body=GOOD),)),
    ),
    ObjectRule(
        id="idempotent-copies",
        code="T6",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Only requests that change nothing are copied",
        why="A copied order is an order: the new version shares the data of the old one.",
        source="Argo Rollouts, docs/features/traffic-management/index.md (mirror)",
        fix="Copy requests with the methods GET or HEAD only.",
        kinds=(ROLLOUT,),
        check=idempotent_copies,
        passes=((_with(_POD, _COPY),),),
        fails=((_with(_POD, put(_COPY, "setMirrorRoute.match[0]", {"path": {"prefix": "/"}})),),),
    ),
    ObjectRule(
        id="ping-pong",
        code="T7",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Services take turns where the router can",
        why="Elsewhere the controller refuses it; with an ALB and no root Service nothing leads to either.",
        source="Argo Rollouts v1.9, pkg/apis/rollouts/validation/validation.go",
        fix="Use pingPong with Istio, a plug-in, or an ALB that has a rootService.",
        kinds=(ROLLOUT,),
        check=ping_pong,
        passes=((_ALB,), (put(GOOD, f"{_C}.pingPong", {"pingService": "a", "pongService": "b"}),)),
        fails=(
            (drop(_ALB, f"{_ROUTING}.alb.rootService"),),
            (put(_ALB, _ROUTING, {"nginx": {"stableIngress": "shop"}}),),
        ),
    ),
    ObjectRule(
        id="no-copies-by-plugin",
        code="T8",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The Gateway API plug-in copies nothing",
        why="The plug-in accepts the step and does nothing, so that a release passes on requests that never came.",
        source="argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi v0.15, pkg/plugin/plugin.go (SetMirrorRoute)",
        fix="Take the step out, or use a router that copies.",
        kinds=(ROLLOUT,),
        check=no_copies_by_plugin,
        passes=((_with(_POD, _HEADER, body=_PLUG),),),
        fails=((_with(_POD, _COPY, body=_PLUG),),),
    ),
    ObjectRule(
        id="plugin-knows-route",
        code="T9",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The Gateway API plug-in knows which route takes headers",
        why="Without httpRoute or useHeaderRoutes the header step changes no route.",
        source="argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi v0.15, docs/features/header-based-routing.md",
        fix="Set httpRoute, or useHeaderRoutes on one of httpRoutes.",
        kinds=(ROLLOUT,),
        check=plugin_knows_route,
        passes=((_with(_POD, _HEADER, body=_PLUG),),),
        fails=(
            (
                _with(
                    _POD, _HEADER, body=put(_PLUG, f"{_ROUTING}.plugins", {_PLUGIN: {"httpRoutes": [{"name": "shop"}]}})
                ),
            ),
        ),
    ),
    ObjectRule(
        id="pods-before-route",
        code="T10",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="There are pods before requests are sent to them",
        why="A header or mirror route is set at once, and the canary has no pods before its first weight or scale.",
        source="https://github.com/argoproj/argo-rollouts/issues/4486",
        fix="Put a setCanaryScale before the route.",
        kinds=(ROLLOUT,),
        check=pods_before_route,
        passes=((_with(_POD, _HEADER),), (_with(_POD, _COPY),)),
        fails=((_with(_HEADER),), (_with(_COPY),)),
    ),
    ObjectRule(
        id="plugin-has-services",
        code="T11",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A router's plug-in has both Services",
        why="The controller asks no plug-in whether it can work without them.",
        source="Argo Rollouts v1.9, pkg/apis/rollouts/validation/validation.go",
        fix="Set stableService and canaryService.",
        kinds=(ROLLOUT,),
        check=plugin_has_services,
        passes=((_PLUG,),),
        fails=((drop(_PLUG, f"{_C}.stableService"),), (drop(_PLUG, f"{_C}.canaryService"),)),
    ),
    ObjectRule(
        id="services-have-router",
        code="T12",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Two Services have a router between them",
        why="Without one the Services are kept up to date, and nothing splits the traffic.",
        source="https://github.com/argoproj/argo-rollouts/issues/1760",
        fix="Name a router, or leave the Services out.",
        kinds=(ROLLOUT,),
        check=services_have_router,
        passes=((GOOD,), (_UNROUTED,)),
        fails=((drop(GOOD, _ROUTING),),),
    ),
    ObjectRule(
        id="alb-takes-turns",
        code="T14",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Behind an ALB two Services take turns",
        why="Without it pods leave a target group before others have joined it, and requests fail at every promotion.",
        source="https://github.com/argoproj/argo-rollouts/issues/2864",
        fix="Use pingPong and a rootService.",
        kinds=(ROLLOUT,),
        check=alb_takes_turns,
        passes=((_ALB,),),
        fails=((drop(_ALB, f"{_C}.pingPong"),),),
    ),
    ObjectRule(
        id="routers-can-route",
        code="T16",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Each router can do each step",
        why="A router that cannot do a step is not asked: its users see nothing of it.",
        source="Argo Rollouts, docs/features/traffic-management/index.md",
        fix="Use routers that can do the step, or take it out.",
        kinds=(ROLLOUT,),
        check=routers_can_route,
        passes=((_with(_POD, _HEADER),),),
        fails=(
            (_with(_POD, _HEADER, body=put(_MANAGED, f"{_ROUTING}.nginx", {"stableIngress": "shop"})),),
            (_with(_POD, _COPY, body=put(_MANAGED, f"{_ROUTING}.alb", {"ingress": "shop", "servicePort": 80})),),
        ),
    ),
    ObjectRule(
        id="router-lives-on",
        code="T17",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="The router is maintained",
        why="A project that has ended gets no security fixes, and what follows takes time to move to.",
        source="https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/",
        fix="Move to the Gateway API or to a mesh that is maintained.",
        kinds=(ROLLOUT,),
        check=router_lives_on,
        passes=((GOOD,),),
        fails=((put(GOOD, _ROUTING, {"nginx": {"stableIngress": "shop"}}),),),
    ),
)
