"""Emissary-ingress (Ambassador): a Mapping for every host, beside which the engine puts one with the canary's weight.

Nothing that we write is rewritten: Argo Rollouts copies each Mapping to `<name>-canary`, with the canary's Service and
a weight, and deletes the copy at the end. Source: emissary-ingress.dev (Mapping, Retries, Prometheus);
argo-rollouts v1.9, rollout/trafficrouting/ambassador.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import Measured, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..features import ROUTED, Feature
from ..known_series import envoy
from ..manifests.meta import Manifest, manifest, without_nothing
from ..plan import Plan
from ..spec.base import Finding
from ..spec.names import NonEmpty
from ..spec.traffic import HeaderMatch, Match, PathMatch

_API = "getambassador.io/v3alpha1"
_CONDITIONS = ("5xx", "gateway-error", "connect-failure", "retriable-4xx", "refused-stream", "retriable-status-codes")


class EmissaryRouter(Router, RolloutsRouter):
    """Routes by Emissary-ingress 3 (Ambassador), with Mappings; its Listeners and Hosts are the platform's."""

    kind: Literal["emissary"] = "emissary"
    ambassador_id: list[NonEmpty] = []
    """Which of several Emissaries in the cluster serve the app; the default one unless given."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells(
            {
                Feature.WEIGHTS: Native(Evidence.OPAQUE),
                Feature.EXPERIMENT: NO_EXPERIMENT,
                Feature.MATCH: Native(Evidence.OPAQUE),
                Feature.BLUE_GREEN: Native(Evidence.OPAQUE),
            },
            Refused(
                "Argo Rollouts sets nothing but the weight of a Mapping", "use strategy 'canary' with weights alone"
            ),
            ROUTED,
        )
    }
    controller_arguments: ClassVar[Sequence[str]] = (f"--ambassador-api-version={_API}",)
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "emissary", "ambassador_id": ["edge"]}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        mappings = [
            self._mapping(plan, index, services.stable, {"hostname": host, **condition})
            for index, (host, condition) in enumerate(
                (host, condition) for host in plan.traffic.hosts for condition in _conditions(plan)
            )
        ]
        # The switch of a blue-green release is one of pods behind a Service, so the route never changes.
        names = [one["metadata"]["name"] for one in mappings]
        return RolloutsRouting({} if plan.switched else {"ambassador": {"mappings": names}}, mappings, [])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        return list(_retry_problems(plan))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        # Envoy's cluster of a Service, which is the canary's own; without `stats_name` Emissary names it so.
        cluster = re.sub("[^0-9A-Za-z]", "_", f"{plan.measured_service}.{plan.namespace}:{plan.traffic.port}")
        return envoy(cluster)

    def _mapping(self, plan: Plan, index: int, service: str, conditions: Manifest) -> Manifest:
        traffic = plan.traffic
        asked = traffic.retries
        retry = asked and without_nothing(
            {
                "retry_on": asked.retry_on,
                "num_retries": asked.attempts,
                "per_try_timeout": f"{asked.per_try_timeout.milliseconds / 1000:g}s" if asked.per_try_timeout else None,
            }
        )
        spec = without_nothing(
            {
                **conditions,
                # Empty keeps the path as it is; Emissary's default replaces the prefix.
                "rewrite": "",
                "service": f"{service}.{plan.namespace}:{traffic.port}",
                "timeout_ms": traffic.timeout.milliseconds if traffic.timeout else None,
                "retry_policy": retry,
                "ambassador_id": list(self.ambassador_id),
            }
        )
        return manifest(_API, "Mapping", f"{plan.name}-{index}", plan.app, {"spec": spec})


def _retry_problems(plan: Plan) -> Iterator[Finding]:
    asked = plan.traffic.retries
    if asked and asked.retry_on not in _CONDITIONS:
        yield ("traffic", "retries", "retry_on"), f"'emissary' takes one condition, of {', '.join(_CONDITIONS)}"


def _conditions(plan: Plan) -> Iterator[Manifest]:
    if not plan.traffic.match:
        yield {"prefix": "/"}
    for entry in plan.traffic.match:
        yield {**_path(entry.path), **_headers(entry)}


def _path(path: PathMatch | None) -> Manifest:
    if path is None:
        return {"prefix": "/"}
    if path.exact is not None:
        return {"prefix": path.exact, "prefix_exact": True}
    if path.regex is not None:
        return {"prefix": path.regex, "prefix_regex": True}
    # Emissary's prefix is one of text: `/cart` would match `/carts`.
    whole = (path.prefix or "").rstrip("/")
    return {"prefix": f"{re.escape(whole)}(/.*)?", "prefix_regex": True} if whole else {"prefix": "/"}


def _headers(entry: Match) -> Manifest:
    exact = {name: value.exact for name, value in entry.headers.items() if value.exact is not None}
    patterns = {name: _pattern(value) for name, value in entry.headers.items() if value.exact is None}
    return without_nothing({"headers": exact, "regex_headers": patterns})


def _pattern(value: HeaderMatch) -> str:
    return value.regex if value.regex is not None else f"{re.escape(value.prefix or '')}.*"
