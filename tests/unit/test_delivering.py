"""What a run registers of an app that is delivered from Git, and of one that is on its way there or back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes
import pytest

from components import app as app_module
from components.adoption import RESOURCE_ANNOTATION, Reference
from components.app import App
from components.git_tree import ByGit
from components.platform.git_sources import git_sources
from components.spec.channels import SecretText
from components.spec.labels import VIA_ANNOTATION
from components.spec.load import LoadedStack
from components.through_git import PHASE_ANNOTATION
from tests.specs import Project, example_app, stack_keys
from tests.unit.platform.registrations import Registration, registered

ENGINES = {"argocd": "Application", "flux": "Kustomization"}
REPOSITORY = "https://git.example.com/platform/delivery.git"


class Live:
    """A guard of a cluster that has just these objects of this stack."""

    def __init__(self, objects: Mapping[str, Mapping[str, str]]) -> None:
        self._objects = objects

    def own(self, reference: Reference) -> dict[str, Any] | None:
        if reference.kind not in self._objects or reference.name != "shop":
            return None
        given: Mapping[str, str] = self._objects[reference.kind]
        return {"metadata": {"name": reference.name, "annotations": dict(given)}, "spec": {}}

    def has(self, reference: Reference) -> bool:
        return self.own(reference) is not None

    def is_new(self, _namespace: str) -> bool:
        return False

    def hook(self, _manifest: Any) -> None:
        return None

    def prepared(self, manifest: Any, _owned: Any) -> dict[str, Any]:
        return dict(manifest)


def stack_of(root: Path, via: str, engine: str | None, **others: Any) -> LoadedStack:
    project = Project(root)
    project.apps(example_app())
    gitops = {"gitops": {"kind": engine, "repository": REPOSITORY}} if engine else {}
    project.stack({**stack_keys(), **gitops, "apps": {"files": ["apps/*.yaml"], "via": via}, **others})
    return project.load()


def run(stack: LoadedStack) -> list[Registration]:
    """What the app's component registers, but for itself."""

    def build() -> None:
        provider = pulumi_kubernetes.Provider("k8s")
        [app] = stack.apps
        options = pulumi.ResourceOptions(provider=provider)
        App(app.spec.name, app.spec, stack.spec.delivery, options, ByGit.of(stack.spec))

    found = registered(build).values()
    return [one for one in found if one.type.startswith("kubernetes:")]


