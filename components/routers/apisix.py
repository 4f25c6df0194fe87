"""APISIX: an ApisixRoute whose backends' weights the engine moves, and a copy of it for a cohort.

Argo Rollouts rewrites `spec.http` of ours; Flagger copies ours to one with both versions.
Source: apisix.apache.org (ApisixRoute v2, the plug-in prometheus); argo-rollouts v1.9, rollout/trafficrouting/apisix;
flagger v1.36, pkg/router/apisix.go.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Emulated, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, OwnedField, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services, audience_route
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import ROUTED, Feature
from ..known_series import of_pods
from ..manifests.meta import Manifest, manifest, named_by_content, without_nothing
from ..plan import Plan
from ..refusals import retries, several_headers, timeout, unmeasured
from ..spec.base import Finding
from ..spec.pod_metrics import PodMetrics
from ..spec.traffic import HeaderMatch, Match, PathMatch

_GROUP = "apisix.apache.org"
_API = f"{_GROUP}/v2"
_PLAIN = re.compile(r"[A-Za-z0-9_-]*")


class ApisixRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by APISIX, with an ApisixRoute.

    Without `pod_metrics` the checks need `prefer_name: true` of its plug-in prometheus, so that requests are counted by
    the route's name.
    """

    kind: Literal["apisix"] = "apisix"
    pod_metrics: PodMetrics | None = None
    """Metrics of the apps' own pods, asked instead of APISIX's; needed with weights, which one route holds for both."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells(
            {
                Feature.WEIGHTS: Native(Evidence.API_SERVER),
                Feature.EXPERIMENT: NO_EXPERIMENT,
                Feature.MATCH: Native(Evidence.API_SERVER),
                Feature.HEADER_COHORT: Native(Evidence.API_SERVER),
                Feature.COOKIE_COHORT: Emulated("a regular expression on the header `cookie`", Evidence.API_SERVER),
                Feature.COHORT_AND_WEIGHTS: Native(Evidence.API_SERVER),
                Feature.BLUE_GREEN: Native(Evidence.API_SERVER),
            },
            Refused(
                "Argo Rollouts sets weights and headers in an ApisixRoute, nothing else",
                "use strategy 'canary', 'ab' or 'blue-green'",
            ),
            ROUTED,
        ),
        "flagger": cells(
            {Feature.WEIGHTS: Native(Evidence.API_SERVER), Feature.MATCH: Native(Evidence.API_SERVER)},
            Refused(
                "Flagger sets nothing but two weights in an ApisixRoute, and would give everybody the new version",
                "use strategy 'canary' with weights alone",
            ),
            ROUTED_BY_FLAGGER,
            since="1.27.0",
        ),
    }
    flagger_provider: ClassVar[str] = "apisix"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "apisix", "pod_metrics": {"status": "status"}}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        if plan.switched:
            # The switch is one of pods behind a Service, so the route never changes.
            return RolloutsRouting({}, [_object(plan, plan.name, _rules(plan, {services.stable: 100}))], [])
        rules = _rules(plan, {services.stable: 100, services.canary: 0})
        name = named_by_content(plan.name, rules)
        return RolloutsRouting(
            stanza={"apisix": {"route": {"name": name, "rules": [rule["name"] for rule in rules]}}},
            manifests=[_object(plan, name, rules)],
            owned=[OwnedField(_GROUP, "ApisixRoute", plan.namespace, name, "spec.http")],
        )

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        # Flagger looks for the app's own Service, which it makes.
        reference = {"apiVersion": _API, "kind": "ApisixRoute", "name": plan.name}
        route = _object(plan, plan.name, _rules(plan, {plan.name: None}))
        return FlaggerRouting(service={}, manifests=[route], spec={"routeRef": reference})

    def flagger_problems(self, plan: Plan) -> Sequence[Finding]:
        if len(plan.traffic.match) < 2:
            return []
        return [(("traffic", "match"), "Flagger copies one rule of an ApisixRoute: give one entry")]

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "an ApisixRoute has no such limit"
        return [
            *timeout(plan, why),
            *retries(plan, why),
            *several_headers(plan, self.kind),
            *_loose_values(plan),
            *_lost_conditions(plan),
        ]

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        if self.pod_metrics or plan.switched or not any(stage.weight for stage in plan.stages):
            return []
        both = "APISIX counts the requests of a route, and with weights one route leads to both versions"
        return list(unmeasured(plan, both, "give 'pod_metrics' in delivery.router"))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        if self.pod_metrics:
            return of_pods(plan, measured, self.pod_metrics)
        # The cohort's copy of the route leads to the canary alone; after a switch the app's route does.
        route = plan.name if plan.switched else audience_route(plan)
        return RequestSeries(
            requests="apisix_http_status",
            errors=LabelMatch("code", "=~", "5.."),
            duration_buckets="apisix_http_latency_bucket",
            duration_unit_ms=1,
            only=(LabelMatch("route", "=~", f"{plan.namespace}_{route}_rule-[0-9]+"),),
        )


def _object(plan: Plan, name: str, rules: Sequence[Manifest]) -> Manifest:
    return manifest(_API, "ApisixRoute", name, plan.app, {"spec": {"http": list(rules)}})


def _rules(plan: Plan, weights: Mapping[str, int | None]) -> list[Manifest]:
    """One for each entry, of which any is enough; all of them if there is none."""
    entries: Sequence[Match | None] = plan.traffic.match or [None]
    return [
        {
            "name": f"rule-{index}",
            "match": {"hosts": list(plan.traffic.hosts), **_conditions(entry)},
            "backends": _backends(plan, weights),
        }
        for index, entry in enumerate(entries)
    ]


def _backends(plan: Plan, weights: Mapping[str, int | None]) -> list[Manifest]:
    port = plan.traffic.port
    return [
        without_nothing({"serviceName": service, "servicePort": port, "weight": weight})
        for service, weight in weights.items()
    ]


def _conditions(entry: Match | None) -> Manifest:
    path = entry.path if entry else None
    headers = entry.headers if entry else {}
    exprs = [_matches({"scope": "Path"}, f"^(?:{path.regex})$")] if path and path.regex is not None else []
    exprs += [_header(name, value) for name, value in headers.items()]
    return without_nothing({"paths": _paths(path), "exprs": exprs})


def _paths(path: PathMatch | None) -> list[str]:
    if path and path.exact is not None:
        return [path.exact]
    whole = (path.prefix or "").rstrip("/") if path else ""
    return [whole, f"{whole}/*"] if whole else ["/*"]


def _header(name: str, value: HeaderMatch) -> Manifest:
    subject = {"scope": "Header", "name": name}
    if value.exact is not None:
        return {"subject": subject, "op": "Equal", "value": value.exact}
    return _matches(subject, f"^(?:{value.regex})$" if value.regex else f"^{re.escape(value.prefix or '')}")


def _matches(subject: Manifest, pattern: str) -> Manifest:
    return {"subject": subject, "op": "RegexMatch", "value": pattern}


def _loose_values(plan: Plan) -> Iterator[Finding]:
    """Conditions of a cohort, which the engine hands on as they are, that would fit more users than asked for."""
    for stage in plan.stages:
        headers = (stage.route.cohort.headers if stage.route.cohort else None) or {}
        for value in headers.values():
            if value.prefix is not None and not _PLAIN.fullmatch(value.prefix):
                yield stage.path, "APISIX would read this prefix as an expression: use letters, digits, '-' and '_'"
            if value.regex is not None and not (value.regex.startswith("^") and value.regex.endswith("$")):
                yield stage.path, "APISIX looks for this anywhere in the value: begin it with '^' and end it with '$'"


def _lost_conditions(plan: Plan) -> Iterator[Finding]:
    """The engine writes the cohort's condition in the place of all that are not hosts and paths."""
    for index, entry in enumerate(plan.traffic.match if plan.cohorts else ()):
        if entry.headers or (entry.path and entry.path.regex is not None):
            lost = "would be lost for a cohort, whose condition takes its place: use 'prefix' and 'exact' paths alone"
            yield ("traffic", "match", index), lost
