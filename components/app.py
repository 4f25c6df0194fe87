"""The App component: an app's compiled objects as Pulumi resources, with what controllers own left to them."""

from collections.abc import Sequence

import pulumi

from .compile import Compiled, compile_app
from .discovery import discover
from .manifests.meta import Manifest
from .resources import Rules, register
from .spec.app import AppSpec
from .spec.cluster import DeliverySpec
from .spec.errors import SpecError
from .spec.load import LoadedApp, Origin


class App(pulumi.ComponentResource):
    """One app and its release.

    Outputs: `namespace`; `version`: the version people see; `revision`: the label that tells this version's pods and
    metrics from all others; `hosts`; `watch`: the command that follows the release. Raises pulumi.RunError where the
    cluster's engine, router and metrics cannot do what the app asks. `pulumi up` does not wait for the release to end.
    """

    def __init__(
        self, name: str, spec: AppSpec, delivery: DeliverySpec, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("coalmine:index:App", name, None, opts)
        discover()
        compiled = _compiled(name, spec, delivery)
        # A canary takes as long as its steps say; the release is watched elsewhere.
        not_awaited = frozenset({"Deployment", "Rollout"})
        # The pods of an older version, to which a release may go back, read that version's.
        kept = frozenset({"ConfigMap"})
        rules = Rules(ignored=compiled.ownership.pulumi, not_awaited=not_awaited, kept=kept)
        register(self, name, stages(compiled), rules)
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


def stages(compiled: Compiled) -> Sequence[Sequence[Manifest]]:
    """What the pods' object refers to; the object that runs pods; what refers to it. Destroy takes the other way."""
    objects = compiled.manifests
    first = next((at for at, item in enumerate(objects) if "template" in item.get("spec", {})), len(objects))
    return (objects[:first], objects[first : first + 1], objects[first + 1 :])


def _compiled(name: str, spec: AppSpec, delivery: DeliverySpec) -> Compiled:
    try:
        return compile_app(LoadedApp(spec, Origin(f"app {name}")), delivery)
    except SpecError as error:
        raise pulumi.RunError(str(error)) from None