def phase_of(made: list[Registration], kind: str) -> str:
    [order] = [one for one in made if one.kind == kind]
    return str(order.inputs["metadata"]["annotations"][PHASE_ANNOTATION])


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what is live, by kind: the annotations of the object named `shop`."""

    def set_live(**objects: Mapping[str, str]) -> None:
        guard = Live(objects)
        monkeypatch.setattr(app_module, "guard_of", lambda _resource: guard)
        monkeypatch.setattr("components.resources.guard_of", lambda _resource: guard)
        monkeypatch.setattr("pulumi.log.warn", lambda *_args: None)
        # Pulumi's mocks know no hooks.
        monkeypatch.setattr("components.delivering._turning", lambda *_args, **_named: None)

    return set_live


BY_PULUMI = {RESOURCE_ANNOTATION: "made-by-pulumi"}
BY_GIT = {VIA_ANNOTATION: "gitops"}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_app_from_git_is_the_engines_order_and_nothing_of_the_app(engine: str, tmp_path: Path) -> None:
    made = run(stack_of(tmp_path, "gitops", engine))
    assert phase_of(made, ENGINES[engine]) == "delivering"
    assert not [one for one in made if one.kind in ("Rollout", "Deployment", "VirtualService", "AnalysisTemplate")]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_app_of_pulumis_has_no_order(engine: str, tmp_path: Path) -> None:
    made = run(stack_of(tmp_path, "pulumi", engine))
    assert "Rollout" in [one.kind for one in made]
    assert ENGINES[engine] not in [one.kind for one in made]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_run_keeps_every_object_before_the_order_is_made(engine: str, tmp_path: Path, live: Any) -> None:
    live(Rollout=BY_PULUMI)
    made = run(stack_of(tmp_path, "gitops", engine))
    [order] = [one for one in made if one.kind == ENGINES[engine]]
    accounts = {one.urn for one in made if one.inputs["metadata"]["name"].endswith(("-delivery", "deliver-shop"))}
    of_app = [one for one in made if one.urn != order.urn and one.urn not in accounts]
    assert "Rollout" in [one.kind for one in of_app]
    assert all(one.retained for one in of_app), "what is not kept is deleted as soon as Pulumi lets go of it"
    assert phase_of(made, ENGINES[engine]) == "waiting"
    assert {one.urn for one in of_app} <= before(made, order), "the order says that all of them are kept"


def before(made: list[Registration], last: Registration) -> set[str]:
    """What a resource waits for."""
    by_urn = {one.urn: one for one in made}
    found: set[str] = set()
    ahead = [last.urn]
    while ahead:
        new = by_urn[ahead.pop()].depends_on & by_urn.keys() - found
        found |= new
        ahead += new
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_the_second_run_lets_go(engine: str, tmp_path: Path, live: Any) -> None:
    live(Rollout=BY_PULUMI, **{ENGINES[engine]: {PHASE_ANNOTATION: "waiting"}})
    made = run(stack_of(tmp_path, "gitops", engine))
    assert phase_of(made, ENGINES[engine]) == "delivering"
    assert "Rollout" not in [one.kind for one in made]


@pytest.mark.parametrize("engine", ENGINES)
def test_on_the_way_back_the_engine_lets_go_after_pulumi_has_taken_over(engine: str, tmp_path: Path, live: Any) -> None:
    live(Rollout=BY_GIT, **{ENGINES[engine]: {PHASE_ANNOTATION: "delivering"}})
    made = run(stack_of(tmp_path, "pulumi", engine))
    assert phase_of(made, ENGINES[engine]) == "released"
    assert [one.retained for one in made if one.kind == "Rollout"] == [False]
    live(Rollout={**BY_GIT, **BY_PULUMI}, **{ENGINES[engine]: {PHASE_ANNOTATION: "released"}})
    made = run(stack_of(tmp_path, "pulumi", engine))
    assert "Rollout" in [one.kind for one in made]
    assert ENGINES[engine] not in [one.kind for one in made]


def test_a_stack_does_not_lose_the_engine_that_still_delivers_its_apps(tmp_path: Path, live: Any) -> None:
    live(Rollout=BY_GIT)
    with pytest.raises(pulumi.RunError, match="app 'shop': it is delivered from Git, and the stack has no 'gitops'"):
        run(stack_of(tmp_path, "pulumi", None))


def test_the_user_hears_that_another_run_is_to_follow(
    tmp_path: Path, live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(Rollout=BY_PULUMI)
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", lambda text, *_args: said.append(text))
    run(stack_of(tmp_path, "gitops", "argocd"))
    assert len(said) == 1
    assert "run `pulumi up` once more" in said[0]
    assert "clusters/test/shop/shop" in said[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_opens_the_repository_stands_in_a_secret_alone(engine: str, tmp_path: Path) -> None:
    stack = stack_of(tmp_path, "gitops", engine, credentials={"gitops": {"password": {"secure": "v1:x"}}})
    opened = SecretText("hunter2")
    spec = stack.spec.model_copy(update={"credentials": {"gitops": {"password": opened}}})
    objects = git_sources(spec, [app.spec for app in stack.apps])
    [secret] = [one for one in objects if one["kind"] == "Secret"]
    assert secret["stringData"]["password"] is opened
    assert "hunter2" not in str(objects)


def test_a_team_named_like_the_emptied_project_is_refused(tmp_path: Path) -> None:
    from components.platform.checks import problems

    project = Project(tmp_path)
    project.apps({**example_app(), "owner": "default"})
    project.stack({**stack_keys(), "gitops": {"kind": "argocd", "repository": REPOSITORY}})
    said = [str(one) for one in problems(project.load())]
    assert said == ["apps/app.yaml: owner: Argo CD's project 'default' allows nothing: give the team another name"]
