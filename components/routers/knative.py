"""Knative Serving: a Service of its own kind runs the pods, and Flagger splits its traffic between two revisions.

Flagger makes no copy of anything: the annotation `flagger.app/primary-revision` names the stable revision.
Sources: flagger v1.41, pkg/canary/knative_controller.go, pkg/router/knative.go and pkg/controller/scheduler_metrics.go;
knative.dev/serving v0.44, config/core/300-resources and pkg/reconciler/domainmapping; net-kourier,
pkg/generator/ingress_translator.go.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Cells, Emulated, Evidence, Refused, cells
from ..contracts import Measured, OwnedField, RequestSeries, Router, Version
from ..contracts_of.flagger import ROUTED_BY_FLAGGER, FlaggerRouter, FlaggerRouting, FlaggerTarget
from ..features import Feature
from ..knative.names import API, DEADLINE, KIND, MAX_SCALE, MIN_SCALE, SCALE_CLASS, SCALE_METRIC, SCALE_TARGET
from ..knative.pods import revision_template
from ..knative.refused import pod_problems
from ..known_series import envoy
from ..manifests.meta import Manifest, manifest, object_labels
from ..manifests.support import disruption_budget
from ..plan import Plan
from ..refusals import mesh_hosts, retries, unmeasured
from ..spec.base import Finding
from ..spec.checks import Query, comparison
from ..spec.scaling import Keda
from ..spec.values import Duration, PositiveDuration

_GROUP = API.partition("/")[0]
_REVISION = "{{ route }}"
"""What Flagger replaces in a query by the name of the newest revision, which is the canary's."""
_PORT = 80


class KnativeRouter(Router, FlaggerRouter):
    """Routes by Knative Serving, which runs the pods too.

    Hosts outside the cluster become DomainMappings, which the cluster's operators must allow.
    """

    kind: Literal["knative"] = "knative"
    ingress: Literal["kourier", "other"] = "kourier"
    """What carries Knative's traffic; the built-in checks ask for what Kourier's gateway says at its port 9000."""
    longest_timeout: PositiveDuration = Duration.of_seconds(600)
    """Knative's own `max-revision-timeout-seconds`, which no traffic.timeout may exceed."""

    capabilities: ClassVar[Mapping[str, Cells]] = {
        "flagger": cells(
            {
                Feature.WEIGHTS: Emulated(
                    "a share of the requests to a Knative Service; while the new revision is not ready, the release "
                    "stands where it is, whatever rollback.deadline says, until another version comes",
                    Evidence.API_SERVER,
                ),
                Feature.MATCH: Refused(
                    "a Knative Service takes all that is sent to its hosts", "leave traffic.match out"
                ),
            },
            Refused(
                "Flagger sets nothing but two weights in a Knative Service", "use strategy 'canary' with weights alone"
            ),
            ROUTED_BY_FLAGGER,
            since="1.41.0",
        )
    }
    flagger_provider: ClassVar[str] = "knative"
    runs_pods: ClassVar[bool] = True
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "knative", "ingress": "kourier"}

    def for_flagger(self, plan: Plan) -> FlaggerRouting:
        reference = {"apiVersion": API, "kind": KIND, "name": plan.name}
        mappings = [
            manifest(f"{_GROUP}/v1beta1", "DomainMapping", host, plan.app, {"spec": {"ref": dict(reference)}})
            for host in _outside(plan)
        ]
        return FlaggerRouting(service={}, manifests=mappings)

    def flagger_target(self, plan: Plan) -> FlaggerTarget:
        return FlaggerTarget(
            object=_service(plan),
            scaler=None,
            budget=disruption_budget(plan.app),
            # Left out: Knative begins with everything for the newest revision, and Flagger sets it from then on.
            owned=OwnedField(_GROUP, KIND, plan.namespace, plan.name, "spec.traffic"),
            canary=Version(plan.revision, f"{_REVISION}-deployment", f"{_REVISION}-.*", _REVISION),
            # No query can name it: Flagger tells the newest revision alone.
            stable=Version("", "", "", ""),
            services=False,
        )

    def problems(self, plan: Plan) -> Sequence[Finding]:
        if plan.existing:
            return [(("workload", "existing"), f"'{self.kind}' runs no pods but its own: write them here")]
        return [
            *pod_problems(plan),
            *_unreached(plan),
            *self._untimely(plan),
            *retries(plan, "Knative sends no request twice"),
            *_unscaled(plan),
            *_uncompared(plan),
        ]

    def measuring_problems(self, plan: Plan) -> Sequence[Finding]:
        if self.ingress == "kourier":
            return ()
        why = "only the metrics of Kourier are known to tell one revision from another"
        return list(unmeasured(plan, why, "give `query` checks, narrowed by '{{service}}' or '{{pods}}'"))

    def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
        return envoy(f"{plan.namespace}/{_REVISION}")

    def _untimely(self, plan: Plan) -> Iterator[Finding]:
        timeout = plan.traffic.timeout
        if timeout and timeout.milliseconds % 1000:
            yield ("traffic", "timeout"), f"{timeout} must be whole seconds for Knative"
        elif timeout and timeout > self.longest_timeout:
            yield ("traffic", "timeout"), f"{timeout} is more than {self.longest_timeout}, longest_timeout of 'knative'"


