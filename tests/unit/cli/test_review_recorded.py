"""What a real preview of a bad change becomes: the comment word by word, and the findings in the files they come from.

`recorded/preview.jsonl` is the engine's own log of a preview under the pack, without what the review does not read; the
app and the stack beside it are those that were previewed. The program itself made the objects `by-hand` and `switch`.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log

from components.cli.output import UserError, open_stack
from components.cli.pack import BESIDE, in_folder
from components.cli.review.changes import Change
from components.cli.review.comment import written
from components.cli.review.events import Outcome, outcome
from components.cli.review.judge import Review, StackReview, changed_releases
from components.cli.review.places import Places
from components.cli.review.sarif import as_sarif
from components.cli.review.tree import review_tree
from components.compile import compile_stack
from components.spec.errors import Problem
from policies.registry import discover
from tests.specs import ROOT, Project

from .test_review import delivering  # noqa: F401

RECORDED = Path(__file__).parent / "recorded"
PACK = ROOT / "policies"


@pytest.fixture(scope="module")
def recorded() -> Review:
    """The review of the recorded change, where the app is new on the stack."""
    stack = open_stack("staging", RECORDED)
    engine = outcome((RECORDED / "preview.jsonl").read_text(encoding="utf-8"))
    places = Places.of(stack, compile_stack(stack))
    found = StackReview("staging", engine, changed_releases(stack, None), None, places)
    return Review(Change("50cfe09b179f", ("apps/search.yaml",), RECORDED), (), (found,))


def test_the_comment_is_the_one_that_was_read_and_approved(recorded: Review, tmp_path: Path) -> None:
    now = tmp_path / "comment.md"
    now.write_text(written(recorded), encoding="utf-8")
    approved = RECORDED / "comment.md"
    assert now.read_text() == approved.read_text(), f"read the new one, then: cp {now} {approved}"


def _run(review: Review, prefix: str = "", pack: Path = PACK) -> dict[str, Any]:
    text = as_sarif(review, RECORDED, prefix, pack)
    Log.model_validate_json(text)
    [run] = json.loads(text)["runs"]
    found: dict[str, Any] = run
    return found


def _places(run: dict[str, Any], rule: str) -> list[tuple[str, int]]:
    places = [one["locations"][0]["physicalLocation"] for one in run["results"] if one["ruleId"] == rule]
    return [(one["artifactLocation"]["uri"], one["region"]["startLine"]) for one in places]


def _line(file: str, number: int) -> str:
    return (RECORDED / file).read_text(encoding="utf-8").splitlines()[number - 1].strip()


@pytest.mark.parametrize(
    ("rule", "file", "text"),
    [
        ("first-step-weight", "apps/search.yaml", "- weight: 20"),
        ("weight-jump", "apps/search.yaml", "- weight: 60"),
        ("minimum-replicas", "stacks/Pulumi.staging.yaml", "min: 2"),
        ("enough-weights", "apps/search.yaml", "name: search"),
        ("deadline-abort", "stacks/Pulumi.staging.yaml", "config:"),
    ],
)
def test_a_finding_is_where_somebody_wrote_what_it_is_about(recorded: Review, rule: str, file: str, text: str) -> None:
    """The field of the app; in the stack's file where that overrides it; of what the program made, the stack's file."""
    [(found, line)] = _places(_run(recorded), rule)
    assert (found, _line(file, line)) == (file, text)


def test_everything_that_is_refused_or_advised_is_there_with_its_rule(recorded: Review) -> None:
    run = _run(recorded, "platform/")
    said = [one["message"]["text"] for one in run["results"]]
    assert said == [one.message for one in recorded.stacks[0].outcome.refusals if not one.is_note]
    assert len({json.dumps(one["partialFingerprints"]) for one in run["results"]}) == len(said) > 20
    assert [one["id"] for one in run["tool"]["driver"]["rules"]] == list(discover())
    assert all(place.startswith("platform/") for rule in discover() for place, _ in _places(run, rule))
    assert run["invocations"][0]["executionSuccessful"]


def test_a_review_that_could_not_be_done_is_no_clean_one(recorded: Review) -> None:
    wrong = Review(recorded.change, (Problem("apps/search.yaml", "delivery", "is wrong"),))
    failed = StackReview("staging", Outcome(recorded.stacks[0].outcome.judged, (), ("no helm",), {}, False))
    for review, message in ((wrong, "delivery: is wrong"), (Review(recorded.change, (), (failed,)), "no helm")):
        [invocation] = _run(review)["invocations"]
        assert not invocation["executionSuccessful"]
        assert message in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_of_a_pack_of_another_make_what_it_found_is_told(recorded: Review, tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    run = _run(recorded, "", tmp_path)
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    assert rules == sorted({one["ruleId"] for one in run["results"]})


def test_the_pack_that_is_named_judges_the_tree_too(delivering: Project, tmp_path: Path) -> None:  # noqa: F811
    """A copy of the pack in which one limit is another."""
    copy = tmp_path / "stricter"
    shutil.copytree(PACK, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shape = copy / "rules" / "canary_shape.py"
    text = shape.read_text()
    assert text.count('"max", 10, ') >= 1
    shape.write_text(text.replace('"max", 10, ', '"max", 1, '))

    def refused(pack: Path) -> set[str]:
        tree = review_tree("test", delivering.root, delivering.root, pack)
        assert tree is not None
        return {one.rule for one in tree.refusals if one.level == "mandatory"}

    assert "first-step-weight" not in refused(PACK)
    assert "first-step-weight" in refused(copy)
    assert in_folder(PACK) == BESIDE
    assert in_folder(copy) in sys.modules


def test_a_pack_that_only_pulumi_can_ask_is_refused_for_a_tree(delivering: Project, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "__main__.py").write_text("raise SystemExit('never run')\n")
    with pytest.raises(UserError, match="judge only what Pulumi previews"):
        review_tree("test", delivering.root, delivering.root, tmp_path)
