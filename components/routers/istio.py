"""Istio: a root VirtualService with the app's hosts, and a delegate whose weights the engine moves.

Two objects, so that two writers never meet: the root (hosts, match, timeout, retries) is the user's, the delegate's
`spec.http` is the engine's. Source: istio.io/latest/docs/reference/config/networking/virtual-service (Delegate).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from .. import known_series
from ..capability import Cells, Emulated, Evidence, Native
from ..contracts import Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_COOKIES, RolloutsRouter, RolloutsRouting, Services
from ..contracts_of.flagger import KEEPS_THE_CANARY, STABLE_DRIFTS, FlaggerRouter, FlaggerRouting
from ..features import Feature
from ..manifests.meta import Manifest, manifest, without_nothing
from ..plan import Plan
from ..spec.base import Finding
from ..spec.cohort import Cohort
from ..spec.labels import LabelName, LabelValue
from ..spec.names import ObjectName
from ..spec.traffic import HeaderMatch, Match, PathMatch

_GROUP = "networking.istio.io"
_API = f"{_GROUP}/v1"
_ROUTE = "split"

CANONICAL_NAME_LABEL = "service.istio.io/canonical-name"
"""On a pod, it names the app in Istio's metrics instead of `app.kubernetes.io/name`."""

_NOT_HEADERS = ("uri", "scheme", "method", "authority")
"""Istio ignores a condition on headers of these names. Source: VirtualService reference, HTTPMatchRequest."""


class IstioRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by an Istio ingress gateway and VirtualServices."""

    kind: Literal["istio"] = "istio"
    gateway_selector: dict[LabelName, LabelValue] = {"istio": "ingress"}
    """Labels of the gateway's pods."""
    tls_secret: ObjectName | None = None
    """Secret with the gateway's certificate; with it, HTTPS is served on 443 and HTTP redirects there."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": {
            Feature.WEIGHTS: Native(Evidence.TRAFFIC),
            Feature.MATCH: Native(Evidence.TRAFFIC),
            Feature.HEADER_COHORT: Native(Evidence.TRAFFIC),
            Feature.COOKIE_COHORT: Emulated("a regular expression on the header `cookie`", Evidence.TRAFFIC),
            Feature.COHORT_AND_WEIGHTS: Native(Evidence.TRAFFIC),
            Feature.MIRROR: Native(Evidence.TRAFFIC),
            Feature.MIRROR_METHODS: Native(Evidence.TRAFFIC),
            Feature.MIRROR_AND_WEIGHTS: Native(Evidence.API_SERVER),
            Feature.SESSION_AFFINITY: NO_COOKIES,
            Feature.CANARY_AFFINITY: NO_COOKIES,
            Feature.BLUE_GREEN: Native(Evidence.TRAFFIC),
            Feature.EXPERIMENT: Native(Evidence.TRAFFIC),
        },
        "flagger": {
            Feature.WEIGHTS: Native(Evidence.TRAFFIC),
            Feature.MATCH: Native(Evidence.API_SERVER),
            Feature.HEADER_COHORT: Native(Evidence.TRAFFIC),
            Feature.COOKIE_COHORT: Emulated("a regular expression on the header `cookie`", Evidence.TRAFFIC),
            Feature.MIRROR: Native(Evidence.TRAFFIC),
            Feature.SESSION_AFFINITY: STABLE_DRIFTS,
            Feature.CANARY_AFFINITY: KEEPS_THE_CANARY,
        },
    }
    flagger_provider: ClassVar[str] = "istio"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "istio", "gateway_selector": {"istio": "ingress"}}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        if plan.switched:
            # The switch is one of pods behind a Service, so the route never changes.
            return RolloutsRouting({}, [self._gateway(plan), _root(plan, plan.name, _to_service(services.stable))], [])
        delegate = f"{plan.name}-split"
        return RolloutsRouting(
            stanza={"istio": {"virtualService": {"name": delegate, "routes": [_ROUTE]}}},
            manifests=[
                self._gateway(plan),
                _delegate(plan, delegate, services),
                _root(plan, plan.name, _to_delegate(plan, delegate)),
            ],
            owned=[OwnedField(_GROUP, "VirtualService", plan.namespace, delegate, "spec.http")],
        )

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        # Flagger makes the delegate itself, under the name of the app's own Service.
        return FlaggerRouting(
            service={"delegation": True},
            manifests=[self._gateway(plan), _root(plan, f"{plan.name}-root", _to_delegate(plan, plan.name))],
            match=[{"headers": headers} for cohort in plan.cohorts for headers in _cohort(cohort)],
        )

    def problems(self, plan: Plan) -> Sequence[Finding]:
        return [*_ignored_headers(plan), *_several_ports(plan)]

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        return list(_renamed(plan))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return known_series.istio(plan, measured)

    def _gateway(self, plan: Plan) -> Manifest:
        hosts = plan.traffic.hosts
        http: Manifest = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
        servers = [http]
        if self.tls_secret:
            http["tls"] = {"httpsRedirect": True}
            tls = {"mode": "SIMPLE", "credentialName": self.tls_secret}
            servers.append({"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": hosts, "tls": tls})
        return manifest(
            _API, "Gateway", plan.name, plan.app, {"spec": {"selector": self.gateway_selector, "servers": servers}}
        )


def _renamed(plan: Plan) -> Iterator[Finding]:
    """The checks ask for the app's own name, and would find nothing."""
    work = plan.app.workload
    in_template: Mapping[str, Any] = (work.pod_template or {}).get("metadata", {}).get("labels", {})
    places = ((("labels",), work.labels), (("pod_template", "metadata", "labels"), in_template))
    for place, labels in places:
        if CANONICAL_NAME_LABEL in labels:
            message = "renames the app in Istio's metrics, so that no check would find any: leave it out"
            yield ("workload", *place, CANONICAL_NAME_LABEL), message


