"""The resources that have a GitOps engine deliver an app, and how far the app's way to Git or back is."""

from collections.abc import Sequence

import pulumi

from .access.client import Object
from .adoption import Reference, UnknownError
from .compile import Compiled
from .git_tree import ByGit
from .guard import Guard
from .handover import PULUMI, Course, annotations_of, course, is_of_git
from .record import record
from .resources import FIELD_MANAGER, Rules, register
from .spec.cluster import DeliverySpec
from .through_git import PHASE_ANNOTATION, Delivered, GitOps

_OWN_MANAGER = next(iter(FIELD_MANAGER.values()))
_SAID = {
    "waiting": (
        "its objects stay registered in this run and are kept from now on: run `pulumi up` once more, and Pulumi lets "
        "go of them and '{engine}' begins to deliver them from {folder}"
    ),
    "released": (
        "its objects are taken over in this run, and '{engine}' lets go of them: run `pulumi up` once more, and its "
        "order to deliver them goes"
    ),
}
"""What is said of an app that is on its way, by its phase."""


@record
class Delivery:
    """What a run does with an app that a GitOps engine may deliver. Fields: `engine`, `app`: None without an engine."""

    course: Course
    engine: GitOps | None = None
    app: Delivered | None = None

    @property
    def on_its_way(self) -> str | None:
        """What the user has to know, where another run is to follow."""
        if self.engine is None or self.app is None or self.course.phase not in _SAID:
            return None
        said = _SAID[self.course.phase].format(engine=self.engine.kind, folder=self.app.folder)
        return f"app '{self.app.name}': {said}"


def delivery_of(
    compiled: Compiled, delivery: DeliverySpec, by_git: ByGit | None, guard: Guard | None, release: Object | None
) -> Delivery:
    """How an app is brought to the cluster by this run. `release`: this stack's live object that releases it."""
    if by_git is None:
        return Delivery(course("pulumi", release, None))
    app = by_git.delivered(compiled, delivery)
    # It has the same name and place in every phase.
    order = Reference.of(by_git.engine.delivery(app, "delivering"))
    return Delivery(course(by_git.via(app.name), release, guard.own(order) if guard else None), by_git.engine, app)


def lost_engine(app: str, release: Object | None, by_git: ByGit | None) -> str | None:
    """Why an app cannot do without the GitOps engine that delivers it: its objects would go with the engine's order."""
    if by_git is not None or not is_of_git(release):
        return None
    return (
        f"app '{app}': it is delivered from Git, and the stack has no 'gitops' any more, with which the app would be "
        "deleted. Set 'gitops' again and `via: pulumi` for the app, run `pulumi up` twice, then leave 'gitops' out"
    )


def register_delivery(
    parent: pulumi.Resource, name: str, given: Delivery, guard: Guard | None, after: Sequence[pulumi.Resource]
) -> None:
    """Registers what has the engine deliver an app, or keep its hands off it; nothing where no engine has the app."""
    engine, app, phase = given.engine, given.app, given.course.phase
    if engine is None or app is None or phase is None:
        return
    before = _turning(guard, engine, app, to_git=phase == "delivering") if guard and given.course.turns else None
    rules = Rules(ignored={}, before_update=before)
    register(parent, name, [engine.accounts(app), [engine.delivery(app, phase)]], rules, after)


def _turning(guard: Guard, engine: GitOps, app: Delivered, *, to_git: bool) -> pulumi.ResourceHook:
    """Gives the fields of an app's objects to whoever has them from now on, before the engine hears of it."""
    begins, to = (PULUMI, engine.manager) if to_git else (engine.manager, _OWN_MANAGER)

    def turn(args: pulumi.ResourceHookArgs) -> None:
        old, new = (annotations_of(one or {"metadata": {}}) for one in (args.old_inputs, args.new_inputs))
        if old.get(PHASE_ANNOTATION) == new.get(PHASE_ANNOTATION):
            return
        try:
            guard.turn_over(app.objects, begins, to)
        except UnknownError as error:
            raise ValueError(str(error)) from None

    return pulumi.ResourceHook(f"fields of {app.name}", turn)
