"""What is watched: a stack, its apps with their plans, and the controllers that the platform installs."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from ..compile import parts, routers_of
from ..contracts import Versions
from ..plan import Plan, build_plan
from ..record import record
from ..spec.app import AppSpec
from ..spec.cluster import DeliverySpec, StackSpec


@record
class WatchedApp:
    """An app. Fields: `plan`; `engine`: the kind of the one that releases it; `versions`: how its requests are told
    apart.
    """

    plan: Plan
    engine: str
    versions: Versions

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def labels(self) -> Mapping[str, str]:
        """What tells its series from those of other apps."""
        return {"namespace": self.plan.namespace, "app": self.plan.name}


@record
class Watched:
    """A cluster.

    Fields: `stack`; `apps`: in alphabetical order; `controllers`: by the name of the platform's piece, a series that
    its controller reports as long as it runs.
    """

    stack: StackSpec
    apps: Sequence[WatchedApp]
    controllers: Mapping[str, str]

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """The kinds of the engines that release its apps, those of the stack where it has none."""
        used = {app.engine for app in self.apps}
        return tuple(kind for kind in self.stack.delivery.engines if kind in used or not used)


def watched(stack: StackSpec, apps: Iterable[AppSpec], controllers: Mapping[str, str]) -> Watched:
    """A stack as it is watched; where no Prometheus is asked, no app is looked at."""
    counted = stack.delivery.metrics.kind == "prometheus"
    found = [_app(app, stack.delivery) for app in apps] if counted else []
    return Watched(stack, sorted(found, key=lambda app: app.name), controllers)


def _app(app: AppSpec, delivery: DeliverySpec) -> WatchedApp:
    plan = build_plan(app)
    engine, _, _ = parts(delivery, app.delivery.engine)
    return WatchedApp(plan, engine.kind, engine.versions(plan, routers_of(plan, delivery)[0]))
