"""Traefik: an IngressRoute with the app's hosts, which leads to a TraefikService whose weights the engine moves.

Argo Rollouts rewrites `spec.weighted` of a TraefikService of ours; Flagger makes its own, named like the app.
Source: doc.traefik.io/traefik (Kubernetes IngressRoute, Routing rules of v3, Retry, Metrics); argo-rollouts v1.9,
rollout/trafficrouting/traefik; flagger v1.36, pkg/router/traefik.go.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import ROUTED, Feature
from ..manifests.meta import Manifest, manifest, named_by_content, without_nothing
from ..plan import Plan
from ..refusals import retry_conditions, slow, timeout
from ..spec.base import Finding
from ..spec.names import NonEmpty, ObjectName
from ..spec.traffic import HeaderMatch, Match, PathMatch
from ..spec.values import Duration, PositiveDuration

_GROUP = "traefik.io"
_API = f"{_GROUP}/v1alpha1"
_API_OF_FLAGGER = "traefik.containo.us/v1alpha1"
"""The group that Flagger 1.36 knows; Traefik 2 serves it, Traefik 3 does not."""

_ONLY_WEIGHTS = Refused(
    "the engine sets nothing but the two weights of a TraefikService", "use strategy 'canary' with weights alone"
)


class TraefikRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by Traefik, with an IngressRoute and a TraefikService.

    Argo Rollouts steers Traefik 3, Flagger 1.36 only Traefik 2.
    """

    kind: Literal["traefik"] = "traefik"
    entry_points: list[NonEmpty] = ["web"]
    """Traefik's entry points that take the app's requests, e.g. `websecure`."""
    tls_secret: ObjectName | None = None
    """Secret in the app's namespace with its certificate; with it, these entry points serve HTTPS only."""
    largest_bucket: PositiveDuration = Duration.of_seconds(5)
    """The largest of the `buckets` of Traefik's Prometheus metrics; a latency check must be below it."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells(
            {
                Feature.WEIGHTS: Native(Evidence.API_SERVER),
                Feature.EXPERIMENT: NO_EXPERIMENT,
                Feature.MATCH: Native(Evidence.API_SERVER),
                Feature.BLUE_GREEN: Native(Evidence.API_SERVER),
            },
            _ONLY_WEIGHTS,
            ROUTED,
        ),
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.OPAQUE),
                Feature.MATCH: Refused(
                    "Flagger 1.36 steers Traefik 2, whose rules are not those of Traefik 3",
                    "leave traffic.match out, or choose engine 'argo-rollouts'",
                ),
            },
            _ONLY_WEIGHTS,
            ROUTED_BY_FLAGGER,
            since="1.4.0",
        ),
    }
    controller_arguments: ClassVar[Sequence[str]] = (f"--traefik-api-group={_GROUP}", f"--traefik-api-version={_API}")
    flagger_provider: ClassVar[str] = "traefik"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "traefik", "entry_points": ["websecure"], "tls_secret": "shop-tls"}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        if plan.switched:
            # The switch is one of pods behind a Service, so the route never changes.
            to = {"name": services.stable, "port": plan.traffic.port}
            return RolloutsRouting({}, [*_retry(_API, plan), self._route(_API, plan, to)], [])
        spec = {"weighted": {"services": [_service(plan, services.stable, 100), _service(plan, services.canary, 0)]}}
        name = named_by_content(plan.name, spec)
        return RolloutsRouting(
            stanza={"traefik": {"weightedTraefikServiceName": name}},
            manifests=[
                *_retry(_API, plan),
                manifest(_API, "TraefikService", name, plan.app, {"spec": spec}),
                self._route(_API, plan, {"kind": "TraefikService", "name": name}),
            ],
            owned=[OwnedField(_GROUP, "TraefikService", plan.namespace, name, "spec.weighted")],
        )

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        route = self._route(_API_OF_FLAGGER, plan, {"kind": "TraefikService", "name": plan.name})
        return FlaggerRouting(service={}, manifests=[*_retry(_API_OF_FLAGGER, plan), route])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        return [
            *timeout(plan, "Traefik has no limit for a whole request"),
            *retry_conditions(plan, "Traefik sends a request again when no answer came, and on no other condition"),
        ]

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        return list(slow(plan, self.largest_bucket, self.kind))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        # Counted by Service, and that of the canary leads to its pods alone.
        service = re.sub("-+", "-", f"{plan.namespace}-{plan.measured_service}-{plan.traffic.port}")
        return RequestSeries(
            requests="traefik_service_requests_total",
            errors=LabelMatch("code", "=~", "5.."),
            duration_buckets="traefik_service_request_duration_seconds_bucket",
            duration_unit_ms=1000,
            only=(LabelMatch("service", "=", f"{service}@kubernetescrd"),),
        )

    def _route(self, api: str, plan: Plan, to: Manifest) -> Manifest:
        route = without_nothing(
            {
                "kind": "Rule",
                "match": _rule(plan),
                "middlewares": [{"name": one["metadata"]["name"]} for one in _retry(api, plan)],
                "services": [to],
            }
        )
        tls = {"secretName": self.tls_secret} if self.tls_secret else None
        spec = without_nothing({"entryPoints": list(self.entry_points), "routes": [route], "tls": tls})
        return manifest(api, "IngressRoute", plan.name, plan.app, {"spec": spec})


def _service(plan: Plan, name: str, weight: int) -> Manifest:
    return {"name": name, "port": plan.traffic.port, "weight": weight}


def _retry(api: str, plan: Plan) -> list[Manifest]:
    asked = plan.traffic.retries
    # Traefik counts the first try too.
    spec = {"retry": {"attempts": asked.attempts + 1}} if asked else None
    return [manifest(api, "Middleware", f"{plan.name}-retry", plan.app, {"spec": spec})] if spec else []


def _rule(plan: Plan) -> str:
    hosts = [_host(host) for host in plan.traffic.hosts]
    entries = [" && ".join(_conditions(entry)) for entry in plan.traffic.match]
    return " && ".join(filter(None, (_any(hosts), _any(entries))))


def _any(rules: Sequence[str]) -> str:
    return f"({' || '.join(rules)})" if len(rules) > 1 else "".join(rules)


def _host(host: str) -> str:
    if not host.startswith("*."):
        return f"Host({_quoted(host)})"
    pattern = rf"^[^.]+{re.escape(host[1:])}$"
    return f"HostRegexp({_quoted(pattern)})"


def _conditions(entry: Match) -> Iterator[str]:
    if entry.path:
        yield _path(entry.path)
    for name, value in entry.headers.items():
        yield _header(name, value)


def _path(path: PathMatch) -> str:
    if path.exact is not None:
        return f"Path({_quoted(path.exact)})"
    if path.regex is not None:
        return f"PathRegexp({_quoted(f'^(?:{path.regex})$')})"
    # Traefik's prefix is one of text: `/cart` would match `/carts`.
    whole = (path.prefix or "").rstrip("/")
    return f"(Path({_quoted(whole)}) || PathPrefix({_quoted(f'{whole}/')}))" if whole else 'PathPrefix("/")'


def _header(name: str, value: HeaderMatch) -> str:
    if value.exact is not None:
        return f"Header({_quoted(name)}, {_quoted(value.exact)})"
    pattern = f"^(?:{value.regex})$" if value.regex is not None else f"^{re.escape(value.prefix or '')}"
    return f"HeaderRegexp({_quoted(name)}, {_quoted(pattern)})"


def _quoted(text: str) -> str:
    """A literal of Go's."""
    return json.dumps(text, ensure_ascii=False)
