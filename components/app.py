"""The App component: an app's compiled objects as Pulumi resources, with what controllers own left to them."""

from collections.abc import Callable, Sequence

import pulumi

from .access.client import Object
from .adoption import Reference
from .compile import Compiled, compile_app
from .contracts import Engine
from .delivering import delivery_of, lost_engine, register_delivery
from .discovery import discover
from .git_tree import ByGit, unopened
from .guard import guard_of
from .knative import names as knative
from .manifests.meta import Manifest
from .resources import Rules, register
from .spec.app import AppSpec
from .spec.cluster import DeliverySpec
from .spec.errors import SpecError, format_path
from .spec.labels import REVISION_LABEL
from .spec.load import LoadedApp
from .spec.origin import Origin
from .spec.registry import kinds, variant
from .spec.workload import KINDS


class App(pulumi.ComponentResource):
    """One app and its release.

    Outputs: `namespace`; `version`: the version people see; `revision`: the label that tells this version's pods and
    metrics from all others; `hosts`; `watch`: the command that follows the release. Raises pulumi.RunError where the
    cluster's engine, router and metrics cannot do what the app asks. `pulumi up` does not wait for the release to end.
    With `by_git`, the stack's GitOps engine may bring the objects instead of Pulumi.
    """

    def __init__(
        self,
        name: str,
        spec: AppSpec,
        delivery: DeliverySpec,
        opts: pulumi.ResourceOptions | None = None,
        by_git: ByGit | None = None,
    ) -> None:
        super().__init__("coalmine:index:App", name, None, opts)
        discover()
        compiled = _compiled(name, spec, delivery)
        guard = guard_of(self)
        live = guard if guard and not guard.is_new(spec.namespace) else None
        refused = live and (
            changed_engine(spec, delivery, live.has)
            or changed_kind(compiled, live.has)
            or changed_pods(compiled, delivery, live.own)
        )
        if refused:
            raise pulumi.RunError(refused)
        release = live.own(_release(spec, spec.delivery.engine or delivery.engine.kind)) if live else None
        lost = lost_engine(spec.name, release, by_git)
        if lost:
            raise pulumi.RunError(lost)
        # Programs of others make apps without the checks of a stack.
        for path, message in unopened(spec, by_git):
            raise pulumi.RunError(f"app '{spec.name}': {format_path(path)}: {message}")
        brought = delivery_of(compiled, delivery, by_git, guard, release)
        if brought.on_its_way:
            pulumi.log.warn(brought.on_its_way, self)
        # A canary takes as long as its steps say; the release is watched elsewhere. An Ingress has no address before
        # there are pods behind it, which come later.
        not_awaited = frozenset({"DaemonSet", "Deployment", "Ingress", "Rollout"})
        # The pods of an older version, to which a release may go back, read that version's.
        kept = {"ConfigMap"} if not brought.course.kept else {item["kind"] for item in compiled.manifests}
        rules = Rules(ignored=compiled.ownership.pulumi, not_awaited=not_awaited, kept=frozenset(kept))
        own = register(self, name, stages(compiled), rules) if brought.course.registers else []
        register_delivery(self, name, brought, guard, own)
        self.namespace = pulumi.Output.from_input(spec.namespace)
        self.version = pulumi.Output.from_input(spec.workload.shown_version)
        self.revision = pulumi.Output.from_input(compiled.plan.revision)
        self.hosts = pulumi.Output.from_input(list(spec.traffic.hosts))
        self.watch = pulumi.Output.from_input(f"coalmine watch --stack {pulumi.get_stack()} {spec.name}")
        self.register_outputs(
            {
                "namespace": self.namespace,
                "version": self.version,
                "revision": self.revision,
                "hosts": self.hosts,
                "watch": self.watch,
            }
        )


def changed_engine(spec: AppSpec, delivery: DeliverySpec, has: Callable[[Reference], bool]) -> str | None:
    """Why the app cannot be released with its engine: another one releases it now. None where none does.

    `has`: whether the stack has an object already.
    """
    chosen = spec.delivery.engine or delivery.engine.kind
    if has(_release(spec, chosen)):
        # As in nearly every run; the other engines need not be loaded to look for theirs.
        return None
    for kind in kinds("engine"):
        reference = _release(spec, kind)
        if kind != chosen and has(reference):
            return (
                f"app '{spec.name}': delivery.engine is '{chosen}', but '{kind}' releases it now ({reference}), and "
                "the engine of a live app cannot be changed in place: its pods and Services would go before the new "
                "ones answer. Add the app under another name with the new engine and a host of its own, move the hosts "
                f"over when its pods answer, then remove this one; or set engine '{kind}' again"
            )
    return None


