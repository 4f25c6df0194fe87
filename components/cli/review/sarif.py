"""The review for code scanning: what the policies refuse, in the files in which it was written."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..output import UserError
from ..pack import in_folder, part
from ..sarif import Notice, Result, log
from .judge import Review, StackReview

if TYPE_CHECKING:
    from policies.rule import Rule


def as_sarif(review: Review, root: Path, prefix: str, policies: Path) -> str:
    """The review as a log. `prefix`: of the project's folder in its repository; `policies`: the folder of its pack."""
    rules = _rules(policies)
    results = [one for stack in review.stacks for one in _results(stack, root, prefix)]
    levels = {name: rule.enforcement.value for name, rule in rules.items()}
    return log(rules, levels | {one.rule: one.level for one in results}, results, list(_notices(review, prefix)))


def _rules(policies: Path) -> "Mapping[str, Rule]":
    """What is known of the rules: of a pack of another make no more than what it found."""
    try:
        rules: Mapping[str, Rule] = part("registry", in_folder(policies)).discover()
    except UserError:
        return {}
    return rules


def _results(stack: StackReview, root: Path, prefix: str) -> Iterator[Result]:
    for one in stack.outcome.refusals:
        if not one.is_note:
            file, spot = stack.places.of_refusal(one, root)
            yield Result(one.rule, one.level, f"{stack.name}/{one.subject}", one.message, prefix + file, spot)
    for one in stack.tree.refusals if stack.tree else ():
        if one.is_note:
            continue
        # A tree in another repository is no part of what is reviewed.
        file = one.object if (root / one.object).is_file() else stack.places.file
        yield Result(one.rule, one.level, f"{stack.name}/{one.subject}", one.message, prefix + file)


def _notices(review: Review, prefix: str) -> Iterator[Notice]:
    for problem in review.problems:
        yield Notice("error", str(problem), prefix + problem.file)
    for stack in review.stacks:
        for error in stack.outcome.errors:
            yield Notice("error", f"{stack.name}: {error}")
        if stack.reason and not stack.outcome.errors:
            yield Notice("warning", f"{stack.name}: {stack.reason}")
