"""`coalmine review` without an engine: what a change concerns, what the engine's log says, what the comment shows."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.cli.output import UserError, open_stack
from components.cli.review.changes import Change, concerned_stacks, diff, place_in_repository
from components.cli.review.comment import MARK, as_data, written
from components.cli.review.configured import file_of, for_preview
from components.cli.review.events import Judged, Outcome, Refusal, outcome
from components.cli.review.judge import Review, StackReview, changed_releases, delivered_files, own_files
from components.cli.review.preview import without_secrets
from components.cli.review.tree import TreeReview, review_tree
from components.cli.trees import tree_of
from components.releases import HELM, PULUMI
from components.render import write_tree
from components.spec.errors import Problem, SpecError
from tests.specs import ROOT, Project, changed, example_app, stack_keys

STACKS = {
    "production": {"stacks/Pulumi.production.yaml", "apps/shop.yaml", "apps/search.yaml"},
    "local": {"stacks/Pulumi.local.yaml", "apps/shop.yaml"},
}


@pytest.mark.parametrize(
    ("files", "concerned"),
    [
        ([], []),
        (["apps/search.yaml"], ["production"]),
        (["apps/shop.yaml"], ["local", "production"]),
        (["stacks/Pulumi.local.yaml"], ["local"]),
        (["docs/concepts/analysis.md", "README.md", "tests/unit/test_plan.py", "examples/canary/apps/shop.yaml"], []),
        (["components/plan.py"], ["local", "production"]),
        (["policies/rules/canary_shape.py"], ["local", "production"]),
        (["requirements.lock"], ["local", "production"]),
        (["apps/gone.yaml"], ["local", "production"]),
        (["something/nobody/foresaw"], ["local", "production"]),
        (["stacks/Pulumi.gone.yaml"], []),
    ],
)
def test_a_change_concerns_no_stack_too_few(files: list[str], concerned: list[str]) -> None:
    assert concerned_stacks(files, STACKS) == concerned


def test_the_files_of_a_stack_are_its_own_and_those_of_its_apps() -> None:
    stack = open_stack("local", ROOT)
    assert own_files(stack) == {"stacks/Pulumi.local.yaml", "apps/shop.yaml"}


def _git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project below the top of a repository with one commit on the branch main and a branch for a change."""
    project = tmp_path / "repository" / "platform"
    for part in ("apps", "policies", "stacks"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy2(ROOT / name, project / name)
    (tmp_path / "repository" / "elsewhere.txt").write_text("not of the project\n")
    _git(tmp_path / "repository", "init", "--quiet", "--initial-branch", "main")
    _git(tmp_path / "repository", "add", "--all")
    _git(tmp_path / "repository", "commit", "--quiet", "--message", "Begin")
    _git(tmp_path / "repository", "switch", "--quiet", "--create", "change")
    return project


def test_files_are_named_from_the_top_of_the_repository(checkout: Path) -> None:
    assert place_in_repository(checkout) == "platform/"
    assert place_in_repository(checkout.parent) == ""


def test_every_sort_of_change_is_seen_and_nothing_outside_the_project(checkout: Path, tmp_path: Path) -> None:
    (checkout / "apps" / "shop.yaml").write_text("changed and committed\n")
    _git(checkout, "commit", "--quiet", "--all", "--message", "Change")
    (checkout / "apps" / "search.yaml").write_text("changed only\n")
    (checkout / "apps" / "new\nname.yaml").write_text("new\n")
    (checkout / "apps" / "checkout.yaml").unlink()
    (checkout.parent / "elsewhere.txt").write_text("changed\n")
    change = diff(checkout, "main", tmp_path / "before")
    assert change.files == ("apps/checkout.yaml", "apps/new\nname.yaml", "apps/search.yaml", "apps/shop.yaml")
    assert (change.before / "apps" / "checkout.yaml").read_bytes() == (ROOT / "apps" / "checkout.yaml").read_bytes()


def test_what_main_did_meanwhile_is_not_part_of_the_change(checkout: Path, tmp_path: Path) -> None:
    _git(checkout, "switch", "--quiet", "main")
    (checkout / "apps" / "search.yaml").write_text("somebody else's\n")
    _git(checkout, "commit", "--quiet", "--all", "--message", "Of somebody else")
    _git(checkout, "switch", "--quiet", "change")
    assert diff(checkout, "main", tmp_path / "before").files == ()


@pytest.mark.parametrize("base", ["no-such-branch", "--output=stolen", ""])
def test_a_base_that_is_not_there_is_one_line_with_the_remedy(checkout: Path, tmp_path: Path, base: str) -> None:
    with pytest.raises(UserError, match="fetch its history") as refused:
        diff(checkout, base, tmp_path / "before")
    assert "\n" not in str(refused.value)
    assert not (checkout / "stolen").exists()


def test_only_releases_that_change_are_shown() -> None:
    stack = open_stack("production", ROOT)
    assert changed_releases(stack, stack) == ()
    assert [one.plan.name for one in changed_releases(stack, None)] == ["checkout", "search", "shop"]
    staging = open_stack("staging", ROOT)
    assert [one.plan.name for one in changed_releases(stack, staging)] == ["checkout", "search", "shop"]


def test_an_override_of_a_stack_changes_the_release_of_its_app_only(checkout: Path) -> None:
    before = open_stack("staging", checkout)
    file = checkout / "stacks" / "Pulumi.staging.yaml"
    config = yaml.safe_load(file.read_text())
    config["config"]["coalmine:overrides"]["search"]["delivery"]["analysis"]["minimum_requests"] = 30
    file.write_text(yaml.safe_dump(config))
    assert [one.plan.name for one in changed_releases(open_stack("staging", checkout), before)] == ["search"]


URN = "urn:pulumi:production::coalmine::coalmine:index:App$kubernetes:argoproj.io/v1alpha1:Rollout::search"


def _log(*events: dict[str, Any]) -> str:
    return "".join(json.dumps({"sequence": n, "timestamp": 1, **event}) + "\n" for n, event in enumerate(events))


def _summary(urn: str | None = None, **names: Any) -> dict[str, Any]:
    kind = "policyAnalyzeSummaryEvent" if urn else "policyAnalyzeStackSummaryEvent"
    return {kind: {"policyPackName": "coalmine", **({"resourceUrn": urn} if urn else {}), **names}}


END = {"summaryEvent": {"resourceChanges": {"create": 7, "same": 0}, "result": "succeeded"}}


def test_rules_and_objects_are_counted_once_and_evaluations_every_time() -> None:
    read = outcome(
        _log(
            {"policyRemediateSummaryEvent": {"resourceUrn": URN, "passed": ["first-step-weight", "weight-jump"]}},
            _summary(URN, passed=["first-step-weight"], failed=["weight-jump", "undecided-in-preview"]),
            _summary(URN + "-2", passed=["first-step-weight"], failed=None),
            _summary(URN + "-3"),
            _summary(None, passed=["minimum-replicas"], failed=["undecided-in-stack-preview"]),
            END,
        )
    )
    assert read.judged == Judged(rules=3, objects=2, evaluations=4)
    assert (read.changes, read.succeeded, read.errors) == ({"create": 7}, True, ())


def test_refusals_carry_rule_object_and_message_without_the_description_and_come_first() -> None:
    def said(rule: str, level: str) -> dict[str, Any]:
        event = {"resourceUrn": URN, "policyName": rule, "enforcementLevel": level}
        return {"policyEvent": {**event, "message": f"Title. Why.\nRollout search/search: {rule} is broken\n"}}

    read = outcome(_log(said("advice", "advisory"), said("rule", "mandatory"), said("rule", "mandatory"), END))
    assert read.refusals == (
        Refusal("rule", "mandatory", "search", "Rollout search/search: rule is broken"),
        Refusal("advice", "advisory", "search", "Rollout search/search: advice is broken"),
    )


def test_errors_of_the_program_are_kept_and_the_engines_closing_word_is_not() -> None:
    def diagnostic(severity: str, message: str) -> dict[str, Any]:
        return {"diagnosticEvent": {"severity": severity, "message": message, "color": "never"}}

    read = outcome(
        _log(
            diagnostic("warning", "using x"), diagnostic("error", "no helm\n"), diagnostic("error", "preview failed\n")
        )
    )
    assert (read.errors, read.succeeded) == (("no helm",), False)


FINE = Outcome(Judged(8, 3, 12), (), (), {"create": 7}, True)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (Outcome(Judged(0, 0, 0), (), (), {"create": 7}, True), "no rule was evaluated on any object"),
        (Outcome(Judged(8, 3, 12), (), (), {}, False), "the preview failed"),
        (Outcome(Judged(8, 3, 12), (), ("no helm",), {}, True), "the preview failed"),
        (Outcome(Judged(8, 3, 12), (Refusal("r", "mandatory", "o", "m"),), (), {}, False), "refused by r"),
    ],
)
def test_a_preview_that_judged_nothing_failed_or_was_refused_stops_the_change(broken: Outcome, reason: str) -> None:
    review = Review(Change("abc", (), Path()), (), (StackReview("good", FINE), StackReview("production", broken)))
    assert not review.passed
    assert review.verdict.startswith(f"production: {reason}")
    assert "### ✅ good" in written(review)
    assert f"### ❌ production: {reason}" in written(review)