def _ignored_headers(plan: Plan) -> Iterator[Finding]:
    for index, entry in enumerate(plan.traffic.match):
        for name in entry.headers:
            if name in _NOT_HEADERS:
                yield ("traffic", "match", index, "headers", name), "is ignored by Istio: it cannot be a condition"


def _several_ports(plan: Plan) -> Iterator[Finding]:
    """Argo Rollouts routes to an experiment's Service without a port, which Istio finds where there is just one."""
    containers = plan.template["spec"]["containers"] if plan.template else []
    if sum(len(container.get("ports") or []) for container in containers) > 1:
        for stage in plan.stages:
            if stage.experiment:
                message = "its requests would find no port, for the pods have several: give the pods one port"
                yield (*stage.path, "experiment"), f"{message}, or leave the experiment out"


def _delegate(plan: Plan, name: str, services: Services) -> Manifest:
    def to(service: str, weight: int) -> Manifest:
        # Without a port, which Istio takes from the Service: the engine owns this list, and a change would be dropped.
        return {"destination": {"host": service}, "weight": weight}

    route = {"name": _ROUTE, "route": [to(services.stable, 100), to(services.canary, 0)]}
    return manifest(_API, "VirtualService", name, plan.app, {"spec": {"http": [route]}})


def _to_delegate(plan: Plan, name: str) -> Manifest:
    return {"delegate": {"name": name, "namespace": plan.namespace}}


def _to_service(name: str) -> Manifest:
    return {"route": [{"destination": {"host": name}}]}


def _root(plan: Plan, name: str, destination: Manifest) -> Manifest:
    traffic = plan.traffic
    retries = traffic.retries and without_nothing(
        {
            "attempts": traffic.retries.attempts,
            "perTryTimeout": str(traffic.retries.per_try_timeout) if traffic.retries.per_try_timeout else None,
            "retryOn": traffic.retries.retry_on,
        }
    )
    route = without_nothing(
        {
            "name": "all",
            "match": [condition for entry in traffic.match for condition in _conditions(entry)],
            **destination,
            "timeout": str(traffic.timeout) if traffic.timeout else None,
            "retries": retries,
        }
    )
    spec = {"hosts": traffic.hosts, "gateways": [plan.name], "http": [route]}
    return manifest(_API, "VirtualService", name, plan.app, {"spec": spec})


def _conditions(entry: Match) -> list[Manifest]:
    """One entry as Istio writes it: more than one condition where only together they mean the same."""
    headers = {name: _text(value) for name, value in entry.headers.items()}
    return [without_nothing({"uri": uri, "headers": headers}) for uri in _uris(entry.path)]


def _uris(path: PathMatch | None) -> list[Manifest | None]:
    if path is None:
        return [None]
    if path.prefix is None:
        return [_text(path)]
    # Istio's prefix is one of text: `/cart` would match `/carts`.
    whole = path.prefix.rstrip("/")
    return [{"exact": whole}, {"prefix": f"{whole}/"}] if whole else [{"prefix": "/"}]


def _cohort(cohort: Cohort) -> list[Manifest]:
    """Conditions on headers; one of them is enough."""
    if cohort.cookie:
        return [{"cookie": {"regex": cohort.cookie.in_header}}]
    return [{name: _text(value)} for name, value in (cohort.headers or {}).items()]


def _text(wanted: PathMatch | HeaderMatch) -> Manifest:
    return without_nothing({"exact": wanted.exact, "prefix": wanted.prefix, "regex": wanted.regex})
