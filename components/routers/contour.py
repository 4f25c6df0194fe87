"""Contour: HTTPProxies, whose weights the engine sets.

Argo Rollouts does it through a plug-in of its project; Flagger makes the HTTPProxy itself, which one of ours for each
host includes. Sources: projectcontour.io/docs (HTTPProxy); argoproj-labs/rollouts-plugin-trafficrouter-contour,
README and pkg/plugin/plugin.go; fluxcd/flagger v1.36, pkg/router/contour.go.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from .. import known_series, refusals
from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services, may_rewrite
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import ROUTED, Feature
from ..manifests.meta import Manifest, manifest, named_by_content, without_nothing
from ..plan import Plan
from ..spec.base import Finding, Strict
from ..spec.names import DnsLabel, ObjectName

_GROUP = "projectcontour.io"
_API = f"{_GROUP}/v1"
_PLUGIN = "argoproj-labs/contour"
_CLASS_ANNOTATION = f"{_GROUP}/ingress.class"

_NO_MATCH = Refused(
    "it weighs one route for each host, which knows no alternatives",
    "use router 'gateway-api', which Contour implements too",
)
_ONLY_WEIGHTS = Refused(
    "its plug-in sets nothing but weights", "use router 'gateway-api', which Contour implements too"
)


class _Plugin(Strict):
    """The plug-in's stanza, which the Rollout's definition accepts unread. Source: its README."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    http_proxies: list[ObjectName]
    """HTTPProxies whose weights it sets."""
    namespace: DnsLabel


class ContourRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by Contour's own HTTPProxy."""

    kind: Literal["contour"] = "contour"
    ingress_class: ObjectName | None = None
    """Name of Contour's class, where it serves only one."""
    tls_secret: ObjectName | None = None
    """Secret in the app's namespace with the certificate of its hosts; with it, HTTP redirects to HTTPS."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells(
            {
                Feature.WEIGHTS: Native(Evidence.OPAQUE),
                Feature.EXPERIMENT: NO_EXPERIMENT,
                Feature.MATCH: _NO_MATCH,
                Feature.BLUE_GREEN: Native(Evidence.API_SERVER),
            },
            _ONLY_WEIGHTS,
            ROUTED,
        ),
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.TRAFFIC),
                Feature.MATCH: _NO_MATCH,
                Feature.HEADER_COHORT: Native(Evidence.TRAFFIC),
                Feature.COOKIE_COHORT: Refused(
                    "Contour finds a cookie's text anywhere in all cookies, in the middle of another one too",
                    "name a header, or use router 'gateway-api'",
                ),
            },
            Refused("Flagger does not do it with Contour", "use router 'gateway-api', which Contour implements too"),
            ROUTED_BY_FLAGGER,
        ),
    }
    plugin: ClassVar[str] = _PLUGIN
    plugin_rules: ClassVar[Sequence[Manifest]] = (may_rewrite(_GROUP, "httpproxies"),)
    flagger_provider: ClassVar[str] = "contour"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "contour", "ingress_class": "public", "tls_secret": "shop-tls"}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        hosts = plan.traffic.hosts
        if plan.switched:
            # The switch is one of pods behind a Service, so the route never changes.
            routes = [_route(plan, {services.stable: 100})]
            return RolloutsRouting(
                {}, [self._proxy(plan, _named(plan, host), host, routes=routes) for host in hosts], []
            )
        routes = [_route(plan, {services.stable: 100, services.canary: 0})]
        names = {host: named_by_content(plan.name, [host, routes]) for host in hosts}
        plugin = _Plugin(http_proxies=list(names.values()), namespace=plan.namespace)
        return RolloutsRouting(
            stanza={"plugins": {_PLUGIN: plugin.model_dump(by_alias=True)}},
            manifests=[self._proxy(plan, name, host, routes=routes) for host, name in names.items()],
            owned=[OwnedField(_GROUP, "HTTPProxy", plan.namespace, name, "spec.routes") for name in names.values()],
        )

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        # Flagger's has the app's name and no host.
        includes = [{"name": plan.name, "namespace": plan.namespace}]
        timeout = {"timeout": str(plan.traffic.timeout)} if plan.traffic.timeout else {}
        return FlaggerRouting(
            service=timeout,
            manifests=[self._proxy(plan, _named(plan, host), host, includes=includes) for host in plan.traffic.hosts],
            match=[
                {"headers": {name: {"exact": value.exact} for name, value in (cohort.headers or {}).items()}}
                for cohort in plan.cohorts
            ],
            # Contour sees no HTTPProxy that is not of its class, and Flagger gives its own none.
            annotations={_CLASS_ANNOTATION: self.ingress_class} if self.ingress_class else {},
        )

    def problems(self, plan: Plan) -> Sequence[Finding]:
        return [
            *refusals.retries(plan, "the words for when to send a request again are not those of Contour"),
            *refusals.several_headers(plan, self.kind),
            *_wildcards(plan),
        ]

    def flagger_problems(self, plan: Plan) -> Sequence[Finding]:
        return list(_inexact(plan))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return known_series.contour(plan)

    def _proxy(self, plan: Plan, name: str, host: str, **content: Sequence[Manifest]) -> Manifest:
        tls = {"secretName": self.tls_secret} if self.tls_secret else None
        virtual_host = without_nothing({"fqdn": host, "tls": tls})
        spec = without_nothing({"ingressClassName": self.ingress_class, "virtualhost": virtual_host})
        shown = {key: [dict(one) for one in value] for key, value in content.items()}
        return manifest(_API, "HTTPProxy", name, plan.app, {"spec": {**spec, **shown}})


def _named(plan: Plan, host: str) -> str:
    """A root for each host, under a name that no app of another name can have by accident."""
    return f"{plan.name}-{hashlib.sha256(host.encode()).hexdigest()[:8]}"


def _route(plan: Plan, weights: Mapping[str, int]) -> Manifest:
    services = [{"name": name, "port": plan.traffic.port, "weight": weight} for name, weight in weights.items()]
    timeout = {"response": str(plan.traffic.timeout)} if plan.traffic.timeout else None
    return without_nothing({"conditions": [{"prefix": "/"}], "services": services, "timeoutPolicy": timeout})


def _inexact(plan: Plan) -> Iterator[Finding]:
    """Flagger makes a prefix a part anywhere in the value, and of an expression a match of nothing."""
    for cohort in plan.cohorts:
        place = next(stage.path for stage in plan.stages if stage.route.cohort == cohort)
        for name, value in (cohort.headers or {}).items():
            if value.exact is None:
                message = (
                    f"header '{name}': with Contour a prefix would match anywhere in the value, an expression nowhere"
                )
                yield place, f"{message}: give 'exact'"


def _wildcards(plan: Plan) -> Iterator[Finding]:
    for index, host in enumerate(plan.traffic.hosts):
        if host.startswith("*."):
            yield ("traffic", "hosts", index), "an HTTPProxy is for one host: name each, or use router 'gateway-api'"