def _service(plan: Plan) -> Manifest:
    timeout = plan.traffic.timeout
    fields = {"timeoutSeconds": timeout.whole_seconds} if timeout else {}
    deadline = {DEADLINE: f"{plan.app.delivery.rollback.deadline.whole_seconds}s"}
    body = {"spec": {"template": revision_template(plan, {**_scale(plan), **deadline}, fields)}}
    # Its hosts are those that the app names, each by a DomainMapping, and none that Knative makes up.
    labels = {**object_labels(plan.app), "networking.knative.dev/visibility": "cluster-local"}
    return manifest(API, KIND, plan.name, plan.app, body, labels=labels)


def _scale(plan: Plan) -> Mapping[str, str]:
    """Annotations that say how many pods a revision has."""
    scaling = plan.app.autoscaled
    bounds = {MIN_SCALE: str(scaling.min), MAX_SCALE: str(scaling.max)}
    if plan.app.scaling is None or isinstance(scaling, Keda):
        return bounds
    by_cpu = {
        SCALE_CLASS: "hpa.autoscaling.knative.dev",
        SCALE_METRIC: "cpu",
        SCALE_TARGET: str(int(scaling.cpu.value)),
    }
    return {**bounds, **by_cpu}


def _outside(plan: Plan) -> list[str]:
    """The hosts by which users outside the cluster reach the app."""
    return [host for host in plan.traffic.hosts if host not in mesh_hosts(plan, plan.name)]


def _unreached(plan: Plan) -> Iterator[Finding]:
    for index, host in enumerate(plan.traffic.hosts):
        if host not in _outside(plan):
            continue
        if host.startswith("*.") or host.endswith((".svc", ".cluster.local")):
            own = mesh_hosts(plan, plan.name)[-1]
            yield ("traffic", "hosts", index), f"Knative maps no such name: give a whole one, or '{own}'"
    if plan.traffic.port != _PORT:
        yield ("traffic", "port"), f"a Knative Service answers at port {_PORT}: leave it out"


def _unscaled(plan: Plan) -> Iterator[Finding]:
    if isinstance(plan.app.scaling, Keda):
        instead = "give 'min', 'max' and 'cpu' without a kind, or 'replicas'"
        yield ("scaling", "kind"), f"Knative scales its revisions itself: {instead}"


def _uncompared(plan: Plan) -> Iterator[Finding]:
    for index, check in enumerate(plan.checks):
        if isinstance(check, Query) and comparison(check):
            place = ("delivery", "analysis", "checks", index, "compared_with_stable")
            yield place, "no query can name the stable revision: leave this out"
