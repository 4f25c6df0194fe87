"""Traffic: what Flagger does with a Canary, provider by provider.

A provider that Flagger does not know is taken for Istio. Where none is named, the controller's own is meant, which
nothing here can tell: rules about single providers say nothing then.
"""

from collections.abc import Iterator

from ..canaries import ANALYSIS
from ..canaries import CANARY as FLAGGER
from ..examples import CANARY as GOOD
from ..examples import drop, made, put
from ..facts import Kind, KubeObject
from ..reading import Place, decided, read
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, StackRule, Violation
from ..stack import Stack

_ROUTE = Kind("gateway.networking.k8s.io", "HTTPRoute")
_PROVIDERS = frozenset(
    (
        *("apisix", "appmesh", "contour", "gatewayapi", "gloo", "istio", "knative", "kubernetes", "kuma", "linkerd"),
        *("nginx", "skipper", "osm", "smi", "traefik"),
    )
)
_ROUTES_HEADERS = ("appmesh", "contour", "gatewayapi", "gloo", "istio", "nginx")
_MATCHERS = {
    "gatewayapi": ("exact", "regex"),
    "gloo": ("exact", "regex"),
    "contour": ("exact", "prefix", "suffix"),
    "nginx": ("exact", "regex"),
}
_ENDED = {
    "nginx": "the Gateway API; ingress-nginx ended in March 2026",
    "appmesh": "Istio or the Gateway API; App Mesh ends on 30 September 2026",
    "smi": "the Gateway API; the Service Mesh Interface is archived",
    "osm": "Istio or the Gateway API; Open Service Mesh is archived",
}
_COOKIE = "cookie"


def _provider(canary: KubeObject) -> str:
    """Its provider without a version: `gatewayapi:v1` is gatewayapi; empty where it names none."""
    return read(canary)("spec", "provider").text.partition(":")[0]


def _matches(canary: KubeObject) -> list[Place]:
    return list(read(canary)(*ANALYSIS, "match").each)