def test_advice_does_not_stop_a_change() -> None:
    advised = Outcome(Judged(8, 3, 12), (Refusal("r", "advisory", "o", "m"),), (), {"create": 7}, True)
    review = Review(Change("abc", (), Path()), (), (StackReview("production", advised),))
    assert (review.passed, review.verdict) == (True, "production: may go on")
    assert "- **advice** `r`: m" in written(review)


def test_the_comment_says_what_was_evaluated_and_how_a_release_reaches_users() -> None:
    releases = changed_releases(open_stack("production", ROOT), None)
    comment = written(Review(Change("abc123", (), Path()), (), (StackReview("production", FINE, releases),)))
    assert comment.startswith(f"{MARK}\n## ✅ production: may go on\n\nCompared with `abc123`.\n")
    assert "12 evaluations (8 rules x 3 objects that they apply to) of 7 objects" in comment
    assert "| 2 | 30% | 10m | 5 times, every 2m | 2 checks fail |" in comment
    assert comment.count("<details>") == comment.count("</details>") == 3


def test_mistakes_are_listed_and_nothing_that_a_user_wrote_is_markup_or_calls_anyone() -> None:
    problem = Problem("apps/a.yaml", "name", "'<img src=x> @everyone | `x` [a](b)' is not a name")
    comment = written(Review(Change("abc", (), Path()), (problem,)))
    assert "## ❌ not valid: 1 mistake" in comment
    assert "&lt;img src=x&gt; &#64;everyone &#124; \\`x\\` \\[a\\](b)" in comment


