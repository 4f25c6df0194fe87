"""Flagger: a plan becomes what runs its pods, mostly a Deployment, a Canary that watches it, and MetricTemplates.

Flagger makes the Services and the stable pods (`<app>-primary`) itself and scales what we make, which is the canary,
to zero between releases. At every tick it looks at all checks once and, when they pass, goes on.
Source: docs.flagger.app (How it works, Canary CRD) and flagger v1.36, pkg/controller/scheduler.go.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from ... import bundles
from ...capability import Cells, Emulated, Evidence, Native, Refused
from ...contracts import Engine, MetricProvider, Parts, Providers, RequestSeries, Router, Told, Versions
from ...contracts_of.flagger import FlaggerChannel, FlaggerMetrics, FlaggerRouter, FlaggerRouting, FlaggerTarget
from ...features import GATES, Feature
from ...manifests.configuration import config_maps
from ...manifests.meta import Manifest, manifest, object_labels, without_nothing
from ...manifests.scaling import queries
from ...manifests.support import other_objects, service_accounts
from ...plan import Plan
from ...releases import FLAGGER
from ...spec.base import Finding
from ...spec.channels import Event
from ...spec.checks import Check
from ...spec.objects import selects_by
from .alerts import alerts_of, untold
from .analysis import API, analysis, metrics_of, stable_requests, versions
from .hooks import hook_problems, webhooks
from .pod_fields import dropped_fields
from .targets import target_of, target_problems, told_by

FlaggerVersion = Annotated[str, Field(pattern=r"^1\.[0-9]+\.[0-9]+$")]

_OTHER = "choose engine 'argo-rollouts'"


class FlaggerEngine(Engine):
    """Releases with Flagger."""

    kind: Literal["flagger"] = "flagger"
    version: FlaggerVersion = FLAGGER.version.removeprefix("v")
    """Version of Flagger on the cluster, by default that of `platform.bundle`; another one is yours to install."""

    capabilities: ClassVar[Cells] = {
        Feature.COHORT_AND_WEIGHTS: Refused(
            "Flagger moves weights or serves a cohort, not both in one release",
            f"use strategy 'ab' for the cohort alone, or {_OTHER}",
        ),
        Feature.MIRROR_METHODS: Refused(
            "Flagger copies every request", f"set methods to 'all' if that does no harm, or {_OTHER}"
        ),
        Feature.MIRROR_AND_WEIGHTS: Refused(
            "Flagger copies requests before the first weight only", f"use strategy 'mirror', or {_OTHER}"
        ),
        Feature.BLUE_GREEN: Refused(
            "its checks run before the switch, when no user's request reaches the new version",
            f"use strategy 'mirror', whose checks measure copies of requests, or {_OTHER}",
        ),
        Feature.SEVERAL_ROUTERS: Refused("a Canary has one provider", f"name one in traffic.routers, or {_OTHER}"),
        Feature.EXPERIMENT: Refused(
            "Flagger makes no pods of the stable version for a comparison",
            f"leave the experiment out and keep compared_with_stable, which asks for the stable pods, or {_OTHER}",
        ),
        Feature.SCALE: Refused("Flagger makes as many canary pods as the app has", f"leave 'scale' out, or {_OTHER}"),
        Feature.APPROVAL: Refused(
            "Flagger lets a person decide by an address that it asks, and none is given",
            f"leave 'approval' out and add a gate, when: increase or promote, with a url that says yes; or {_OTHER}",
        ),
        Feature.STEP_TIMING: Refused(
            "Flagger has one interval for all weights", f"give every step the same hold, or {_OTHER}"
        ),
        Feature.BACKGROUND: Emulated("every check is made at every look, also while a gate waits", Evidence.API_SERVER),
        Feature.REPEATED_CHECKS: Emulated("one check at the end of a step, over all of it", Evidence.TRAFFIC),
        Feature.TOLERATED_FAILURES: Emulated(
            "failed checks add up over all steps, and each repeats its step", Evidence.TRAFFIC
        ),
        Feature.KEEP_OLD_PODS: Refused(
            "Flagger scales them to zero as soon as a release ends",
            f"leave rollback.keep_old_pods out, or {_OTHER}",
        ),
        Feature.FAST_ROLLBACK: Refused(
            "every change of the pods is a release of its own to Flagger",
            f"leave rollback.fast_window out and go back with `coalmine promote --full`, or {_OTHER}",
        ),
        **{feature: Native(Evidence.TRAFFIC) for feature in GATES},
        # Told, not asked: they change nobody's answers.
        Feature.GATE_POST: Native(Evidence.CONTROLLER),
        Feature.GATE_EVENT: Native(Evidence.CONTROLLER),
        Feature.EVERY_NODE: Native(Evidence.CONTROLLER),
        Feature.EXISTING: Native(Evidence.TRAFFIC),
        Feature.LOAD_JOB: Refused("Flagger starts no Jobs", f"give load_test.tester instead of image, or {_OTHER}"),
        Feature.LOAD_TESTER: Native(Evidence.API_SERVER),
    }
    releases: ClassVar[tuple[str, str]] = (API, "Canary")
    router_contract: ClassVar[type] = FlaggerRouter
    metrics_contract: ClassVar[type] = FlaggerMetrics
    channel_contract: ClassVar[type] = FlaggerChannel
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "flagger"}

    def problems(self, plan: Plan, router: Router) -> Sequence[Finding]:
        found = [*_uncounted(plan), *hook_problems(plan)]
        if not isinstance(router, FlaggerRouter):
            return found
        return [*found, *([] if router.runs_pods else _of_pods(plan)), *router.flagger_problems(plan)]

    def of_bundle(self, bundle: str) -> Self:
        if "version" in self.model_fields_set:
            return self
        made = self.model_copy(update={"version": bundles.version(bundle, FLAGGER).removeprefix("v")})
        # Still left open: another bundle may decide it again.
        made.model_fields_set.discard("version")
        return made

    def older_than(self, version: str) -> bool:
        return _numbers(version) > _numbers(self.version)

    def untold(self, events: Sequence[Event]) -> str:
        return untold(events)

    def check_problems(self, check: Check, provider: MetricProvider) -> Iterator[Finding]:
        asked = FlaggerMetrics.of(provider)
        since = asked.flagger_since
        if since and self.older_than(since):
            why = f"Flagger {self.version} does not know '{provider.kind}' and would ask Prometheus instead"
            yield (), f"{why}: it is there since {since}, which engine.version may name, or ask another provider"
        yield from asked.flagger_problems(check)

    def stable_requests(self, plan: Plan, router: Router) -> RequestSeries | None:
        return stable_requests(plan, router)

    def versions(self, plan: Plan, router: Router) -> Versions:
        return versions(plan, router)

    def compile(self, plan: Plan, routers: Sequence[Router], metrics: Providers, told: Sequence[Told] = ()) -> Parts:
        [router] = routers
        steered = FlaggerRouter.of(router)
        routing = steered.for_flagger(plan)
        target = target_of(plan, steered)
        checks = list(metrics_of(plan, router, target, metrics))
        alerts = alerts_of(plan, told)
        manifests = [
            *service_accounts(plan.app),
            *config_maps(plan.app),
            *other_objects(plan.app),
            *routing.manifests,
            *(check.template for check in checks),
            *(alert.provider for alert in alerts),
            *([target.object] if target.made else []),
            *([target.scaler] if target.scaler else []),
            _canary(plan, steered.flagger_provider, routing, target, analysis(plan, routing, checks, alerts)),
            *([target.budget] if target.budget else []),
        ]
        return Parts(manifests, [target.owned])


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _uncounted(plan: Plan) -> Iterator[Finding]:
    """Without weights Flagger counts intervals, so a hold is a whole number of them."""
    for stage in plan.stages:
        if not stage.weight and stage.rest.milliseconds:
            whole = f"{stage.hold} must be a multiple of analysis.interval, {stage.gate.interval}"
            yield ("delivery", "hold"), f"{whole}: engine 'flagger' counts intervals"


def _of_pods(plan: Plan) -> Iterator[Finding]:
    """What Flagger cannot do with the pods that it copies."""
    template = plan.app.workload.pod_template
    lost = dropped_fields(template) if template else ()
    yield from ((("workload", "pod_template", *path), message) for path, message in lost)
    yield from _missing_stable(plan)
    yield from target_problems(plan)


def _missing_stable(plan: Plan) -> Iterator[Finding]:
    """Flagger calls the pods that serve `<app>-primary`, in that label too."""
    if not plan.app.workload.objects:
        return
    label, value = told_by(plan)
    for index, one in enumerate(plan.app.workload.objects):
        if selects_by(one, label, value):
            message = f"looks for pods with {label}: {value}, which engine 'flagger' gives to the canary alone"
            yield ("workload", "objects", index), f"{message}: have it look for another label of theirs"


def _canary(plan: Plan, provider: str, routing: FlaggerRouting, target: FlaggerTarget, looks: Manifest) -> Manifest:
    spec = without_nothing(
        {
            "provider": provider,
            "targetRef": _reference(target.object),
            "autoscalerRef": _scaler_reference(plan, target.scaler) if target.scaler else None,
            "progressDeadlineSeconds": plan.app.delivery.rollback.deadline.whole_seconds,
            # Not `revertOnDeletion`: its finalizer waits for the Deployment and for Flagger's own objects, and for ever
            # where they went first or never came. It would bring back pods alone: the Services go with the Canary.
            **routing.spec,
            # Definitions before v1.41 want it, also where nobody reads it.
            "service": _services(plan, routing) if target.services else {"port": plan.traffic.port},
            "analysis": without_nothing({**looks, "webhooks": webhooks(plan)}),
        }
    )
    return manifest(API, "Canary", plan.name, plan.app, {"spec": spec})


def _services(plan: Plan, routing: FlaggerRouting) -> Manifest:
    labels = {"labels": object_labels(plan.app)}
    return {
        "name": plan.name,
        "port": plan.traffic.port,
        "targetPort": plan.port.port,
        "portName": plan.port.name,
        "appProtocol": "http",
        "apex": without_nothing({**labels, "annotations": dict(routing.annotations)}),
        "primary": labels,
        "canary": labels,
        **routing.service,
    }


def _scaler_reference(plan: Plan, scaler: Manifest) -> Manifest:
    reference = _reference(scaler)
    # Without them Flagger replaces the app's name wherever it stands in a query, also where it means something else.
    return without_nothing({**reference, "primaryScalerQueries": dict(queries(plan.app.scaling))})


def _reference(to: Manifest) -> Manifest:
    return {"apiVersion": to["apiVersion"], "kind": to["kind"], "name": to["metadata"]["name"]}