@decided
def known_provider(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The provider is one that Flagger knows."""
    given = read(canary)("spec", "provider")
    if given.given and _provider(canary) not in _PROVIDERS:
        said = f"{given.here} is none that Flagger knows, which it takes for Istio without a word"
        yield Violation(said, f"name one of {', '.join(sorted(_PROVIDERS))}")


@decided
def cohort_is_routed(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Conditions are given to providers that route by them."""
    provider = _provider(canary)
    if provider in _PROVIDERS and provider not in _ROUTES_HEADERS and _matches(canary):
        said = f"{read(canary)(*ANALYSIS, 'match').here} is for a provider that routes by no header: all get the canary"
        yield Violation(said, f"take it out, or use one of {', '.join(_ROUTES_HEADERS)}")


@decided
def known_matchers(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Conditions on headers are of a kind that the provider knows."""
    provider = _provider(canary)
    known = _MATCHERS.get(provider)
    if known is None:
        return
    for match in _matches(canary):
        headers = match("headers")
        for name in headers.keys:
            able = ("exact",) if provider == "nginx" and name.lower() == _COOKIE else known
            if any(key not in able for key in headers(name).keys):
                said = (
                    f"a condition of {headers.here} is of a kind that the provider does not know, and matches everyone"
                )
                yield Violation(said, f"use {' or '.join(able)}")


@decided
def copies_leave_zero(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Copies beside weights are asked of Istio alone."""
    analysis = read(canary)(*ANALYSIS)
    if analysis("mirror").value is not True or analysis("iterations").number:
        return
    if _provider(canary) not in ("", "istio"):
        said = f"{analysis('mirror').here} is true beside weights off Istio, which never leave 0"
        yield Violation(said, "use iterations instead of weights, or leave mirror out")


@decided
def cohort_alone(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """On Istio a cohort is neither copied nor kept by a cookie."""
    analysis = read(canary)(*ANALYSIS)
    if _provider(canary) != "istio" or not _matches(canary):
        return
    for name in ("mirror", "sessionAffinity"):
        if analysis(name).value not in (None, False):
            yield Violation(f"{analysis(name).here} overwrites {analysis('match').here}", "leave one of the two out")


@decided
def nginx_counts(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """On NGINX a cohort is counted, and has one header and one cookie at most."""
    analysis, matches = read(canary)(*ANALYSIS), _matches(canary)
    if _provider(canary) != "nginx" or not matches:
        return
    if not analysis("iterations").number:
        said = f"{analysis('match').here} without iterations is read as a weight of 100"
        yield Violation(said, f"set {analysis('iterations').here}")
    names = [name.lower() for match in matches for name in match("headers").keys]
    if len([name for name in names if name != _COOKIE]) > 1 or names.count(_COOKIE) > 1:
        said = f"{analysis('match').here} has several headers or cookies, of which NGINX keeps the last"
        yield Violation(said, "leave one header and one cookie at most")


@decided
def cookie_keeps_stable(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Behind the Gateway API users of the old version are kept as well."""
    affinity = read(canary)(*ANALYSIS, "sessionAffinity")
    if _provider(canary) == "gatewayapi" and affinity.given and not affinity("primaryCookieName").given:
        said = f"{affinity.here} keeps only the users of the canary, so that the others drift to it"
        yield Violation(said, f"set {affinity('primaryCookieName').here}, which Flagger knows since 1.41")


@decided
def plain_mirror(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Requests are copied only where that does nothing twice; Flagger copies all."""
    mirror = read(canary)(*ANALYSIS, "mirror")
    match = read(canary)("spec", "service", "match").each
    limited = [one for one in match if one("method", "exact").text in ("GET", "HEAD", "OPTIONS")]
    if mirror.value is True and not limited:
        said = f"{mirror.here} copies every request, also those that change something"
        yield Violation(said, "copy only where requests change nothing, or let spec.service.match take GET alone")


@decided
def provider_lives_on(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The provider is still maintained."""
    instead = _ENDED.get(_provider(canary))
    if instead:
        said = f"{read(canary)('spec', 'provider').here} is of a project that has ended"
        yield Violation(said, f"move to {instead}")


@decided
def one_canary_per_target(canary: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """No other Canary watches the same target."""
    mine = _target(canary)
    for other in stack.near(canary, FLAGGER):
        if other.name != canary.name and mine[1] and _target(other) == mine:
            yield Violation(f"{other} watches the same target", "keep one of the two")
            return


def _target(canary: KubeObject) -> tuple[str, str]:
    reference = read(canary)("spec", "targetRef")
    return reference("kind").text, reference("name").text


@decided
def route_is_flaggers(canary: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """No HTTPRoute of another has the name that Flagger gives its own."""
    if _provider(canary) != "gatewayapi":
        return
    name = read(canary)("spec", "service", "name").text or read(canary)("spec", "targetRef", "name").text
    taken = stack.named(_ROUTE, canary.namespace, name)
    if taken:
        yield Violation(f"{taken} has the name of the route that Flagger makes, and both write it", "name it otherwise")


_BETA = [{"headers": {"x-beta": {"exact": "yes"}}}]
_COUNTED = put(
    put(drop(GOOD, "spec.analysis.stepWeights"), "spec.analysis.iterations", 5), "spec.analysis.match", _BETA
)


def _on(provider: str, body: dict[str, object] = GOOD) -> dict[str, object]:
    return put(body, "spec.provider", provider)


_OTHER = put(GOOD, "metadata.name", "other")
_TAKEN = made("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", {"rules": []})
_PREFIX = [{"headers": {"x-beta": {"prefix": "y"}}}]
_COOKIES = [{"headers": {"cookie": {"regex": "a"}}}]
_TWO = [{"headers": {"x-a": {"exact": "1"}}}, {"headers": {"x-b": {"exact": "1"}}}]

RULES = (
    ObjectRule(
        id="known-provider",
        code="T18",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Flagger knows the provider",
        why="A name that Flagger does not know becomes Istio, whose objects nothing reads then.",
        source="Flagger v1.36, pkg/router/factory.go",
        fix="Name a provider of Flagger's, or leave it out for the controller's own.",
        kinds=(FLAGGER,),
        check=known_provider,
        passes=((GOOD,), (_on("gatewayapi:v1"),)),
        fails=((_on("haproxy"),),),
    ),
    ObjectRule(
        id="cohort-is-routed",
        code="T19",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A cohort has a provider that routes headers",
        why="Elsewhere the conditions are left aside, and everybody gets the canary.",
        source="Flagger v1.36, pkg/controller/scheduler.go and pkg/router",
        fix="Take match out, or use a provider that routes by headers.",
        kinds=(FLAGGER,),
        check=cohort_is_routed,
        passes=((_COUNTED,),),
        fails=((_on("traefik", _COUNTED),),),
    ),
    ObjectRule(
        id="known-matchers",
        code="T20",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Conditions on headers are of a kind that the provider knows",
        why="A kind that the provider does not know matches everything: everybody gets the canary.",
        source="Flagger v1.36, pkg/router/gateway_api.go, contour.go and nginx.go",
        fix="Use exact or regex; on Contour exact, prefix or suffix.",
        kinds=(FLAGGER,),
        check=known_matchers,
        passes=((_on("gatewayapi:v1", _COUNTED),), (_on("contour", put(_COUNTED, "spec.analysis.match", _PREFIX)),)),
        fails=(
            (_on("gatewayapi:v1", put(_COUNTED, "spec.analysis.match", _PREFIX)),),
            (_on("nginx", put(_COUNTED, "spec.analysis.match", _COOKIES)),),
        ),
    ),
    ObjectRule(
        id="copies-leave-zero",
        code="T21",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Copies beside weights are Istio's",
        why="With other providers the first step copies, nothing is counted, and the weight never leaves 0.",
        source="Flagger v1.36, pkg/controller/scheduler.go (nextStepWeight)",
        fix="Use iterations, or leave mirror out.",
        kinds=(FLAGGER,),
        check=copies_leave_zero,
        passes=((put(GOOD, "spec.analysis.mirror", True),),),
        fails=((_on("gatewayapi:v1", put(GOOD, "spec.analysis.mirror", True)),),),
    ),
    ObjectRule(
        id="cohort-alone",
        code="T22",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="On Istio a cohort is neither copied nor sticky",
        why="One overwrites the other, and what remains is not what was asked for.",
        source="Flagger v1.36, pkg/router/istio.go",
        fix="Leave mirror or sessionAffinity out, or match.",
        kinds=(FLAGGER,),
        check=cohort_alone,
        passes=((_COUNTED,),),
        fails=(
            (put(_COUNTED, "spec.analysis.mirror", True),),
            (put(_COUNTED, "spec.analysis.sessionAffinity", {"cookieName": "v"}),),
        ),
    ),
    ObjectRule(
        id="nginx-cohort",
        code="T23",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="On NGINX a cohort is counted and has one header",
        why="Without iterations NGINX sends everybody to the canary; of several headers it keeps the last.",
        source="Flagger v1.36, pkg/router/ingress.go",
        fix="Set iterations, and at most one header and one cookie.",
        kinds=(FLAGGER,),
        check=nginx_counts,
        passes=((_on("nginx", _COUNTED),),),
        fails=(
            (_on("nginx", put(GOOD, "spec.analysis.match", _BETA)),),
            (_on("nginx", put(_COUNTED, "spec.analysis.match", _TWO)),),
        ),
    ),
    ObjectRule(
        id="cookie-keeps-stable",
        code="T24",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="A cookie keeps the users of both versions",
        why="With one cookie the users of the old version are drawn anew at each request, and drift to the canary.",
        source="https://github.com/fluxcd/flagger/issues/1647",
        fix="Set primaryCookieName.",
        kinds=(FLAGGER,),
        check=cookie_keeps_stable,
        passes=(
            (
                _on(
                    "gatewayapi:v1",
                    put(GOOD, "spec.analysis.sessionAffinity", {"cookieName": "v", "primaryCookieName": "p"}),
                ),
            ),
        ),
        fails=((_on("gatewayapi:v1", put(GOOD, "spec.analysis.sessionAffinity", {"cookieName": "v"})),),),
    ),
    ObjectRule(
        id="plain-copies",
        code="T25",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Flagger copies only requests that change nothing",
        why="A copied order is an order: the new version shares the data of the old one.",
        source="Flagger, docs/usage/deployment-strategies.md (traffic mirroring)",
        fix="Copy only where requests change nothing.",
        kinds=(FLAGGER,),
        check=plain_mirror,
        passes=((GOOD,),),
        fails=((put(GOOD, "spec.analysis.mirror", True),),),
    ),
    ObjectRule(
        id="provider-lives-on",
        code="T26",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Flagger's provider is maintained",
        why="A project that has ended gets no security fixes, and what follows takes time to move to.",
        source="https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/",
        fix="Move to the Gateway API or to a mesh that is maintained.",
        kinds=(FLAGGER,),
        check=provider_lives_on,
        passes=((GOOD,),),
        fails=((_on("nginx"),), (_on("appmesh:v1beta2"),)),
    ),
    StackRule(
        id="one-canary-per-target",
        code="T27",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="One Canary watches a target",
        why="Two Canaries scale the same Deployment and write the same Services.",
        source="Flagger, docs/usage/how-it-works.md (canary target)",
        fix="Keep one Canary for each target.",
        kinds=(FLAGGER,),
        context=(FLAGGER,),
        check=one_canary_per_target,
        passes=((GOOD, GOOD),),
        fails=((GOOD, _OTHER),),
    ),
    StackRule(
        id="route-is-flaggers",
        code="T28",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="No other HTTPRoute has the name of Flagger's",
        why="Both write the same route, and the last one wins.",
        source="https://github.com/fluxcd/flagger/issues/1889",
        fix="Give the other HTTPRoute another name.",
        kinds=(FLAGGER,),
        context=(_ROUTE,),
        check=route_is_flaggers,
        passes=((_on("gatewayapi:v1"), put(_TAKEN, "metadata.name", "other")),),
        fails=((_on("gatewayapi:v1"), _TAKEN),),
    ),
)
