"""The review script in a clone, on the real engine: good and bad changes, with and without an API server to ask."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .project import ROOT
from .support import mandatory

_PARTS = (".ci", "__main__.py", "Pulumi.yaml", "apps", "components", "localcluster", "policies", "stacks")
_STAGING = "stacks/Pulumi.staging.yaml"
_NOBODY_LISTENS = "https://127.0.0.1:1"
# What apps cannot be made to break, because the compiler does not write it: a program may.
_HAND_WRITTEN = """
from pulumi_kubernetes.apiextensions import CustomResource


def by_hand(kind, spec, name="by-hand"):
    metadata = {"name": name, "namespace": "search"}
    of = {"api_version": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata}
    CustomResource(f"{name}-{kind.lower()}", **of, spec=spec, opts=on_cluster)


analysis = {"analysis": {"templates": [{"templateName": "by-hand"}]}}
again = [{"setWeight": 40}, {"pause": {}}]
steps = [{"setWeight": 10}, *again, *again, {"setWeight": 60}, analysis]
by_hand("Rollout", {"replicas": 3, "strategy": {"canary": {"steps": steps}}})
switch = {"postPromotionAnalysis": analysis["analysis"], "scaleDownDelaySeconds": 60}
by_hand("Rollout", {"replicas": 3, "progressDeadlineAbort": True, "strategy": {"blueGreen": switch}}, "switch")
errors = {"name": "errors", "interval": "1m", "count": 2, "provider": {"prometheus": {"query": "up"}}}
by_hand("AnalysisTemplate", {"metrics": [errors]})
"""


@dataclass
class Clone:
    """A clone of this project, where staging is the only stack, so that a change costs one preview.

    `findings`: of the last review, for code scanning.
    """

    folder: Path
    findings: Sequence[Mapping[str, Any]] = ()

    def git(self, *arguments: str) -> str:
        """What a git command says in the clone."""
        return _git(self.folder, *arguments)

    def configure(self, **keys: Any) -> None:
        """Sets keys of the stack."""
        file = self.folder / _STAGING
        stack = yaml.safe_load(file.read_text(encoding="utf-8"))
        stack["config"] |= {f"coalmine:{name}": value for name, value in keys.items()}
        file.write_text(yaml.safe_dump(stack, sort_keys=False), encoding="utf-8")

    def change_search(self, steps: list[dict[str, Any]], **more: Any) -> None:
        """Changes how an app is released."""
        file = self.folder / "apps/search.yaml"
        app = yaml.safe_load(file.read_text(encoding="utf-8"))
        app["delivery"]["steps"] = steps
        app["delivery"]["analysis"] |= more
        file.write_text(yaml.safe_dump(app, sort_keys=False), encoding="utf-8")

    def make_bad(self) -> None:
        """Breaks many rules of the pack at once."""
        self.change_search([{"weight": 20, "hold": "10m"}, {"weight": 60, "hold": "20m"}])
        overrides = {"search": {"scaling": {"min": 2, "max": 4}, "traffic": {"hosts": ["search.staging.example.com"]}}}
        self.configure(apps=["apps/search.yaml"], overrides=overrides)
        program = self.folder / "__main__.py"
        program.write_text(program.read_text(encoding="utf-8") + _HAND_WRITTEN, encoding="utf-8")

    def review(self, *options: str) -> tuple[int, str, str]:
        """Exit code and last line of the script, and its comment. A kubeconfig of the user's must not be asked."""
        self.git("checkout", "--quiet", "-B", "change")
        self.git("commit", "--quiet", "--all", "--message", "Change something")
        environment = {**os.environ, "KUBECONFIG": str(self.folder / "nobody-reads-this.yaml")}
        findings = self.folder.with_name("findings.sarif")
        command = [str(self.folder / ".ci/review"), "origin/main", "comment.md", str(findings), *options]
        ran = subprocess.run(
            command, cwd=self.folder.parent, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert ran.stdout, ran.stderr
        assert "Traceback" not in ran.stderr, ran.stderr
        self.findings = json.loads(findings.read_text(encoding="utf-8"))["runs"][0]["results"]
        assert self.git("status", "--short") == "?? comment.md\n", "the review left something in the clone"
        return ran.returncode, ran.stdout.splitlines()[-1], (self.folder / "comment.md").read_text(encoding="utf-8")


def _git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it lies here, as a repository whose main branch people start from."""
    folder = tmp_path_factory.mktemp("review") / "upstream"
    folder.mkdir()
    for part in _PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    for stack in (folder / "stacks").glob("Pulumi.*.yaml"):
        if stack.name != Path(_STAGING).name:
            stack.unlink()
    (folder / ".gitignore").write_text(".venv\n__pycache__\n")
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


@pytest.fixture(params=["no cluster", "an unreachable API server"])
def clone(request: pytest.FixtureRequest, upstream: Path, tmp_path: Path) -> Clone:
    """A fresh clone; in the second case the stack names a kubeconfig whose server cannot be reached."""
    made = _cloned(upstream, tmp_path)
    if request.param != "no cluster":
        entry = {"name": "staging", "cluster": {"server": _NOBODY_LISTENS}}
        context = {"name": "staging", "context": {"cluster": "staging", "user": "staging"}}
        user = {"name": "staging", "user": {"token": "t"}}
        config = {"clusters": [entry], "contexts": [context], "users": [user], "current-context": "staging"}
        kubeconfig = tmp_path / "unreachable.yaml"
        kubeconfig.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **config}), encoding="utf-8")
        cluster = {"name": "staging", "kubernetes": "1.36", "context": "staging", "kubeconfig": str(kubeconfig)}
        made.configure(cluster=cluster)
    return made


def _cloned(upstream: Path, parent: Path) -> Clone:
    _git(parent, "clone", "--quiet", upstream.as_uri(), "clone")
    (parent / "clone/.venv").symlink_to(sys.prefix)
    return Clone(parent / "clone")


def test_a_good_change_passes_with_its_release_in_words_and_the_numbers(clone: Clone) -> None:
    """Good by the limit that the site sets for this stack: the rule's own is 10 %."""
    clone.change_search([{"weight": 12, "hold": "10m"}, {"weight": 25, "hold": "10m"}, {"weight": 50, "hold": "10m"}])
    configuration = {"first-step-weight": {"enforcementLevel": "remediate", "max": 15}}
    clone.folder.with_name("staging.json").write_text(json.dumps(configuration), encoding="utf-8")
    code, verdict, comment = clone.review("--config", str(clone.folder.with_name("{stack}.json")))
    assert (code, verdict) == (0, "staging: may go on"), comment
    counted = re.search(r"\n(\d+) evaluations \((\d+) rules x (\d+) objects that they apply to\) of ", comment)
    assert counted, comment
    assert [int(number) > least for number, least in zip(counted.groups(), (100, 50, 6), strict=True)] == [True] * 3
    assert "<summary>How <b>search 5.3.0</b> reaches the users</summary>" in comment
    assert "\n| step | who gets it | for | checked | taken back when |\n| --- |" in comment
    assert "\n| 1 | 12% | 10m | 5 times, every 2m | 2 checks fail |\n" in comment
    assert "<b>checkout" not in comment, "a release that does not change is shown"


def test_a_change_that_breaks_many_rules_fails_with_every_one_of_them(clone: Clone) -> None:
    clone.make_bad()
    code, verdict, comment = clone.review()
    assert code == 1, comment
    refusing = verdict.removeprefix("staging: refused by ").split(", ")
    assert refusing == sorted(refusing)
    assert {name for name in refusing if not mandatory(name)} == set()
    assert set(re.findall(r"\*\*refused\*\* `([a-z0-9-]+)`", comment)) == set(refusing)
    for line in (
        "**refused** `analysis-start`: Rollout search/by-hand: the first analysis starts at a weight of 60 %",
        "**refused** `deadline-abort`: Rollout search/by-hand: spec.progressDeadlineAbort is not true",
        "**refused** `first-step-weight`: Rollout search/search: the first weight is 20 %, the limit is 10 %",
        "**refused** `metric-condition`: AnalysisTemplate search/by-hand: metric 'errors' has neither",
        "**refused** `minimum-replicas`: Rollout search/search: spec.minReplicas of HorizontalPodAutoscaler",
        "**refused** `old-pods-stay`: Rollout search/switch: the old pods go after 60 s, and AnalysisTemplate",
        "**refused** `weight-held`: Rollout search/by-hand: spec.strategy.canary.steps\\[0\\].setWeight (10) is left",
        "**refused** `weight-jump`: Rollout search/search: the weight jumps from 20 % to 60 %, the limit is 30 points",
        "**advice** `error-rate-and-latency`: Rollout search/by-hand: its analyses do not measure the latency",
    ):
        assert f"\n- {line}" in comment, comment
    assert "in apps/search.yaml: delivery.steps\\[0\\].weight (a stack's overrides come first)" in comment
    where = {
        one["ruleId"]: one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in clone.findings
    }
    assert set(refusing) <= set(where)
    assert where["first-step-weight"] == "apps/search.yaml"
    assert where["deadline-abort"] == _STAGING
    assert comment.count("**refused** `deadline-abort`") == 1, "an app that keeps the rule is refused too"


def test_a_preview_that_evaluated_no_rule_on_no_object_fails(upstream: Path, tmp_path: Path) -> None:
    clone = _cloned(upstream, tmp_path)
    clone.configure(apps=[], overrides={})
    clone.configure(
        platform={piece: {"install": False} for piece in ("istio", "argo_rollouts", "prometheus", "grafana")}
    )
    code, verdict, comment = clone.review()
    assert code == 1, comment
    assert verdict.startswith("staging: no rule was evaluated on any object"), verdict
    assert "\n0 evaluations (0 rules x 0 objects that they apply to) of " in comment
