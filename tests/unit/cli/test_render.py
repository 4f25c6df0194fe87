"""`coalmine render`: a tree for Git that follows the spec, and touches nothing else."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from components.cli.trees import tree_of
from components.spec.errors import SpecError
from tests.coalmine import coalmine
from tests.specs import Project, changed, example_app, stack_keys


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


GITOPS = {"kind": "argocd", "repository": "https://git.example.com/platform/delivery.git"}


def of_two(project: Project, via: object) -> None:
    other = changed(changed(example_app(), "name", to="basket"), "traffic", "hosts", to=["basket.example.com"])
    project.apps(example_app(), other)
    project.stack({**stack_keys(), "gitops": GITOPS, "apps": {"files": ["apps/*.yaml"], "via": via}})


def rendered(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return coalmine("render", "--stack", "test", "--root", project.root, *arguments)


def test_apps_from_git_are_written_where_the_engine_looks_and_no_others(project: Project) -> None:
    of_two(project, {"basket": "gitops"})
    assert rendered(project).returncode == 0
    folders = {path.parent.relative_to(project.root).as_posix() for path in project.root.rglob("rollout-*.yaml")}
    assert folders == {"clusters/test/shop/basket"}
    of_two(project, "gitops")
    assert rendered(project).returncode == 0
    folders = {path.parent.relative_to(project.root).as_posix() for path in project.root.rglob("rollout-*.yaml")}
    assert folders == {"clusters/test/shop/basket", "clusters/test/shop/shop"}


def test_they_bear_the_stacks_label_by_which_pulumi_may_take_them_over(project: Project) -> None:
    of_two(project, "gitops")
    rendered(project)
    written = [yaml.safe_load(path.read_text()) for path in project.root.rglob("clusters/**/*.yaml")]
    assert {one["metadata"]["labels"]["coalmine.dev/stack"] for one in written} == {"coalmine.test"}
    assert {one["metadata"]["annotations"]["coalmine.dev/via"] for one in written} == {"gitops"}


def test_without_an_engine_a_folder_must_be_named(project: Project) -> None:
    done = rendered(project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "stack 'test' delivers no app from Git: say with --out where to write" in done.stderr


def test_a_tree_that_follows_the_spec_passes_the_check(project: Project) -> None:
    of_two(project, "gitops")
    rendered(project)
    (project.root / "clusters/test/.gitkeep").write_text("")
    before = tree(project.root)
    done = rendered(project, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert tree(project.root) == before


def test_the_check_names_every_file_that_is_stale_missing_or_superfluous(project: Project) -> None:
    of_two(project, "gitops")
    rendered(project)
    folder = project.root / "clusters/test/shop"
    (folder / "shop/rollout-shop.yaml").unlink()
    (folder / "basket/rollout-basket.yaml").write_text("kind: Rollout\n")
    (folder / "basket/mine.yaml").write_text("kind: Secret\n")
    before = tree(project.root)
    done = rendered(project, "--check", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["differences"] == [
        "shop/basket/mine.yaml: is superfluous",
        "shop/basket/rollout-basket.yaml: is stale",
        "shop/shop/rollout-shop.yaml: is missing",
    ]
    assert tree(project.root) == before, "a check writes nothing"
    assert "coalmine render --stack test" in rendered(project, "--check").stdout


def test_a_tree_that_is_not_there_fails_the_check(project: Project) -> None:
    of_two(project, "gitops")
    done = rendered(project, "--check")
    assert done.returncode == 1
    assert "rollout-shop.yaml: is missing" in done.stdout


def test_a_plain_secret_is_refused_with_what_may_stand_in_git(project: Project) -> None:
    of_two(project, "gitops")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "plain"},
        "stringData": {"password": "hunter2"},
    }
    project.apps(changed(example_app("full-workload"), "workload", "objects", to=[secret]))
    done = rendered(project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "SealedSecret" in done.stderr
    assert "ExternalSecret" in done.stderr
    assert "hunter2" not in done.stderr
    assert not (project.root / "clusters").exists()


SEALED = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "keys"},
    "stringData": {"password": "ENC[AES256_GCM,data:Ydzd,iv:n1Qm,tag:7g==,type:str]"},
    "sops": {"mac": "ENC[AES256_GCM,data:1Qa2,type:str]", "version": "3.11.0"},
}


def with_secret(project: Project, secret: object, **gitops: object) -> str | dict[str, str]:
    """The tree of an app with a Secret, or what is said against it."""
    engine = {"kind": "flux", "repository": GITOPS["repository"], **gitops}
    project.stack({**stack_keys(), "gitops": engine, "apps": {"files": ["apps/*.yaml"], "via": "gitops"}})
    project.apps(changed(example_app("full-workload"), "workload", "objects", to=[secret]))
    try:
        return dict(tree_of("test", project.root).files)
    except SpecError as error:
        return str(error)


def test_flux_brings_a_secret_that_sops_encrypted(project: Project) -> None:
    made = with_secret(project, SEALED, sops_secret="sops-age")
    assert isinstance(made, dict), made
    [text] = [text for path, text in made.items() if path.endswith("/secret-keys.yaml")]
    written = yaml.safe_load(text)
    assert (written["stringData"], written["sops"]) == (SEALED["stringData"], SEALED["sops"])


@pytest.mark.parametrize("gitops", [{}, {"kind": "argocd"}])
def test_nobody_else_is_given_one(project: Project, gitops: dict[str, str]) -> None:
    said = with_secret(project, SEALED, **gitops)
    assert isinstance(said, str), "it would be brought as it is"
    assert "workload.objects[0]: is encrypted by SOPS, and nobody who brings the app can open it" in said


def test_a_secret_with_one_value_left_in_plain_text_is_plain(project: Project) -> None:
    half = {**SEALED, "stringData": {**SEALED["stringData"], "user": "hunter2"}}
    assert "would stand in plain text" in with_secret(project, half, sops_secret="sops-age")
    unsealed = {key: value for key, value in SEALED.items() if key != "sops"}
    assert "would stand in plain text" in with_secret(project, unsealed, sops_secret="sops-age")


@pytest.mark.parametrize(
    ("version", "kind"),
    [("external-secrets.io/v1", "ExternalSecret"), ("bitnami.com/v1alpha1", "SealedSecret")],
)
def test_what_a_secret_is_made_of_in_the_cluster_may_stand_in_git(project: Project, version: str, kind: str) -> None:
    of_it = {"apiVersion": version, "kind": kind, "metadata": {"name": "keys"}, "spec": {}}
    made = with_secret(project, of_it)
    assert isinstance(made, dict), made
    assert [path for path in made if path.endswith(f"/{kind.lower()}-keys.yaml")]
