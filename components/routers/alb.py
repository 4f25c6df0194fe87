"""AWS Load Balancer Controller: an Ingress of ours, whose action Argo Rollouts writes into an annotation beside it.

Nothing that we write is rewritten: the annotation with the weights is the engine's alone. The two Services take turns,
because pods that are moved to another target group are not in it yet when it gets all requests. Source:
kubernetes-sigs.github.io/aws-load-balancer-controller (Ingress annotations); argo-rollouts v1.9,
docs/features/traffic-management/alb.md, rollout/trafficrouting/alb, and its issues 2864 and 4834.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Evidence, Native, Refused
from ..contracts import Measured, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..features import Feature
from ..known_series import of_pods
from ..manifests.ingress import ingress
from ..plan import Plan
from ..refusals import paths_only, retries, timeout, unnamed
from ..spec.base import Finding
from ..spec.names import NonEmpty, ObjectName
from ..spec.pod_metrics import PodMetrics

_PREFIX = "alb.ingress.kubernetes.io"
_BY_ANNOTATION = "use-annotation"

_NO_COHORT = Refused(
    "Argo Rollouts writes a cohort's rule into the Ingress's own list, where changes of ours would be dropped",
    "use strategy 'canary' with weights alone",
)
_OWN_COOKIE = Refused("an ALB's cookie has a name of its own", "leave session_affinity out")
_NO_COPIES = Refused("an ALB copies no requests", "use strategy 'canary' with weights alone")


class AlbRouter(Router, RolloutsRouter):
    """Routes by an AWS Application Load Balancer, which the AWS Load Balancer Controller makes of an Ingress."""

    kind: Literal["alb"] = "alb"
    ingress_class: ObjectName = "alb"
    """Name of the IngressClass; Argo Rollouts must know another one too (`--alb-ingress-classes`)."""
    scheme: Literal["internal", "internet-facing"] = "internal"
    """Who can reach the load balancer."""
    group: ObjectName | None = None
    """Apps of one group share a load balancer; each has one of its own unless given."""
    certificate_arn: NonEmpty | None = None
    """Certificate in AWS; with it, HTTPS is served on 443 and HTTP redirects there."""
    pod_metrics: PodMetrics = PodMetrics.model_construct()
    """Metrics of the apps' own pods: those of a load balancer are in CloudWatch, by target group."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": {
            Feature.WEIGHTS: Native(Evidence.API_SERVER),
            Feature.EXPERIMENT: NO_EXPERIMENT,
            Feature.MATCH: Native(Evidence.API_SERVER),
            Feature.HEADER_COHORT: _NO_COHORT,
            Feature.COOKIE_COHORT: _NO_COHORT,
            Feature.COHORT_AND_WEIGHTS: _NO_COHORT,
            Feature.MIRROR: _NO_COPIES,
            Feature.MIRROR_METHODS: _NO_COPIES,
            Feature.MIRROR_AND_WEIGHTS: _NO_COPIES,
            Feature.SESSION_AFFINITY: _OWN_COOKIE,
            Feature.CANARY_AFFINITY: _OWN_COOKIE,
            Feature.BLUE_GREEN: Refused(
                "an ALB drops requests while the pods of a Service are replaced by others", "use strategy 'canary'"
            ),
        }
    }
    alone: ClassVar[str] = "its two Services take turns, and the routes of another router would not"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "alb", "scheme": "internet-facing", "group": "shops"}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        # The backend names the annotation, not a Service.
        annotated = ingress(
            plan.app, plan.name, self.ingress_class, named_port=_BY_ANNOTATION, annotations=self._annotations()
        )
        return RolloutsRouting(
            stanza={"alb": {"ingress": plan.name, "rootService": plan.name, "servicePort": plan.traffic.port}},
            manifests=[annotated],
            owned=[],
            turns=(f"{plan.name}-ping", f"{plan.name}-pong"),
        )

    def problems(self, plan: Plan) -> Sequence[Finding]:
        return [
            *paths_only(plan),
            *timeout(plan, "an ALB has no limit for a whole request"),
            *retries(plan, "an ALB sends no request again"),
            *unnamed(plan, "the two Services take turns, and none leads to the new version in every release"),
        ]

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return of_pods(plan, measured, self.pod_metrics)

    def _annotations(self) -> Mapping[str, str]:
        secured = {
            "certificate-arn": self.certificate_arn or "",
            "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
            "ssl-redirect": "443",
        }
        named = {
            "scheme": self.scheme,
            # Services without a port on the nodes can be reached by the addresses of their pods only.
            "target-type": "ip",
            # One question for all versions: the path of one version's probe would make the other's pods unhealthy.
            "success-codes": "200-499",
            **({"group.name": self.group} if self.group else {}),
            **(secured if self.certificate_arn else {}),
        }
        return {f"{_PREFIX}/{name}": value for name, value in named.items()}
