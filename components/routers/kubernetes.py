"""No router: one Service over the pods of both versions, where the share of pods is the share of the requests.

Argo Rollouts shifts the pods themselves. A canary's Service is named like the app; a blue-green release has the two of
that strategy: with one name for both, a Service would keep the selector of a switch in a canary that follows it. With
Flagger such a Service never leads to the canary, so that nothing could be measured. Source: argo-rollouts v1.9,
docs/features/canary.md, pkg/apis/rollouts/validation/validation.go and utils/replicaset/canary.go.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import gcd
from typing import Any, ClassVar, Literal

from ..capability import Cells, Emulated, Evidence, Native, Refused, cells
from ..contracts import Measured, RequestSeries, Router
from ..contracts_of.argo_rollouts import NO_EXPERIMENT, RolloutsRouter, RolloutsRouting, Services
from ..features import ROUTED, Feature
from ..known_series import of_pods
from ..manifests.support import service
from ..plan import Plan, Stage
from ..refusals import beside_a_service, unnamed
from ..spec.base import Finding
from ..spec.pod_metrics import PodMetrics

_ONLY_PODS = Refused(
    "a Service gives every request to any of its pods",
    "use strategy 'canary' with weights alone, or 'blue-green'",
)
_NO_SERVICE = "without a router no Service leads to the new version alone"


class KubernetesRouter(Router, RolloutsRouter):
    """Routes nothing: a plain Service leads to the pods of both versions, as many of each as the weight says."""

    kind: Literal["kubernetes"] = "kubernetes"
    pod_metrics: PodMetrics = PodMetrics.model_construct()
    """Metrics of the apps' own pods: a Service counts no requests."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "argo-rollouts": cells(
            {
                Feature.WEIGHTS: Emulated("a share of the pods behind one Service", Evidence.API_SERVER),
                Feature.EXPERIMENT: NO_EXPERIMENT,
                Feature.MATCH: Refused("a Service takes all that is sent to it", "leave traffic.match out"),
                Feature.BLUE_GREEN: Native(Evidence.API_SERVER),
            },
            _ONLY_PODS,
            ROUTED,
        )
    }
    inside: ClassVar[bool] = True
    alone: ClassVar[str] = "the share of the pods is its weight, and another router would take its own share of that"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "kubernetes", "pod_metrics": {"status": "status"}}

    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        if plan.switched:
            return RolloutsRouting({}, [], [])
        return RolloutsRouting(None, [service(plan.app, plan.name)], [])

    def problems(self, plan: Plan) -> Sequence[Finding]:
        why = "a Service sends on what it gets and knows no requests"
        reached = plan.stable_service if plan.switched else plan.name
        return beside_a_service(plan, reached, self.kind, why)

    def rollouts_problems(self, plan: Plan) -> Sequence[Finding]:
        if plan.switched:
            return ()
        return [
            *_uncounted(plan),
            *_own_scale(plan),
            *_kept_pods(plan),
            *_gates_before(plan),
            *unnamed(plan, _NO_SERVICE),
        ]

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return of_pods(plan, measured, self.pod_metrics)


def _uncounted(plan: Plan) -> Iterator[Finding]:
    """Weights that are no whole number of pods: the controller would round them, 5% of 4 pods to one in four."""
    first: dict[int, Stage] = {}
    for stage in plan.stages:
        first.setdefault(stage.weight, stage)
    pods = plan.app.replicas
    if pods is None:
        if any(first):
            message = "without a router a weight is a number of pods, and an autoscaler may choose one without it"
            yield ("scaling",), f"{message}: give 'replicas' instead, or use strategy 'blue-green'"
        return
    for weight, stage in first.items():
        if weight * pods % 100:
            message = f"without a router a weight is a number of pods, and {weight}% of {pods} is not a whole one"
            yield (*stage.path, "weight"), f"{message}: {_nearest(weight, pods)}"


def _nearest(weight: int, pods: int) -> str:
    """The weights below 100 on both sides that so many pods can have, and the next number of pods that has this one."""
    least = 100 // gcd(pods, 100)
    below = weight // least * least
    able = [f"weight {one}" for one in (below, below + least) if 0 < one < 100]
    multiple = 100 // gcd(weight, 100)
    return f"give {' or '.join([*able, f'replicas {(pods // multiple + 1) * multiple}'])}"


def _own_scale(plan: Plan) -> Iterator[Finding]:
    for stage in plan.stages:
        if stage.scale_asked and stage.weight:
            message = "without a router the canary's share of the pods is its weight"
            yield (*stage.path, "scale"), f"{message}: leave it out"


def _kept_pods(plan: Plan) -> Iterator[Finding]:
    rollback = plan.app.delivery.rollback
    if "keep_old_pods" in rollback.model_fields_set and rollback.keep_old_pods.milliseconds:
        message = "without a router old pods that stay would go on getting requests"
        path = ("delivery", "rollback", "keep_old_pods")
        yield path, f"{message}: give '0s', or use strategy 'blue-green'"


def _gates_before(plan: Plan) -> Iterator[Finding]:
    for index, hook in enumerate(plan.app.delivery.gates):
        if hook.when == "pre":
            message = "without a router the first pods get requests as soon as they are there"
            yield ("delivery", "gates", index, "when"), f"{message}: use 'confirm', which is asked before they start"
