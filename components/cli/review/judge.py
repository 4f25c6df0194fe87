"""The review itself: what is valid, what a preview of every concerned stack says, which releases change."""

from pathlib import Path

from ...compile import Compiled, compile_app, compile_stack
from ...git_tree import ByGit
from ...record import record
from ...spec.errors import Problem, SpecError
from ...spec.load import LoadedApp, LoadedStack
from ..output import UserError, open_stack, stack_names
from .changes import Change, concerned_stacks
from .configured import file_of, for_preview
from .events import Outcome
from .places import Places
from .preview import Workshop
from .tree import TreeReview, review_tree


@record
class StackReview:
    """A stack that a change concerns: its preview, the releases of its apps that change, its tree in Git."""

    name: str
    outcome: Outcome
    releases: tuple[Compiled, ...] = ()
    tree: TreeReview | None = None
    places: Places = Places("", {})

    @property
    def reason(self) -> str:
        """Why the stack may not go on, in a few words; empty where it may."""
        of_tree = self.tree.refusals if self.tree else ()
        refused = sorted({one.rule for one in (*self.outcome.refusals, *of_tree) if one.level == "mandatory"})
        if refused:
            return f"refused by {', '.join(refused)}"
        if self.outcome.errors or not self.outcome.succeeded:
            return "the preview failed"
        if self.tree and self.tree.stale:
            count = len(self.tree.stale)
            return f"{count} file{'' if count == 1 else 's'} of {self.tree.folder} differ{'s' if count == 1 else ''}"
        if not self.outcome.judged.evaluations and not (self.tree and self.tree.judged.evaluations):
            return "no rule was evaluated on any object: a pack that judges nothing lets everything pass"
        return ""


@record
class Review:
    """What a change is worth. `problems`: mistakes in stacks and apps; `stacks`: those that the change concerns."""

    change: Change
    problems: tuple[Problem, ...] = ()
    stacks: tuple[StackReview, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems and not any(stack.reason for stack in self.stacks)

    @property
    def verdict(self) -> str:
        """The result in one line."""
        if self.problems:
            count = len(self.problems)
            return f"not valid: {count} mistake{'' if count == 1 else 's'}"
        bad = [f"{stack.name}: {stack.reason}" for stack in self.stacks if stack.reason]
        if bad:
            return "; ".join(bad)
        if not self.stacks:
            return "no stack is concerned"
        return f"{', '.join(stack.name for stack in self.stacks)}: may go on"


def review_stacks(
    root: Path, change: Change, policy_pack: Path, scratch: Path, repository: Path, config: Path | None = None
) -> Review:
    """Validates all stacks, then previews those that the change concerns. Raises UserError.

    `repository`: a checkout of what GitOps engines read. `config`: of the pack, see configured.py.
    """
    problems: set[Problem] = set()
    loaded: dict[str, LoadedStack] = {}
    places: dict[str, Places] = {}
    configurations: dict[str, str | None] = {}
    for name in stack_names(root):
        try:
            stack = open_stack(name, root)
            places[name] = Places.of(stack, compile_stack(stack))
            own_config = file_of(config, name)
            configurations[name] = for_preview(own_config, root / policy_pack) if own_config else None
            loaded[name] = stack
        except SpecError as error:
            problems.update(error.problems)
    if problems:
        return Review(change, tuple(sorted(problems)))
    own = {name: own_files(stack) | delivered_files(stack, change) for name, stack in loaded.items()}
    names = concerned_stacks(change.files, own)
    if not names:
        return Review(change)
    workshop = Workshop(root, policy_pack, scratch)
    reviews = [
        StackReview(
            name,
            workshop.preview(name, configurations[name]),
            changed_releases(loaded[name], _before(name, change)),
            review_tree(name, root, repository, root / policy_pack, file_of(config, name)),
            places[name],
        )
        for name in names
    ]
    return Review(change, (), tuple(reviews))


def own_files(stack: LoadedStack) -> frozenset[str]:
    """The file of a stack and those of its apps."""
    return frozenset({stack.file, *(app.origin.file for app in stack.apps)})


def delivered_files(stack: LoadedStack, change: Change) -> frozenset[str]:
    """The changed files of a stack's tree in Git."""
    git = ByGit.of(stack.spec)
    return frozenset(file for file in change.files if git and file.startswith(f"{git.folder}/"))


def changed_releases(now: LoadedStack, before: LoadedStack | None) -> tuple[Compiled, ...]:
    """The releases of apps that are new on the stack or whose description changed there, in alphabetical order."""
    same_delivery = before is not None and before.spec.delivery == now.spec.delivery
    known = {app.spec.name: app.spec for app in before.apps} if before and same_delivery else {}
    changed: list[LoadedApp] = [app for app in now.apps if known.get(app.spec.name) != app.spec]
    return tuple(compile_app(app, now.spec.delivery) for app in changed)


def _before(name: str, change: Change) -> LoadedStack | None:
    """The stack where the change began; None where it was not there or not valid."""
    try:
        return open_stack(name, change.before)
    except (SpecError, UserError):
        return None