def test_a_comment_is_never_too_long_for_github() -> None:
    problems = tuple(Problem("apps/a.yaml", f"path{n}", "is wrong " * 20) for n in range(2000))
    comment = written(Review(Change("abc", (), Path()), problems))
    assert len(comment) < 65_536
    assert comment.endswith("run `coalmine review`.\n")


def test_json_holds_what_the_comment_says() -> None:
    review = Review(Change("abc", ("a",), Path()), (), (StackReview("production", FINE),))
    data = json.loads(json.dumps(as_data(review)))
    assert (data["passed"], data["files"], data["stacks"][0]["judged"]["evaluations"]) == (True, ["a"], 12)


def test_no_key_is_needed_for_a_stack_file() -> None:
    kept = {"config": {"coalmine:cluster": {"name": "a", "token": {"secure": "AAAB"}}, "x": [{"secure": "C"}]}}
    opened = without_secrets({**kept, "encryptionsalt": "v1:x", "secretsprovider": "y", "encryptedkey": "z"})
    hidden = "hidden-from-the-review"
    assert opened == {"config": {"coalmine:cluster": {"name": "a", "token": hidden}, "x": [hidden]}}
    assert without_secrets(None) is None


def _review(checkout: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = "from components.cli import main; main()"
    command = [sys.executable, "-c", program, "review", "--root", str(checkout), "--base", "main", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_change_that_concerns_no_stack_passes_without_an_engine(checkout: Path) -> None:
    (checkout / "docs").mkdir()
    (checkout / "docs" / "page.md").write_text("new\n")
    done = _review(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert "## ✅ no stack is concerned" in done.stdout


def test_a_mistake_fails_with_file_path_and_message_before_any_preview(checkout: Path, tmp_path: Path) -> None:
    file = checkout / "apps" / "search.yaml"
    file.write_text(file.read_text().replace("weight: 50", "weight: 500"))
    done = _review(checkout, "--out", str(tmp_path / "comment.md"), "--sarif", str(tmp_path / "findings.sarif"))
    assert (done.returncode, done.stdout.strip()) == (1, "not valid: 1 mistake")
    [said] = json.loads((tmp_path / "findings.sarif").read_text())["runs"][0]["invocations"][0][
        "toolExecutionNotifications"
    ]
    assert said["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "platform/apps/search.yaml"
    assert "- apps/search.yaml: delivery.steps\\[2\\].weight: " in (tmp_path / "comment.md").read_text()


def test_a_missing_policy_pack_is_a_mistake_and_not_a_pass(checkout: Path) -> None:
    done = _review(checkout, "--policy-pack", "elsewhere")
    assert done.returncode == 1
    assert "no policy pack in" in done.stderr
    assert "Traceback" not in done.stderr


WORKFLOWS = ROOT / ".github" / "workflows"
WORKFLOW = (WORKFLOWS / "review.yaml").read_text()
CALLER = yaml.safe_load((WORKFLOWS / "pull-request.yaml").read_text())
JOBS = yaml.safe_load(WORKFLOW)["jobs"]
INPUTS = yaml.safe_load(WORKFLOW)[True]["workflow_call"]["inputs"]
"""YAML takes the key `on` for true."""
WRITING = {"comment": {"pull-requests": "write"}, "code-scanning": {"security-events": "write"}}


def test_the_workflow_installs_the_pinned_tools_and_runs_the_script(tmp_path: Path) -> None:
    steps = JOBS["review"]["steps"]
    given = [step["with"] for step in steps if "with" in step]
    assert {"pulumi-version": PULUMI.version.removeprefix("v")} in given
    assert {"version": HELM.version} in given
    [checkout] = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}, "the base has to be there, no token"
    script, asked = tmp_path / "a project" / ".ci" / "review", tmp_path / "asked"
    script.parent.mkdir(parents=True)
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {asked}\nexit 1\n')
    script.chmod(0o755)
    [review] = [step for step in steps if "/.ci/review" in step.get("run", "")]
    known = {"BASE": "abc", "FOLDER": "a project", "OPTIONS": "--policy-pack other"}
    assert set(review["env"]) == {*known, "PLUGINS"}
    done = subprocess.run(["bash", "-e", "-c", review["run"]], cwd=tmp_path, env={**os.environ, **known}, check=False)
    assert done.returncode == 1, "a change that may not go on has to fail the job"
    written_to = [f"{tmp_path}/{name}" for name in ("comment.md", "findings.sarif")]
    assert asked.read_text().splitlines() == ["abc", *written_to, "--policy-pack", "other"]


def test_the_workflow_is_called_with_the_rights_that_its_jobs_ask_for() -> None:
    [job] = CALLER["jobs"].values()
    assert job["uses"] == "./.github/workflows/review.yaml"
    assert job["permissions"] == {"contents": "read"} | {name: "write" for one in WRITING.values() for name in one}
    assert set(job["with"]) <= set(INPUTS)
    assert CALLER[True] == ["pull_request"]
    for name in re.findall(r"inputs\.([\w-]+)", WORKFLOW):
        assert name in INPUTS


def test_the_workflow_is_safe_for_what_comes_from_a_fork() -> None:
    assert (yaml.safe_load(WORKFLOW)["permissions"], CALLER["permissions"]) == ({}, {})
    assert JOBS["review"]["permissions"] == {"contents": "read"}
    assert set(JOBS) == {"review", *WRITING}
    for name, rights in WRITING.items():
        assert JOBS[name]["permissions"] == rights
        assert "head.repo.full_name == github.repository" in JOBS[name]["if"]
        assert not [step for step in JOBS[name]["steps"] if "checkout" in step.get("uses", "")]
    assert "pull_request_target" not in WORKFLOW
    assert "secrets." not in WORKFLOW
    commands = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert not [command for command in commands if "${{" in command], "what a fork names becomes part of a command"


def test_the_findings_are_uploaded_from_where_they_are_written() -> None:
    [kept] = [step["with"] for step in JOBS["review"]["steps"] if "upload-artifact@" in step.get("uses", "")]
    assert kept["path"].split() == ["comment.md", "findings.sarif"]
    fetched, upload = JOBS["code-scanning"]["steps"]
    assert fetched["with"] == {"name": kept["name"]}
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    assert upload["with"]["sarif_file"] == "findings.sarif"


def test_the_workflow_s_actions_are_pinned_by_commit_with_their_version() -> None:
    used = re.findall(r"uses: (.*)", WORKFLOW)
    assert len(used) == 8
    assert [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


@pytest.mark.parametrize(
    ("there", "written_to"), [("", "POST issues/7/comments"), ("11\n12", "PATCH issues/comments/11")]
)
def test_there_is_one_comment_that_is_updated(tmp_path: Path, there: str, written_to: str) -> None:
    """The workflow's own commands, with a `gh` that finds the given comments and remembers what it was asked."""
    [post] = [step["run"] for step in JOBS["comment"]["steps"] if "run" in step]
    assert f'startswith("{MARK}")' in post, "the comment is no longer found by how it begins"
    gh, asked = tmp_path / "gh", tmp_path / "asked"
    gh.write_text(f'#!/bin/sh\necho "$@" >> {asked}\ncase "$*" in *--jq*) printf \'{there}\\n\';; esac\n')
    gh.chmod(0o755)
    known = {"GITHUB_REPOSITORY": "team/platform", "NUMBER": "7", "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-e", "-c", post], cwd=tmp_path, env={**os.environ, **known}, check=True, timeout=30)
    method, path = written_to.split()
    *_, last = asked.read_text().splitlines()
    assert last == f"api --silent --method {method} repos/team/platform/{path} -F body=@comment.md"


def test_the_script_says_how_it_is_called() -> None:
    done = subprocess.run([ROOT / ".ci/review"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "usage: .ci/review BASE [FILE [SARIF [OPTION...]]]" in done.stderr


GITOPS = {"kind": "flux", "repository": "https://git.example.com/platform/delivery.git"}


@pytest.fixture
def delivering(tmp_path: Path) -> Project:
    """A project whose app comes from Git, in the project's own repository, with its tree."""
    project = Project(tmp_path / "project")
    project.apps(example_app())
    project.stack({**stack_keys(), "gitops": GITOPS, "apps": {"files": ["apps/*.yaml"], "via": "gitops"}})
    tree = tree_of("test", project.root)
    write_tree(project.root / tree.folder, tree.files)
    return project


def of_tree(project: Project) -> TreeReview:
    found = review_tree("test", project.root, project.root, ROOT / "policies")
    assert found is not None
    return found


def with_tree(tree: TreeReview | None) -> StackReview:
    return StackReview("test", Outcome(Judged(0, 0, 0), (), (), {}, True), (), tree)


def test_the_objects_that_git_delivers_are_judged_though_no_preview_shows_them(delivering: Project) -> None:
    found = of_tree(delivering)
    assert found.stale == ()
    assert found.judged.evaluations > 0
    assert with_tree(found).reason == ""
    assert with_tree(None).reason.startswith("no rule was evaluated")


def test_a_policy_refuses_what_git_would_deliver(delivering: Project) -> None:
    delivering.apps(changed(example_app(), "delivery", "steps", to=[{"weight": 90, "hold": "1m"}]))
    found = of_tree(delivering)
    mandatory = [one for one in found.refusals if one.level == "mandatory"]
    assert mandatory
    assert mandatory[0].object.startswith("clusters/test/shop/shop/")
    assert with_tree(found).reason.startswith("refused by ")


def test_a_stale_tree_fails_the_review_and_the_comment_says_what_to_run(delivering: Project) -> None:
    delivering.apps(changed(example_app(), "replicas", to=7))
    found = of_tree(delivering)
    assert found.stale == ("clusters/test/shop/shop/rollout-shop.yaml: is stale",)
    review = Review(Change("abc", (), delivering.root), (), (with_tree(found),))
    assert not review.passed
    assert review.verdict == "test: 1 file of clusters/test differs"
    comment = written(review)
    assert "- **differs** clusters/test/shop/shop/rollout-shop.yaml: is stale" in comment
    assert "`coalmine render --stack test`" in comment
    assert as_data(review)["stacks"][0]["tree"]["stale"] == found.stale


def test_an_object_that_nobody_rendered_fails_the_review(delivering: Project) -> None:
    delivering.write("clusters/test/shop/shop/by-hand.yaml", "kind: Secret\n")
    assert of_tree(delivering).stale == ("clusters/test/shop/shop/by-hand.yaml: is superfluous",)


def test_a_tree_in_another_repository_is_read_there(delivering: Project, tmp_path: Path) -> None:
    found = review_tree("test", delivering.root, tmp_path / "elsewhere", ROOT / "policies")
    assert found is not None
    assert all(line.endswith(": is missing") for line in found.stale)
    (delivering.root / "clusters").rename(tmp_path / "clusters")
    found = review_tree("test", delivering.root, tmp_path, ROOT / "policies")
    assert found is not None
    assert found.stale == ()


def test_files_of_a_tree_concern_its_stack_alone(delivering: Project) -> None:
    stack = open_stack("test", delivering.root)
    change = Change("abc", ("clusters/test/shop/shop/rollout-shop.yaml", "clusters/other/x.yaml"), delivering.root)
    assert delivered_files(stack, change) == {"clusters/test/shop/shop/rollout-shop.yaml"}


def test_a_stack_that_delivers_nothing_from_git_has_no_tree(delivering: Project) -> None:
    delivering.stack(stack_keys())
    assert review_tree("test", delivering.root, delivering.root, ROOT / "policies") is None


def _configuration(folder: Path, **given: Any) -> Path:
    file = folder / "policies.json"
    file.write_text(json.dumps({name.replace("_", "-"): value for name, value in given.items()}))
    return file


def test_what_a_site_exempts_and_limits_counts_for_what_git_delivers(delivering: Project, tmp_path: Path) -> None:
    delivering.apps(changed(example_app(), "delivery", "steps", to=[{"weight": 12, "hold": "30m"}]))
    entry = {"rule": "enough-weights", "objects": ["Rollout shop/*"], "owner": "shop", "reason": "a small app"}
    until = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    exemptions = {"entries": [{**entry, "until": until}]}

    def said(config: Path | None) -> dict[str, str]:
        tree = review_tree("test", delivering.root, delivering.root, ROOT / "policies", config)
        assert tree is not None
        return {one.rule: one.level for one in tree.refusals}

    plain = said(None)
    assert {"first-step-weight", "enough-weights"} <= set(plain)
    assert "exempted" not in plain
    configured = said(_configuration(tmp_path, first_step_weight={"max": 12}, exemptions=exemptions))
    assert not {"first-step-weight", "enough-weights"} & set(configured)
    assert configured["exempted"] == "advisory"


def test_the_preview_gets_the_same_configuration_and_changes_nothing(tmp_path: Path) -> None:
    remedied = {"deadline_abort": {"enforcementLevel": "remediate"}, "revisions_kept": "remediate"}
    file = _configuration(tmp_path, **remedied, weights_rise="advisory", all="mandatory", weight_jump={"max": 20})
    assert file_of(tmp_path / "{stack}.json", "policies") == file
    assert json.loads(for_preview(file, ROOT / "policies")) == {
        "deadline-abort": {"enforcementLevel": "mandatory"},
        "revisions-kept": "mandatory",
        "weights-rise": "advisory",
        "all": "mandatory",
        "weight-jump": {"max": 20},
    }


def test_a_configuration_that_cannot_be_used_is_said_and_never_left_aside(tmp_path: Path) -> None:
    """Pulumi itself would leave the name of no rule aside."""
    file = _configuration(tmp_path, first_step_wait={"max": 5})
    with pytest.raises(SpecError, match=r"first-step-wait.*did you mean 'first-step-weight'"):
        for_preview(file, ROOT / "policies")
    with pytest.raises(SpecError, match="cannot be read"):
        for_preview(tmp_path / "missing.json", ROOT / "policies")
