"""The trees of files that stacks are rendered to: which apps, which marks, which folder."""

from collections.abc import Sequence
from pathlib import Path

from ..compile import StackCheck
from ..git_tree import ByGit, file_of, for_git
from ..manifests.meta import Manifest
from ..plan import Plan
from ..record import record
from ..render import differences, to_yaml
from ..spec.cluster import StackSpec
from ..spec.yaml_files import read_documents
from ..through_git import folder_of
from .output import UserError, open_stack

Files = list[tuple[str, str]]


@record
class Tree:
    """What a stack is rendered to.

    Fields: `folder`: where a GitOps engine looks for it, below the repository's; "" where none does; `files`: path
    below that folder, and text.
    """

    stack: str
    folder: str
    files: Files

    @property
    def command(self) -> str:
        """What writes it."""
        return f"coalmine render --stack {self.stack}"

    def stale(self, repository: Path) -> list[str]:
        """Where the tree in a checkout of its repository is another one, a line for each file."""
        return [f"{self.folder}/{line}" for line in differences(repository / self.folder, self.files)]


def tree_of(stack: str, root: Path) -> Tree:
    """The apps that a stack delivers from Git; of a stack that delivers none, all of them. Raises SpecError, UserError.

    Nothing is rendered while anything is wrong.
    """
    label = f"{_project_name(root)}.{stack}"
    by_git, others = Files(), Files()

    # The texts are kept, which is far less than the objects.
    def built(plan: Plan, objects: Sequence[Manifest], spec: StackSpec) -> None:
        folder, git = folder_of(plan.app), ByGit.of(spec)
        if git is None or git.via(plan.name) != "gitops":
            others.extend((f"{folder}/{file_of(one)}", to_yaml(one)) for one in objects)
        else:
            marked = (for_git(one, label, git.engine.kind) for one in objects)
            by_git.extend((f"{folder}/{file_of(one)}", to_yaml(one)) for one in marked)

    git = ByGit.of(open_stack(stack, root, StackCheck(built)).spec)
    if git is None or not list(git.stack.apps.by_git):
        return Tree(stack, "", others)
    return Tree(stack, git.folder, by_git)


def _project_name(root: Path) -> str:
    """The name of the Pulumi project. Raises UserError."""
    documents = read_documents(root / "Pulumi.yaml", "Pulumi.yaml")
    name = documents[0].get("name") if documents and isinstance(documents[0], dict) else None
    if not isinstance(name, str):
        raise UserError("Pulumi.yaml: name: is required: the project's name is part of the objects' labels")
    return name
