"""Traffic: whether the Services and routes around a release are there, are its own, and take no one else's requests."""

from collections.abc import Iterator

from ..canaries import CANARY as FLAGGER
from ..examples import BLUE_GREEN as GOOD_SWITCH
from ..examples import CANARY as GOOD_CANARY
from ..examples import DEPLOYMENT, NEW, STABLE, VIRTUAL_SERVICE, drop, made, put, subject
from ..examples import ROLLOUT as GOOD
from ..facts import Kind, KubeObject
from ..pods import SERVICE, WORKLOADS, labels, template
from ..reading import Place, decided, read
from ..rollouts import BLUE_GREEN, CANARY, ROLLOUT
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, StackRule, Violation
from ..stack import Stack

_VIRTUAL = Kind("networking.istio.io", "VirtualService")
_GATEWAY = Kind("networking.istio.io", "Gateway")
_INGRESS = Kind("networking.k8s.io", "Ingress")
_ROUTE = Kind("gateway.networking.k8s.io", "HTTPRoute")
_DEPLOYMENT = Kind("apps", "Deployment")
_PLUGIN = "argoproj-labs/gatewayAPI"
_ALB = "kubernetes.io/ingress.class"
_ANY = ("*", "*/*", "./*")


@decided
def services_of_release(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A Rollout's Services are two, are in the stack, and take its pods."""
    pairs = (
        (read(rollout)(*CANARY), "stableService", "canaryService"),
        (read(rollout)(*CANARY, "pingPong"), "pingService", "pongService"),
        (read(rollout)(*BLUE_GREEN), "activeService", "previewService"),
    )
    for place, first, second in pairs:
        named = [one for one in (place(first), place(second)) if one.text]
        if len(named) > 1 and named[0].text == named[1].text:
            yield Violation(f"{named[0].here} and {named[1].here} are the same Service", "make one for each version")
            continue
        for one in named:
            yield from _judge_service(one, rollout, stack)


def _judge_service(named: Place, rollout: KubeObject, stack: Stack) -> Iterator[Violation]:
    service = stack.named(SERVICE, rollout.namespace, named.text)
    if not service:
        yield Violation(f"the Service of {named.here} is not in this stack", "add it, or name its file in the same run")
        return
    pods = template(rollout, stack)
    if pods is None:
        return
    labelled, selector = labels(pods), read(service)("spec", "selector")
    if any(labelled.get(key) != selector(key).value for key in selector.keys):
        yield Violation(f"{service} selects by a label that its pods do not have", "let it select the pods' own labels")


@decided
def hosts_are_named(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """No route takes the requests for every host."""
    spec = read(subject)("spec")
    hosts = [*spec("hosts").each, *spec("hostnames").each, *spec("service", "hosts").each]
    hosts += [host for server in spec("servers").each for host in server("hosts").each]
    for host in hosts:
        if host.text in _ANY:
            yield Violation(f"{host.here} takes the requests for every host", "name the hosts")
    for rule in spec("rules").each if subject.kind == _INGRESS else ():
        if rule("host").text in ("", *_ANY):
            yield Violation(f"{rule.here} takes the requests for every host", f"set {rule('host').here}")


@decided
def owned_fields_ignored(subject: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """Pulumi leaves to the controller what the controller writes; a file says nothing of that."""
    if subject.ignored is None:
        return
    owned = "spec.http" if subject.kind == _VIRTUAL else "spec.rules"
    if not any(owned == one or owned.startswith(f"{one}.") for one in subject.ignored):
        for rollout in stack.near(subject, ROLLOUT):
            if subject.name in _routes_of(rollout, subject.kind):
                said = f"{rollout} moves the weights in {owned}, which each update would set back"
                yield Violation(said, f"name {owned} in the resource's ignore_changes")


def _routes_of(rollout: KubeObject, kind: Kind) -> set[str]:
    """The names of the routes whose weights a Rollout moves."""
    routing = read(rollout)(*CANARY, "trafficRouting")
    if kind == _VIRTUAL:
        istio = routing("istio")
        return {istio("virtualService", "name").text, *(one("name").text for one in istio("virtualServices").each)}
    plugin = routing("plugins", _PLUGIN)
    return {plugin("httpRoute").text, *(one("name").text for one in plugin("httpRoutes").each)}


@decided
def no_switch_behind_alb(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """The active Service of a switch is not behind an ALB."""
    active = read(rollout)(*BLUE_GREEN, "activeService")
    if not active.text:
        return
    for ingress in stack.near(rollout, _INGRESS):
        spec = read(ingress)("spec")
        names = {read(ingress)("metadata", "annotations", _ALB).text, spec("ingressClassName").text}
        if "alb" not in names:
            continue
        backends = [path("backend") for rule in spec("rules").each for path in rule("http", "paths").each]
        if any(one("service", "name").text == active.text for one in (*backends, spec("defaultBackend"))):
            said = f"{ingress} leads to {active.here} by an ALB, which drops requests when the pods are switched"
            yield Violation(said, "release by a canary with pingPong, or use another router")


@decided
def released_with_care(deployment: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A Deployment that users reach has a Canary, or a Rollout that refers to it."""
    selected = {
        one.name
        for one in stack.near(deployment, SERVICE)
        if _takes(read(one)("spec", "selector"), labels(read(deployment)("spec", "template")))
    }
    if not selected:
        return
    for kind, steps in ((FLAGGER, ("spec", "targetRef")), (ROLLOUT, ("spec", "workloadRef"))):
        for one in stack.near(deployment, kind):
            reference = read(one)(*steps)
            if (reference("kind").text, reference("name").text) == ("Deployment", deployment.name):
                return
    for route in stack.near(deployment, _INGRESS, _ROUTE, _VIRTUAL):
        if selected & _backends(route):
            said = f"{route} leads users to it, and neither a Canary nor a Rollout releases it"
            yield Violation(said, "make a Canary that watches it, or a Rollout in its place")
            return


def _takes(selector: Place, labelled: dict[str, object]) -> bool:
    return bool(selector.keys) and all(labelled.get(key) == selector(key).value for key in selector.keys)


def _backends(route: KubeObject) -> set[str]:
    """The names of the Services that a route leads to."""
    spec = read(route)("spec")
    if route.kind == _VIRTUAL:
        ways = [way for http in spec("http").each for way in http("route").each]
        return {way("destination", "host").text.split(".")[0] for way in ways}
    if route.kind == _ROUTE:
        return {one("name").text for rule in spec("rules").each for one in rule("backendRefs").each}
    paths = [path for rule in spec("rules").each for path in rule("http", "paths").each]
    return {one("backend", "service", "name").text for one in paths} | {spec("defaultBackend", "service", "name").text}


_PORT = {"number": 80, "name": "http", "protocol": "HTTP"}
_PATH = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "shop-stable", "port": {"number": 80}}}}
_WEB = made(
    "networking.k8s.io/v1",
    "Ingress",
    "shop",
    {
        "ingressClassName": "nginx",
        "rules": [{"host": "a.example", "http": {"paths": [_PATH]}}],
    },
)
_GATEWAY_GOOD = made(
    "networking.istio.io/v1", "Gateway", "shop", {"servers": [{"hosts": ["shop.example.com"], "port": _PORT}]}
)
_HTTP = made(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "shop",
    {"hostnames": ["shop.example.com"], "rules": [{"backendRefs": [{"name": "shop-stable", "port": 80}]}]},
)
_PLUG = put(GOOD, "spec.strategy.canary.trafficRouting", {"plugins": {_PLUGIN: {"httpRoute": "shop"}}})
_OTHER_NAME = put(GOOD_CANARY, "spec.targetRef.name", "other")
_PAIR = (STABLE, NEW)

RULES = (
    StackRule(
        id="released-with-care",
        code="S1",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="What users reach is released step by step",
        why="A plain Deployment gives a bad version to everybody, and nothing takes it back.",
        source="Google, The Site Reliability Workbook, chapter 16 (canarying releases)",
        fix="Let a Canary watch the Deployment, or make it a Rollout.",
        kinds=(_DEPLOYMENT,),
        context=(SERVICE, _INGRESS, _ROUTE, _VIRTUAL, FLAGGER, ROLLOUT),
        check=released_with_care,
        passes=((DEPLOYMENT, STABLE, VIRTUAL_SERVICE, GOOD_CANARY), (DEPLOYMENT, STABLE)),
        fails=(
            (DEPLOYMENT, STABLE, VIRTUAL_SERVICE),
            (DEPLOYMENT, STABLE, _HTTP, _OTHER_NAME),
            (DEPLOYMENT, STABLE, _WEB),
        ),
        exemption_days=14,
    ),
    StackRule(
        id="services-of-release",
        code="T2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A release has its Services",
        why="A Service that is missing, or takes other pods, is found out when the release is on its way.",
        source="Argo Rollouts v1.9, pkg/apis/rollouts/validation/validation_references.go",
        fix="Make one Service for each version, that selects by the labels of the pods.",
        kinds=(ROLLOUT,),
        context=(SERVICE, *WORKLOADS),
        check=services_of_release,
        passes=((GOOD, *_PAIR), (GOOD_SWITCH, *_PAIR)),
        fails=(
            (GOOD, STABLE),
            (GOOD, STABLE, put(NEW, "spec.selector", {"app": "other"})),
            (put(GOOD, "spec.strategy.canary.canaryService", "shop-stable"), *_PAIR),
        ),
    ),
    ObjectRule(
        id="hosts-are-named",
        code="T4",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A route names its hosts",
        why="A route for every host takes the requests of other teams as well.",
        source="Kyverno, restrict-virtual-service-wildcard",
        fix="Name the hosts that the app serves.",
        kinds=(_VIRTUAL, _GATEWAY, _INGRESS, _ROUTE, FLAGGER),
        check=hosts_are_named,
        passes=((VIRTUAL_SERVICE,), (_GATEWAY_GOOD,), (_HTTP,), (_WEB,), (GOOD_CANARY,)),
        fails=(
            (put(VIRTUAL_SERVICE, "spec.hosts", ["*"]),),
            (put(_GATEWAY_GOOD, "spec.servers[0].hosts", ["*"]),),
            (drop(_WEB, "spec.rules[0].host"),),
            (put(GOOD_CANARY, "spec.service.hosts", ["*"]),),
            (put(_HTTP, "spec.hostnames", ["*"]),),
        ),
    ),
    StackRule(
        id="owned-fields-ignored",
        code="T5",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Pulumi leaves to a controller what it owns",
        why="An update in the middle of a release sets the weights back, and the users jump.",
        source="Argo Rollouts, docs/features/traffic-management/istio.md (GitOps)",
        fix="Name the field in ignore_changes of the resource.",
        kinds=(_VIRTUAL, _ROUTE),
        context=(ROLLOUT,),
        check=owned_fields_ignored,
        passes=(
            (subject(VIRTUAL_SERVICE, ("spec.http",)), GOOD),
            (subject(VIRTUAL_SERVICE), GOOD),
            (subject(_HTTP, ("spec",)), _PLUG),
        ),
        fails=((subject(VIRTUAL_SERVICE, ()), GOOD), (subject(_HTTP, ("spec.hostnames",)), _PLUG)),
    ),
    StackRule(
        id="no-switch-behind-alb",
        code="T15",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="An ALB leads to no switch",
        why="The ALB learns of the other pods after the old ones are gone, and requests fail.",
        source="https://github.com/argoproj/argo-rollouts/issues/4834",
        fix="Release by a canary with pingPong.",
        kinds=(ROLLOUT,),
        context=(_INGRESS,),
        check=no_switch_behind_alb,
        passes=((GOOD_SWITCH, _WEB),),
        fails=((GOOD_SWITCH, put(_WEB, "spec.ingressClassName", "alb")),),
    ),
)
