"""Traffic in CEL: what Flagger does with a Canary, provider by provider."""

from collections.abc import Mapping

from ..canaries import CANARY
from ..expressions import Cel, Said, any_of

_PROVIDERS = (
    *("apisix", "appmesh", "contour", "gatewayapi", "gloo", "istio", "knative", "kubernetes", "kuma", "linkerd"),
    *("nginx", "osm", "skipper", "smi", "traefik"),
)
_ROUTES_HEADERS = ("appmesh", "contour", "gatewayapi", "gloo", "istio", "nginx")
_MATCHERS = (
    "{'gatewayapi': ['exact', 'regex'], 'gloo': ['exact', 'regex'], 'contour': ['exact', 'prefix', 'suffix'], "
    "'nginx': ['exact', 'regex']}"
)
_ENDED = {
    "nginx": "the Gateway API, ingress-nginx ended in March 2026",
    "appmesh": "Istio or the Gateway API, App Mesh ends on 30 September 2026",
    "smi": "the Gateway API, the Service Mesh Interface is archived",
    "osm": "Istio or the Gateway API, Open Service Mesh is archived",
}
_ANALYSIS = "object.spec.?analysis"
_A = "spec.analysis"
_WHOLE = {
    "provider": "object.spec.?provider.orValue('').split(':')[0]",
    "matches": f"{_ANALYSIS}.?match.orValue([])",
    # By condition, the names of the headers that it is about.
    "names": "variables.matches.map(m, has(m.headers) ? dyn(m.headers).map(n, string(n)) : [])",
    "able": f"{_MATCHERS}[?variables.provider].orValue([])",
    "counted": f"{_ANALYSIS}.?iterations.orValue(0) != 0",
    "copies": f"{_ANALYSIS}.?mirror.orValue(false)",
}


def _said(*broken: str) -> Said:
    return (Cel(kinds=(CANARY,), variables=_WHOLE, broken=" + ".join(f"({one})" for one in broken)),)


def _where(wrong: str, text: str) -> Said:
    return _said(f"{wrong} ? ['{text}'] : []")


CEL: Mapping[str, Said] = {
    "known-provider": _where(
        f"has(object.spec.provider) && !(variables.provider in {any_of(_PROVIDERS)})",
        "spec.provider is none that Flagger knows, which it takes for Istio without a word; name one of "
        f"{', '.join(_PROVIDERS)}",
    ),
    "cohort-is-routed": _where(
        f"size(variables.matches) > 0 && variables.provider in {any_of(_PROVIDERS)} && !(variables.provider in "
        f"{any_of(_ROUTES_HEADERS)})",
        f"{_A}.match is for a provider that routes by no header: all get the canary; take it out, or use one of "
        f"{', '.join(_ROUTES_HEADERS)}",
    ),
    "known-matchers": _where(
        "size(variables.able) > 0 && variables.matches.exists(i, m, variables.names[i].exists(n, "
        "dyn(m.headers)[n].exists(k, !(k in (variables.provider == 'nginx' && n.lowerAscii() == 'cookie' ? ['exact'] : "
        "variables.able)))))",
        f"a condition of {_A}.match is of a kind that the provider does not know, and matches everyone; use ' + "
        "variables.able.join(' or ') + '",
    ),
    "copies-leave-zero": _where(
        "variables.copies && !variables.counted && !(variables.provider in ['', 'istio'])",
        f"{_A}.mirror is true beside weights off Istio, which never leave 0; use iterations instead of weights, or "
        "leave mirror out",
    ),
    "cohort-alone": _where(
        "variables.provider == 'istio' && size(variables.matches) > 0 && (variables.copies || "
        f"{_ANALYSIS}.?sessionAffinity.hasValue())",
        f"{_A}.mirror or sessionAffinity overwrites {_A}.match; leave one of the two out",
    ),
    "nginx-cohort": _said(
        "variables.provider == 'nginx' && size(variables.matches) > 0 && !variables.counted ? "
        f"['{_A}.match without iterations is read as a weight of 100; set {_A}.iterations'] : []",
        "variables.provider == 'nginx' && (variables.names.map(l, l.filter(n, n.lowerAscii() != 'cookie').size())"
        ".sum() > 1 || variables.names.map(l, l.filter(n, n.lowerAscii() == 'cookie').size()).sum() > 1) ? "
        f"['{_A}.match has several headers or cookies, of which NGINX keeps the last; leave one header and one cookie "
        "at most'] : []",
    ),
    "cookie-keeps-stable": _where(
        f"variables.provider == 'gatewayapi' && {_ANALYSIS}.?sessionAffinity.hasValue() && "
        f"!dyn({_ANALYSIS}.?sessionAffinity).?primaryCookieName.hasValue()",
        f"{_A}.sessionAffinity keeps only the users of the canary, so that the others drift to it; set its "
        "primaryCookieName, which Flagger knows since 1.41",
    ),
    "plain-copies": _where(
        "variables.copies && !object.spec.?service.?match.orValue([]).exists(m, m.?method.?exact.orValue('') in "
        "['GET', 'HEAD', 'OPTIONS'])",
        f"{_A}.mirror copies every request, also those that change something; copy only where requests change "
        "nothing, or let spec.service.match take GET alone",
    ),
    "provider-lives-on": _said(
        *(
            f"variables.provider == '{name}' ? ['spec.provider is of a project that has ended; move to {instead}'] : []"
            for name, instead in _ENDED.items()
        )
    ),
}
