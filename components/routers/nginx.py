"""ingress-nginx: an Ingress of ours, and a canary Ingress beside it that the engine makes.

At its end since March 2026. Sources: kubernetes.github.io/ingress-nginx/user-guide, nginx-configuration/annotations
(Canary) and monitoring; argo-rollouts v1.9, rollout/trafficrouting/nginx/nginx.go; fluxcd/flagger v1.36,
pkg/router/ingress.go.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from .. import refusals
from ..capability import Cells, Evidence, Native, Refused, cells
from ..contracts import LabelMatch, Measured, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting
from ..features import Feature
from ..manifests.ingress import ingress
from ..manifests.meta import Manifest
from ..plan import Plan
from ..spec.base import Finding
from ..spec.cohort import Cohort
from ..spec.names import ObjectName
from ..spec.pod_metrics import MetricLabel
from ..spec.traffic import HeaderMatch
from ..spec.values import Duration, PositiveDuration

_PREFIX = "nginx.ingress.kubernetes.io"
_ALWAYS = "always"

_NO_COPIES = Refused("a canary Ingress copies no requests", "use weights and a cohort of your own people")
_NO_STEPS = Refused(
    "Argo Rollouts takes no step about a cohort on ingress-nginx",
    "use strategy 'ab' with engine 'flagger'",
)
_NO_COOKIES = Refused("a canary Ingress sets no cookies", "give a cookie to some users and name it in a cohort")


class NginxRouter(Router, RolloutsRouter, FlaggerRouter):
    """Routes by ingress-nginx, which nobody maintains any more; the Gateway API succeeds it."""

    kind: Literal["nginx"] = "nginx"
    ingress_class: ObjectName = "nginx"
    """Name of the IngressClass."""
    tls_secret: ObjectName | None = None
    """Secret in the app's namespace with the certificate of its hosts."""
    namespace_label: MetricLabel = "exported_namespace"
    """Label of its metrics with an Ingress's namespace; `namespace` where they are scraped with honor_labels."""
    largest_bucket: PositiveDuration = Duration.of_seconds(10)
    """The largest of the controller's `time-buckets`; a latency check must be below it."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": {
            Feature.WEIGHTS: Native(Evidence.API_SERVER),
            Feature.EXPERIMENT: NO_EXPERIMENT,
            Feature.MATCH: Native(Evidence.API_SERVER),
            Feature.HEADER_COHORT: _NO_STEPS,
            Feature.COOKIE_COHORT: _NO_STEPS,
            Feature.COHORT_AND_WEIGHTS: _NO_STEPS,
            Feature.MIRROR: _NO_COPIES,
            Feature.MIRROR_METHODS: _NO_COPIES,
            Feature.MIRROR_AND_WEIGHTS: _NO_COPIES,
            Feature.SESSION_AFFINITY: _NO_COOKIES,
            Feature.CANARY_AFFINITY: _NO_COOKIES,
            Feature.BLUE_GREEN: Native(Evidence.API_SERVER),
        },
        "flagger": cells(
            {
                Feature.WEIGHTS: Native(Evidence.API_SERVER),
                Feature.MATCH: Native(Evidence.API_SERVER),
                Feature.HEADER_COHORT: Native(Evidence.API_SERVER),
                Feature.COOKIE_COHORT: Native(Evidence.API_SERVER),
                Feature.SESSION_AFFINITY: _NO_COOKIES,
                Feature.CANARY_AFFINITY: _NO_COOKIES,
            },
            _NO_COPIES,
            ROUTED_BY_FLAGGER,
        ),
    }
    end_of_life: ClassVar[str] = "ingress-nginx gets no fixes since March 2026; use router 'gateway-api'"
    flagger_provider: ClassVar[str] = "nginx"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "nginx", "ingress_class": "public", "tls_secret": "shop-tls"}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        stable = self._ingress(plan, services.stable)
        if plan.switched:
            # The switch is one of pods behind a Service, so the Ingress never changes.
            return RolloutsRouting({}, [stable], [])
        return RolloutsRouting({"nginx": {"stableIngress": plan.name}}, [stable], [])

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        # Flagger looks for the Service that it makes under the app's name, and makes the canary Ingress from this one.
        return FlaggerRouting(
            service={},
            spec={"ingressRef": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": plan.name}},
            manifests=[self._ingress(plan, plan.name)],
            match=[{"headers": _as_istio(cohort)} for cohort in plan.cohorts],
        )

    def problems(self, plan: Plan) -> Sequence[Finding]:
        return [
            *refusals.paths_only(plan),
            *refusals.timeout(plan, "ingress-nginx has no limit for a whole request"),
            *refusals.retries(plan, "the canary Ingress gets no annotations of ours, so its requests would not repeat"),
            *refusals.several_headers(plan, self.kind),
            *_unmatched_cohorts(plan),
        ]

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        return list(refusals.slow(plan, self.largest_bucket, self.kind))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        # What the canary Ingress answers is counted under the stable one's name, with the canary's backend as a label.
        backend = f"{plan.namespace}-{plan.canary_service}-{plan.traffic.port}"
        version = (
            LabelMatch("service", "=", plan.measured_service) if plan.switched else LabelMatch("canary", "=", backend)
        )
        return RequestSeries(
            requests="nginx_ingress_controller_requests",
            errors=LabelMatch("status", "=~", "5.."),
            duration_buckets="nginx_ingress_controller_request_duration_seconds_bucket",
            duration_unit_ms=1000,
            only=(
                LabelMatch(self.namespace_label, "=", plan.namespace),
                LabelMatch("ingress", "=", plan.name),
                version,
            ),
        )

    def _ingress(self, plan: Plan, service: str) -> Manifest:
        return ingress(plan.app, service, self.ingress_class, self.tls_secret)


def _as_istio(cohort: Cohort) -> Manifest:
    """Flagger writes conditions as Istio does; here a cookie's `exact` is its name."""
    if cohort.cookie:
        return {"cookie": {"exact": cohort.cookie.name}}
    # One header: more of them are refused, of which Flagger would keep the last.
    return {name: _condition(value) for name, value in (cohort.headers or {}).items()}


def _condition(value: HeaderMatch) -> Manifest:
    if value.exact is not None:
        return {"exact": value.exact}
    # The pattern may match anywhere in the value, and a prefix has none of its own.
    return {"regex": f"^(?:{value.regex})$" if value.regex is not None else f"^{re.escape(value.prefix or '')}"}


def _unmatched_cohorts(plan: Plan) -> Iterator[Finding]:
    for cohort in plan.cohorts:
        place = next(stage.path for stage in plan.stages if stage.route.cohort == cohort)
        if cohort.cookie and cohort.cookie.value != _ALWAYS:
            message = f"ingress-nginx looks for the value '{_ALWAYS}' in a cookie, and for no other"
            yield place, f"{message}: give the cookie '{cohort.cookie.name}' that value"
