"""The Gateway API: an HTTPRoute on a Gateway that is there, whatever implements it.

Argo Rollouts moves the weights through a plug-in of its project; Flagger makes the route itself. Sources:
gateway-api.sigs.k8s.io/reference/spec (HTTPRoute, v1); argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi,
pkg/plugin/types.go and httproute.go; fluxcd/flagger v1.36, pkg/router/gateway_api.go.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from .. import known_series, refusals
from ..capability import Cells, Emulated, Evidence, Native, Refused, cells
from ..contracts import Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import (
    NO_COOKIES,
    NO_EXPERIMENT,
    RolloutsRouter,
    RolloutsRouting,
    Services,
    may_rewrite,
)
from ..contracts_of.flagger import KEEPS_THE_CANARY, ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import Feature
from ..manifests.meta import Manifest, manifest, named_by_content, without_nothing
from ..plan import Path, Plan
from ..spec.base import Finding, Strict
from ..spec.cohort import Cohort
from ..spec.names import DnsLabel, ObjectName
from ..spec.pod_metrics import PodMetrics
from ..spec.traffic import HeaderMatch, Match, PathMatch

_GROUP = "gateway.networking.k8s.io"
_API = f"{_GROUP}/v1"
_PLUGIN = "argoproj-labs/gatewayAPI"

_NO_COPIES = Refused(
    "its plug-in takes the step and copies nothing",
    "use strategy 'mirror' with engine 'flagger', or weights and a cohort of your own people",
)
_KEEPS_BOTH = Emulated(
    "who got the stable version keeps it for one hold, and is drawn again at the next weight",
    Evidence.OPAQUE,
    since="1.41.0",
    before="set session_affinity.stable_may_drift to true where users of the stable version may get the new one at any "
    "request",
)
"""Of no other router's. Source: flagger v1.41, pkg/router/gateway_api.go, getSessionAffinityRouteRules."""
_REGEX_COOKIE = Emulated("a regular expression on the header `cookie`", Evidence.OPAQUE)


class _Plugin(Strict):
    """The plug-in's stanza, which the Rollout's definition accepts unread. Source: its pkg/plugin/types.go."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    http_route: ObjectName
    """Route whose weights it sets, and to which it adds those of a cohort."""
    namespace: DnsLabel
    config_map: ObjectName
    """Where it remembers the routes that it has added; made by the plug-in, one for each app."""
    disable_in_progress_label: bool
    """True, so that it leaves the route's labels alone."""


class GatewayApiRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by the Gateway API, through a Gateway that is there already."""

    kind: Literal["gateway-api"] = "gateway-api"
    gateway: ObjectName = "gateway"
    """Name of the Gateway."""
    gateway_namespace: DnsLabel | None = None
    """Its namespace, which must let the apps' routes in (`allowedRoutes`); that of each app unless given."""
    listener: DnsLabel | None = None
    """Name of one of its listeners, e.g. `https`; all of them unless given."""
    implementation: Literal["istio", "contour", "other"] = "istio"
    """What implements it, whose request metrics are asked: each has its own. `istio` needs sidecars."""
    pod_metrics: PodMetrics | None = None
    """Metrics of the apps' own pods, asked instead of the implementation's; needed with `other`."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": {
            Feature.WEIGHTS: Native(Evidence.OPAQUE),
            Feature.EXPERIMENT: NO_EXPERIMENT,
            Feature.MATCH: Native(Evidence.API_SERVER),
            Feature.HEADER_COHORT: Native(Evidence.OPAQUE),
            Feature.COOKIE_COHORT: _REGEX_COOKIE,
            Feature.COHORT_AND_WEIGHTS: Native(Evidence.OPAQUE),
            Feature.MIRROR: _NO_COPIES,
            Feature.MIRROR_METHODS: _NO_COPIES,
            Feature.MIRROR_AND_WEIGHTS: _NO_COPIES,
            Feature.SESSION_AFFINITY: NO_COOKIES,
            Feature.CANARY_AFFINITY: NO_COOKIES,
            Feature.BLUE_GREEN: Native(Evidence.API_SERVER),
        },
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.TRAFFIC),
                Feature.MATCH: Native(Evidence.API_SERVER),
                Feature.HEADER_COHORT: Native(Evidence.TRAFFIC),
                Feature.COOKIE_COHORT: Emulated("a regular expression on the header `cookie`", Evidence.TRAFFIC),
                Feature.MIRROR: Native(Evidence.TRAFFIC),
                Feature.SESSION_AFFINITY: _KEEPS_BOTH,
                Feature.CANARY_AFFINITY: KEEPS_THE_CANARY,
            },
            Refused("it is not known", ""),
            ROUTED_BY_FLAGGER,
            since="1.35.0",
        ),
    }
    plugin: ClassVar[str] = _PLUGIN
    plugin_rules: ClassVar[Sequence[Manifest]] = (
        may_rewrite(_GROUP, "httproutes"),
        # Releases of it that remember its routes in a ConfigMap.
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "update"]},
    )
    flagger_provider: ClassVar[str] = "gatewayapi:v1"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "gateway-api",
        "gateway": "public",
        "gateway_namespace": "gateways",
        "listener": "https",
        "implementation": "contour",
    }

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        if plan.switched:
            # The switch is one of pods behind a Service, so the route never changes.
            return RolloutsRouting({}, [self._route(plan, plan.name, [_rule(plan, {services.stable: 1})])], [])
        rules = [_rule(plan, {services.stable: 100, services.canary: 0})]
        name = named_by_content(plan.name, rules)
        plugin = _Plugin(
            http_route=name, namespace=plan.namespace, config_map=f"{plan.name}-routes", disable_in_progress_label=True
        )
        return RolloutsRouting(
            stanza={"plugins": {_PLUGIN: plugin.model_dump(by_alias=True)}},
            manifests=[self._route(plan, name, rules)],
            owned=[OwnedField(_GROUP, "HTTPRoute", plan.namespace, name, "spec.rules")],
        )

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        # Flagger makes the HTTPRoute under the app's name: one of ours there would be its own no more.
        match = [
            without_nothing({"uri": _as_istio(entry.path), "headers": _headers_as_istio(entry.headers)})
            for entry in plan.traffic.match
        ]
        service = without_nothing(
            {
                "gatewayRefs": [self._parent(plan)],
                "hosts": list(plan.traffic.hosts),
                "match": match,
                "timeout": str(plan.traffic.timeout) if plan.traffic.timeout else None,
            }
        )
        cohorts = [{"headers": headers} for cohort in plan.cohorts for headers in _cohort(cohort)]
        return FlaggerRouting(service=service, manifests=[], match=cohorts)

    def problems(self, plan: Plan) -> Sequence[Finding]:
        return [
            *refusals.retries(plan, "no release of the Gateway API's standard channel has retries"),
            *_lost_conditions(plan),
        ]

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        if self.implementation != "other" or self.pod_metrics:
            return []
        why = "every implementation of the Gateway API has metrics of its own"
        instead = "name yours in delivery.router.implementation (istio, contour), or give delivery.router.pod_metrics"
        return list(refusals.unmeasured(plan, why, instead))

    def rollouts_problems(self, plan: Plan) -> Sequence[Finding]:
        return [
            *refusals.several_headers(plan, self.kind),
            *_cohort_without_weight(plan),
            *_loose_prefixes(plan),
            *_untimed_cohort(plan),
        ]

    def flagger_problems(self, plan: Plan) -> Sequence[Finding]:
        return list(_empty_timeout(plan))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        if self.pod_metrics or self.implementation == "other":
            return known_series.of_pods(plan, measured, self.pod_metrics or PodMetrics())
        return known_series.istio(plan, measured) if self.implementation == "istio" else known_series.contour(plan)

    def _parent(self, plan: Plan) -> Manifest:
        return without_nothing(
            {
                "group": _GROUP,
                "kind": "Gateway",
                "name": self.gateway,
                "namespace": self.gateway_namespace or plan.namespace,
                "sectionName": self.listener,
            }
        )

    def _route(self, plan: Plan, name: str, rules: Sequence[Manifest]) -> Manifest:
        spec = {"parentRefs": [self._parent(plan)], "hostnames": list(plan.traffic.hosts), "rules": list(rules)}
        return manifest(_API, "HTTPRoute", name, plan.app, {"spec": spec})


def _rule(plan: Plan, weights: Mapping[str, int]) -> Manifest:
    """Every field that the API server would fill in is written down: it would show as a change ever after."""
    to = [
        {"group": "", "kind": "Service", "name": name, "port": plan.traffic.port, "weight": weight}
        for name, weight in weights.items()
    ]
    timeouts = {"request": str(plan.traffic.timeout)} if plan.traffic.timeout else None
    matches = [_match(entry) for entry in plan.traffic.match] or [_match(Match(path=PathMatch(prefix="/")))]
    return without_nothing({"matches": matches, "backendRefs": to, "timeouts": timeouts})


def _match(entry: Match) -> Manifest:
    path = entry.path or PathMatch(prefix="/")
    kind, text = next(
        (kind, text)
        for kind, text in (("PathPrefix", path.prefix), ("Exact", path.exact), ("RegularExpression", path.regex))
        if text is not None
    )
    headers = [_header(name, value) for name, value in entry.headers.items()]
    return without_nothing({"path": {"type": kind, "value": text}, "headers": headers})


def _header(name: str, value: HeaderMatch) -> Manifest:
    if value.exact is not None:
        return {"type": "Exact", "name": name, "value": value.exact}
    return {"type": "RegularExpression", "name": name, "value": _expression(value)}


def _expression(value: HeaderMatch) -> str:
    # A prefix has no type of its own here; Flagger would take one for a match of everything.
    return value.regex if value.regex is not None else f"{re.escape(value.prefix or '')}.*"


def _as_istio(path: PathMatch | None) -> Manifest | None:
    """Flagger writes conditions as Istio does, and reads a path's prefix as one of whole segments here."""
    if path is None:
        return None
    return without_nothing({"exact": path.exact, "prefix": path.prefix, "regex": path.regex})


