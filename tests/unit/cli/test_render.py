"""`coalmine render`: a tree for Git that follows the spec, and touches nothing else."""

import json
from pathlib import Path

import pytest

from tests.coalmine import coalmine
from tests.specs import Project, changed, example_app


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one app."""
    made = Project(tmp_path / "project")
    made.apps(example_app("autoscaled"))
    return made


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def render(project: Project, out: Path) -> dict[str, list[str]]:
    done = coalmine("render", "--stack", "test", "--out", out, "--root", project.root, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


def test_each_object_is_a_file_named_after_it(project: Project, tmp_path: Path) -> None:
    render(project, tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == [
        ".coalmine-files",
        "feed/feed/analysistemplate-feed.yaml",
        "feed/feed/gateway-feed.yaml",
        "feed/feed/horizontalpodautoscaler-feed.yaml",
        "feed/feed/poddisruptionbudget-feed.yaml",
        "feed/feed/rollout-feed.yaml",
        "feed/feed/service-feed-canary.yaml",
        "feed/feed/service-feed-stable.yaml",
        "feed/feed/serviceaccount-feed.yaml",
        "feed/feed/virtualservice-feed-split.yaml",
        "feed/feed/virtualservice-feed.yaml",
    ]


def test_a_second_run_changes_nothing(project: Project, tmp_path: Path) -> None:
    render(project, tmp_path / "out")
    before = tree(tmp_path / "out")
    answer = render(project, tmp_path / "out")
    assert (answer["written"], answer["removed"]) == ([], [])
    assert tree(tmp_path / "out") == before


def test_what_is_gone_from_the_spec_goes_from_the_tree_and_the_users_files_stay(
    project: Project, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    render(project, out)
    (out / "feed/feed/kustomization.yaml").write_text("mine")
    fixed = changed(example_app("autoscaled"), "replicas", to=3)
    del fixed["scaling"]
    project.apps(fixed)
    answer = render(project, out)
    assert answer["removed"] == ["feed/feed/horizontalpodautoscaler-feed.yaml"]
    assert answer["written"] == ["feed/feed/rollout-feed.yaml"]
    assert (out / "feed/feed/kustomization.yaml").read_text() == "mine"


def test_a_mistake_writes_nothing(project: Project, tmp_path: Path) -> None:
    project.apps(changed(example_app(), "replicas", to=1))
    done = coalmine("render", "--stack", "test", "--out", tmp_path / "out", "--root", project.root)
    assert (done.returncode, done.stdout, (tmp_path / "out").exists()) == (1, "", False)


def test_a_folder_that_cannot_be_written_is_one_line(project: Project, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    done = coalmine("render", "--stack", "test", "--out", tmp_path / "out", "--root", project.root)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("coalmine: cannot write ")
    assert done.stderr.count("\n") == 1
