"""Gloo: with Flagger Gloo Edge, with Argo Rollouts Gloo Platform by its plug-in.

Flagger makes the RouteTable and the Upstreams; ours is a VirtualService with the app's hosts that leads there. The
plug-in moves the weights in a RouteTable of ours, whose `spec.http` is its own.
Source: flagger v1.36, pkg/router/gloo.go and pkg/metrics/observers/gloo.go;
github.com/argoproj-labs/rollouts-plugin-trafficrouter-glooplatform, pkg/plugin/plugin.go.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Emulated, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services, may_rewrite
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import ROUTED, Feature
from ..known_series import envoy, istio_requests
from ..manifests.meta import Manifest, manifest, named_by_content, without_nothing
from ..plan import Plan
from ..refusals import retries, several_headers, timeout
from ..spec.base import Finding, Strict
from ..spec.cohort import Cohort
from ..spec.names import DnsLabel, ObjectName
from ..spec.traffic import HeaderMatch, Match, PathMatch

_EDGE = "gateway.solo.io/v1"
_PLATFORM_GROUP = "networking.gloo.solo.io"
_PLATFORM = f"{_PLATFORM_GROUP}/v2"
_PLUGIN = "solo-io/glooplatform"
_ROUTE = "split"
_OTHER = "leave traffic.match out"
_NO_COHORT = Refused(
    "the plug-in makes a cohort's condition one of several, of which any is enough, and adds it anew at every look",
    "use strategy 'canary' with weights alone, or choose engine 'flagger'",
)


class VirtualGateway(Strict):
    """A VirtualGateway of Gloo Platform."""

    name: ObjectName
    """Its name."""
    namespace: DnsLabel
    """Where it is."""


class _RouteTableSelector(Strict):
    """`SimpleObjectSelector` of the plug-in."""

    name: ObjectName
    namespace: DnsLabel


class _RouteSelector(Strict):
    """`SimpleRouteSelector` of the plug-in."""

    name: str


class _Stanza(Strict):
    """`GlooPlatformAPITrafficRouting` of the plug-in, which the Rollout's definition accepts unread."""

    routeTableSelector: _RouteTableSelector  # noqa: N815
    routeSelector: _RouteSelector  # noqa: N815


class GlooRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by Gloo: Gloo Edge with Flagger, Gloo Platform with Argo Rollouts."""

    kind: Literal["gloo"] = "gloo"
    virtual_gateway: VirtualGateway = VirtualGateway.model_construct(name="istio-ingressgateway", namespace="gloo-mesh")
    """Gloo Platform's gateway that serves the app; Gloo Edge's own serves every VirtualService."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells(
            {
                Feature.WEIGHTS: Native(Evidence.OPAQUE),
                Feature.EXPERIMENT: NO_EXPERIMENT,
                Feature.MATCH: Native(Evidence.OPAQUE),
                Feature.BLUE_GREEN: Native(Evidence.OPAQUE),
                Feature.HEADER_COHORT: _NO_COHORT,
                Feature.COOKIE_COHORT: _NO_COHORT,
                Feature.COHORT_AND_WEIGHTS: _NO_COHORT,
            },
            Refused("the plug-in sets weights alone", "use strategy 'canary' with weights alone"),
            ROUTED,
        ),
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.OPAQUE),
                Feature.HEADER_COHORT: Native(Evidence.OPAQUE),
                Feature.COOKIE_COHORT: Emulated("a regular expression on the header `cookie`", Evidence.OPAQUE),
                Feature.MATCH: Refused("Flagger writes the routes, and only a cohort's conditions into them", _OTHER),
            },
            Refused("Flagger sets weights and headers in a RouteTable, nothing else", "use strategy 'canary' or 'ab'"),
            ROUTED_BY_FLAGGER,
        ),
    }
    plugin: ClassVar[str] = _PLUGIN
    plugin_rules: ClassVar[Sequence[Manifest]] = (may_rewrite(_PLATFORM_GROUP, "routetables"),)
    flagger_provider: ClassVar[str] = "gloo"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "gloo",
        "virtual_gateway": {"name": "north-south-gw", "namespace": "gloo-mesh"},
    }

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        if plan.switched:
            # The switch is one of pods behind a Service, so the route never changes.
            return RolloutsRouting({}, [self._table(plan, plan.name, _route(plan, {services.stable: 100}))], [])
        route = _route(plan, {services.stable: 100, services.canary: 0})
        name = named_by_content(plan.name, route)
        stanza = _Stanza(
            routeTableSelector=_RouteTableSelector(name=name, namespace=plan.namespace),
            routeSelector=_RouteSelector(name=_ROUTE),
        )
        return RolloutsRouting(
            stanza={"plugins": {_PLUGIN: stanza.model_dump()}},
            manifests=[self._table(plan, name, route)],
            owned=[OwnedField(_PLATFORM_GROUP, "RouteTable", plan.namespace, name, "spec.http")],
        )

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        delegate = {"matchers": [{"prefix": "/"}], "delegateAction": {"ref": _reference(plan, plan.name)}}
        # Flagger's route takes the cohort alone: all others need one too.
        rest = {
            "matchers": [{"prefix": "/"}],
            "routeAction": {"single": {"upstream": _reference(plan, _upstream(plan, "primary"))}},
        }
        host = {"domains": list(plan.traffic.hosts), "routes": [delegate, rest] if plan.cohorts else [delegate]}
        made = manifest(_EDGE, "VirtualService", plan.name, plan.app, {"spec": {"virtualHost": host}})
        return FlaggerRouting(
            service={}, manifests=[made], match=[{"headers": _cohort(cohort)} for cohort in plan.cohorts]
        )

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "the engine writes the routes, without such limits"
        return [*timeout(plan, why), *retries(plan, why), *several_headers(plan, self.kind)]

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return _of_edge(plan) if measured.workload else _of_platform(plan)

    def _table(self, plan: Plan, name: str, route: Manifest) -> Manifest:
        spec = {
            "hosts": list(plan.traffic.hosts),
            "virtualGateways": [self.virtual_gateway.model_dump()],
            "http": [route],
        }
        return manifest(_PLATFORM, "RouteTable", name, plan.app, {"spec": spec})