def _headers_as_istio(headers: Mapping[str, HeaderMatch]) -> Manifest:
    return {
        name: {"exact": value.exact} if value.exact is not None else {"regex": _expression(value)}
        for name, value in headers.items()
    }


def _cohort(cohort: Cohort) -> list[Manifest]:
    """Conditions on headers; one of them is enough."""
    if cohort.cookie:
        return [{"cookie": {"regex": cohort.cookie.in_header}}]
    return [_headers_as_istio({name: value}) for name, value in (cohort.headers or {}).items()]


def _first_stages(plan: Plan) -> Iterator[tuple[Path, Cohort, int]]:
    """Where each cohort appears first, with the weight of that stage; it never falls."""
    for cohort in plan.cohorts:
        stage = next(stage for stage in plan.stages if stage.route.cohort == cohort)
        yield stage.path, cohort, stage.weight


def _cohort_without_weight(plan: Plan) -> Iterator[Finding]:
    for path, _, weight in _first_stages(plan):
        if not weight:
            message = "the plug-in gives the cohort's route the step's weight too, so at 0% its requests would fail"
            yield path, f"{message}: give the step a weight, or choose engine 'flagger' with strategy 'ab'"


def _loose_prefixes(plan: Plan) -> Iterator[Finding]:
    """The plug-in makes a regular expression of a prefix as it stands: `a.b` would let `axb` in."""
    for path, cohort, _ in _first_stages(plan):
        for name, value in (cohort.headers or {}).items():
            if value.prefix and re.escape(value.prefix).replace("\\-", "-") != value.prefix:
                message = f"header '{name}': the plug-in reads the prefix '{value.prefix}' as a regular expression"
                yield path, f"{message}: give 'regex' instead"


def _lost_conditions(plan: Plan) -> Iterator[Finding]:
    """Both engines put the cohort's header in the place of those in traffic.match."""
    if plan.cohorts and any(entry.headers for entry in plan.traffic.match):
        message = "a cohort's header would replace these: users without them would reach the app"
        yield ("traffic", "match"), f"{message}; leave the headers out, or the cohort"


def _untimed_cohort(plan: Plan) -> Iterator[Finding]:
    if plan.cohorts and plan.traffic.timeout:
        yield ("traffic", "timeout"), "the plug-in leaves it out of the cohort's route: leave it out, or the cohort"


def _empty_timeout(plan: Plan) -> Iterator[Finding]:
    if plan.cohorts and not plan.traffic.timeout:
        message = "is required with a cohort: Flagger 1.36 writes an empty one there, which no API server takes"
        yield ("traffic", "timeout"), message
