"""The review as one comment in Markdown, as short as it can be read."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ...compile import Compiled
from .. import plan as plan_verb
from ..output import as_data as problem_as_data
from ..output import evaluated
from .events import Outcome, Refusal
from .judge import Review, StackReview
from .tree import TreeReview

MARK = "<!-- coalmine review -->"
"""Begins every comment, so that a later one can replace it."""
_LONGEST = 60_000
"""Characters; GitHub takes 65,536."""


def written(review: Review) -> str:
    """The whole comment."""
    sign = "✅" if review.passed else "❌"
    lines = [MARK, f"## {sign} {_text(review.verdict)}", "", f"Compared with `{review.change.base}`.", ""]
    if review.problems:
        lines += [*(f"- {_text(str(problem))}" for problem in review.problems), ""]
    for stack in review.stacks:
        lines += [*_stack(stack), ""]
    text = "\n".join(lines).rstrip() + "\n"
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rpartition("\n")[0] + "\n\nThe rest is too long to be shown here: run `coalmine review`.\n"


def as_data(review: Review) -> dict[str, Any]:
    """The review as JSON data."""
    return {
        "passed": review.passed,
        "verdict": review.verdict,
        "base": review.change.base,
        "files": list(review.change.files),
        "problems": [problem_as_data(problem) for problem in review.problems],
        "stacks": [
            {
                "stack": stack.name,
                "reason": stack.reason,
                **asdict(stack.outcome),
                "tree": asdict(stack.tree) if stack.tree else None,
                "plans": [plan_verb.as_data(release) for release in stack.releases],
            }
            for stack in review.stacks
        ],
    }


def _stack(stack: StackReview) -> Iterator[str]:
    yield f"### ❌ {_text(f'{stack.name}: {stack.reason}')}" if stack.reason else f"### ✅ {_text(stack.name)}"
    yield ""
    yield _evaluated(stack.outcome)
    yield ""
    yield from _listed(stack.outcome.refusals)
    yield from (f"- {_text(error)}" for error in stack.outcome.errors)
    if stack.tree:
        yield ""
        yield from _tree(stack.tree)
    for release in stack.releases:
        yield ""
        yield from _release(release)


def _tree(tree: TreeReview) -> Iterator[str]:
    judged = tree.judged
    counted = evaluated(judged.evaluations, judged.rules, judged.objects, tree.given)
    yield f"{counted}, delivered from Git ({_text(tree.folder)})."
    yield ""
    yield from _listed(tree.refusals)
    yield from (f"- **differs** {_text(line)}" for line in tree.stale)
    if tree.stale:
        yield f"- run `{tree.command}` and commit what it writes"


def _evaluated(outcome: Outcome) -> str:
    judged = outcome.judged
    objects = sum(outcome.changes.values())
    counted = evaluated(judged.evaluations, judged.rules, judged.objects, objects)
    return f"{counted}, previewed as if all were new."


def _listed(refusals: Sequence[Refusal]) -> Iterator[str]:
    for one in refusals:
        word = "refused" if one.level == "mandatory" else "advice"
        yield f"- **{word}** `{one.rule}`: {_text(one.message)}"


def _release(release: Compiled) -> Iterator[str]:
    plan = release.plan
    version = f"{plan.name} {plan.app.workload.shown_version}"
    yield f"<details><summary>How <b>{_text(version)}</b> reaches the users</summary>"
    yield ""
    yield _row(plan_verb.HEADINGS)
    yield _row(["---"] * len(plan_verb.HEADINGS))
    yield from (_row(row) for row in plan_verb.rows(plan))
    yield ""
    yield from (_text(remark) for remark in plan_verb.remarks(release))
    yield ""
    yield "</details>"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _text(text: str) -> str:
    """Text of a user on one line, without a meaning in Markdown or HTML, and without calling anyone."""
    plain = " ".join(text.split())
    for sign, written_as in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&#64;"), ("|", "&#124;")):
        plain = plain.replace(sign, written_as)
    return "".join(f"\\{sign}" if sign in "`*_[]" else sign for sign in plain)