def _route(plan: Plan, weights: Mapping[str, int]) -> Manifest:
    destinations = [
        {"ref": _reference(plan, service), "port": {"number": plan.traffic.port}, "weight": weight}
        for service, weight in weights.items()
    ]
    matchers = [without_nothing({"uri": _uri(one.path), "headers": _headers(one)}) for one in plan.traffic.match]
    return without_nothing({"name": _ROUTE, "matchers": matchers, "forwardTo": {"destinations": destinations}})


def _uri(path: PathMatch | None) -> Manifest | None:
    if path is None:
        return None
    if path.prefix is None:
        return without_nothing({"exact": path.exact, "regex": path.regex})
    # Gloo's prefix is one of text: `/cart` would match `/carts`.
    whole = path.prefix.rstrip("/")
    return {"regex": f"{re.escape(whole)}(/.*)?"} if whole else {"prefix": "/"}


def _headers(entry: Match) -> list[Manifest]:
    return [_header(name, _value(value)) for name, value in entry.headers.items()]


def _header(name: str, value: Manifest) -> Manifest:
    return {"name": name, "value": next(iter(value.values())), "regex": "regex" in value}


def _reference(plan: Plan, name: str) -> Manifest:
    return {"name": name, "namespace": plan.namespace}


def _upstream(plan: Plan, version: str) -> str:
    """Flagger's name for an Upstream."""
    return f"{plan.namespace}-{plan.name}-{version}upstream-{plan.traffic.port}"


def _cohort(cohort: Cohort) -> Manifest:
    """Flagger hands exact values and expressions on; a prefix would become an empty value."""
    if cohort.cookie:
        return {"cookie": {"regex": cohort.cookie.in_header}}
    return {name: _value(value) for name, value in (cohort.headers or {}).items()}


def _value(value: HeaderMatch) -> Manifest:
    if value.prefix is not None:
        return {"regex": f"{re.escape(value.prefix)}.*"}
    return without_nothing({"exact": value.exact, "regex": value.regex})


def _of_edge(plan: Plan) -> RequestSeries:
    # Envoy's cluster of an Upstream is called after it and its namespace.
    return envoy(f"{_upstream(plan, 'canary')}_{plan.namespace}")


def _of_platform(plan: Plan) -> RequestSeries:
    # Its gateway is Istio's, and counts what it sends to the Service.
    return istio_requests(
        LabelMatch("reporter", "=", "source"),
        LabelMatch("destination_service_namespace", "=", plan.namespace),
        LabelMatch("destination_service_name", "=", plan.measured_service),
    )
