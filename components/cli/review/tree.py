"""The tree that a stack delivers from Git: whether it follows the specs, and what the policies say about its objects.

These objects are no resources of Pulumi's, so no preview shows them to the policies.
"""

from pathlib import Path

import yaml

from ...record import record
from ..check import Found, configured_rules, judged
from ..manifests import Document
from ..pack import in_folder
from ..trees import Tree, tree_of
from .events import Judged, Refusal


@record
class TreeReview:
    """A stack's tree.

    Fields: `command`: what writes it; `stale`: a line for each file that differs; `given`: how many objects it has.
    """

    folder: str
    command: str
    stale: tuple[str, ...]
    judged: Judged
    refusals: tuple[Refusal, ...]
    given: int


def review_tree(
    stack: str, root: Path, repository: Path, policies: Path, config: Path | None = None
) -> TreeReview | None:
    """Reviews the tree in a checkout of its repository; None for a stack that delivers no app from Git.

    `policies`: the folder of the pack; `config`: of it. What is judged is what the specs say: where Git says something
    else, the tree is stale. Raises SpecError, and UserError for a pack that knows no objects but Pulumi's.
    """
    tree = tree_of(stack, root)
    if not tree.folder:
        return None
    pack = in_folder(policies)
    documents = [Document(path, 0, yaml.load(text, yaml.CSafeLoader), text.encode()) for path, text in tree.files]
    found = Found(documents, "default", pack)
    verdict = judged(found, configured_rules(config, pack))
    refusals = tuple(
        Refusal(one.rule.rule.id, str(one.rule.level), _file(tree, one.index), one.message) for one in verdict.breaches
    )
    refusals += tuple(Refusal("exempted", "advisory", _file(tree, one.index), one.message) for one in verdict.exempted)
    counts = Judged(verdict.rules, verdict.objects, verdict.evaluations)
    return TreeReview(tree.folder, tree.command, tuple(tree.stale(repository)), counts, refusals, verdict.given)


def _file(tree: Tree, index: int) -> str:
    return f"{tree.folder}/{tree.files[index][0]}"