def _release(spec: AppSpec, kind: str) -> Reference:
    engine = variant("engine", kind)
    if not issubclass(engine, Engine):
        raise TypeError(f"engine '{kind}' is none")
    return Reference(*engine.releases, spec.namespace, spec.name)


_RUN_PODS = {
    **{("apps/v1", kind): name for name, kind in KINDS.items()},
    (knative.API, knative.KIND): "Knative Service",
}
"""What may run an app's pods where an engine does not, by API version and kind, with its name in a sentence."""


def changed_kind(compiled: Compiled, has: Callable[[Reference], bool]) -> str | None:
    """Why the app's pods cannot be run by another kind of object: the present one would go first. None where it stays.

    `has`: whether the stack has an object already.
    """
    app = compiled.plan.app
    made = {(one["apiVersion"], one["kind"]) for one in compiled.manifests if one["metadata"]["name"] == app.name}
    kept = next((one for one in _RUN_PODS if one in made), None)
    if kept is None:
        return None  # an engine that runs the pods itself
    of_router = kept == (knative.API, knative.KIND)
    why = "router 'knative' has its own object run them" if of_router else f"workload.kind is '{app.workload.kind}'"
    for api_version, kind in _RUN_PODS:
        reference = Reference(api_version, kind, app.namespace, app.name)
        if (api_version, kind) != kept and has(reference):
            now = _RUN_PODS[api_version, kind]
            return (
                f"app '{app.name}': {why}, but its pods run in a {now} now ({reference}), which "
                "would go before the new ones answer. Add the app under another name with a host of its own, move the "
                f"hosts over when its pods answer, then remove this one; or have them run in a {now} again"
            )
    return None


def changed_pods(compiled: Compiled, delivery: DeliverySpec, own: Callable[[Reference], Object | None]) -> str | None:
    """Why the app cannot change between pods of its own and those of an object that others made. None where it stays.

    `own`: the stack's object of that name, where it has one.
    """
    app = compiled.plan.app
    release = own(_release(app, app.delivery.engine or delivery.engine.kind))
    if release is None or _of_others(release, own) == compiled.plan.existing:
        return None
    then, now = "those of an object that others made", "written in the app"
    if compiled.plan.existing:
        then, now = now, then
    return (
        f"app '{app.name}': its pods were {then} and would be {now}: the present ones would go before the new ones "
        "answer. Add the app under another name with a host of its own, move the hosts over when its pods answer, then "
        "remove this one"
    )


def _of_others(release: Object, own: Callable[[Reference], Object | None]) -> bool:
    """Whether a live release is that of pods which this stack did not write."""
    target = release["spec"].get("targetRef")
    if target is None:
        return "workloadRef" in release["spec"]
    namespace = release["metadata"]["namespace"]
    return own(Reference(target["apiVersion"], target["kind"], namespace, target["name"])) is None


def stages(compiled: Compiled) -> Sequence[Sequence[Manifest]]:
    """What the pods' object refers to; the object that runs pods; what refers to it. Destroy takes the other way."""
    objects, revision = compiled.manifests, compiled.plan.revision
    first = next((at for at, item in enumerate(objects) if _runs(item, revision)), len(objects))
    return (objects[:first], objects[first : first + 1], objects[first + 1 :])


def _runs(item: Manifest, revision: str) -> bool:
    """Whether an object runs the pods of a revision; without one, whether it refers to those of an object of others."""
    spec = item.get("spec")
    if not isinstance(spec, dict):
        return False
    if not revision:
        return "workloadRef" in spec or "targetRef" in spec
    template = spec.get("template")
    return isinstance(template, dict) and template.get("metadata", {}).get("labels", {}).get(REVISION_LABEL) == revision


def _compiled(name: str, spec: AppSpec, delivery: DeliverySpec) -> Compiled:
    try:
        return compile_app(LoadedApp(spec, Origin(f"app {name}")), delivery)
    except SpecError as error:
        raise pulumi.RunError(str(error)) from None
