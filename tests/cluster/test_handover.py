"""An app moves from Pulumi to a GitOps engine and back, on the real engine and API server: nothing of it is made anew.

The GitOps engine is played here: what matters is what it would find, under the name by which it applies. That the real
ones deliver is proven where they run.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.adoption import RESOURCE_ANNOTATION
from components.cli.trees import tree_of
from components.gitops.argocd import ArgoCd
from components.gitops.flux import Flux
from components.platform.piece import pieces_of
from components.spec.cluster import StackSpec
from components.spec.labels import VIA_ANNOTATION
from components.through_git import PHASE_ANNOTATION, GitOps
from localcluster.api import Api, Object, path_of
from localcluster.cluster import Cluster
from tests.specs import changed, example_app

from .objects import apply_all, object_path
from .pulumi_runs import ROOT, Pulumi, Ran

SEASON = "example.com/season"
REPOSITORY = "https://git.example.com/a.git"
STACK = {
    "cluster": {"name": "handed", "kubernetes": "1.36"},
    "delivery": {"engine": "argo-rollouts", "router": "istio", "metrics": "prometheus"},
}


@dataclass(frozen=True)
class Engine:
    """A GitOps engine as the test plays it.

    Fields: `model`; `order`: group/version/plural of what it is told by; `lets_go`: whether the app stays when such an
    order is deleted.
    """

    model: type[GitOps]
    order: str
    lets_go: Callable[[Object], bool]

    @property
    def space(self) -> str:
        """Namespace of the app: the one before takes its time to go."""
        return f"handed-to-{self.kind}"

    @property
    def kind(self) -> str:
        return str(self.model.model_fields["kind"].default)

    @property
    def namespace(self) -> str:
        return str(self.model.model_fields["namespace"].default)

    @property
    def definitions(self) -> Sequence[Object]:
        """Of its objects, as the platform installs them."""
        chosen = {"kind": self.kind, "repository": REPOSITORY}
        stack = StackSpec.model_validate({**STACK, "gitops": chosen})
        [piece] = [piece for piece in pieces_of(stack) if piece.serves[0] == "gitops"]
        return [item for item in piece.stages(stack)[0] if item["kind"] == "CustomResourceDefinition"]


ENGINES = {
    "argocd": Engine(
        ArgoCd,
        "argoproj.io/v1alpha1/applications",
        lambda order: not [one for one in order["metadata"].get("finalizers", []) if "argocd" in one],
    ),
    "flux": Engine(
        Flux,
        "kustomize.toolkit.fluxcd.io/v1/kustomizations",
        lambda order: order["spec"]["deletionPolicy"] == "Orphan",
    ),
}


@dataclass(frozen=True)
class Handed:
    """A stack with one app, and the cluster that it is on."""

    api: Api
    pulumi: Pulumi
    engine: Engine

    def write(self, via: str, gitops: bool = True, **app: Any) -> None:
        """What the user's files say from now on."""
        folder = self.pulumi.folder
        engine = {"kind": self.engine.kind, "repository": REPOSITORY}
        stack = {**STACK, **({"gitops": engine} if gitops else {}), "apps": {"files": ["apps/*.yaml"], "via": via}}
        config = {f"coalmine:{key}": value for key, value in stack.items()}
        file = folder / "stacks/Pulumi.dev.yaml"
        written = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.write_text(yaml.safe_dump({**written, "config": config}), encoding="utf-8")
        shop = {**changed(example_app(), "namespace", to=self.engine.space), **app}
        (folder / "apps/shop.yaml").write_text(yaml.safe_dump(shop), encoding="utf-8")

    def up(self) -> Ran:
        return self.pulumi.succeed("up", "--yes", "--skip-preview")

    def sync(self) -> None:
        """What the engine does with the tree, rendered anew, once it delivers."""
        for _, text in tree_of("dev", self.pulumi.folder).files:
            item = yaml.safe_load(text)
            self.api.apply(object_path(self.api, item), item, self.engine.model.manager)

    @property
    def place(self) -> str:
        """Of the Rollout."""
        return path_of("argoproj.io/v1alpha1/rollouts", self.engine.space, "shop")

    @property
    def rollout(self) -> Object:
        return self.api.get(self.place)

    @property
    def order(self) -> Object | None:
        return self.api.find(path_of(self.engine.order, self.engine.namespace, "shop"))

    @property
    def phase(self) -> str | None:
        order = self.order
        return order["metadata"]["annotations"][PHASE_ANNOTATION] if order else None

    @property
    def registered(self) -> dict[str, bool]:
        """Kind and name of the app's objects in the state, and whether they would stay."""
        state = json.loads(self.pulumi.succeed("stack export").text)
        found = state["deployment"].get("resources", [])
        objects = [
            one for one in found if one["type"].startswith("kubernetes:") and "metadata" in one.get("inputs", {})
        ]
        return {
            f"{one['inputs']['kind']}/{one['inputs']['metadata']['name']}": one.get("retainOnDelete", False)
            for one in objects
            if one["inputs"]["kind"] in ("Rollout", "Service", "VirtualService", "AnalysisTemplate", "Gateway")
        }

    def owners(self, item: Object) -> set[str]:
        """The managers of what an object says, without its status."""
        return {one["manager"] for one in item["metadata"]["managedFields"] if not one.get("subresource")}


@pytest.fixture(params=ENGINES)
def handed(request: pytest.FixtureRequest, cluster: Cluster, api: Api, tmp_path: Path) -> Iterator[Handed]:
    engine = ENGINES[request.param]
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in (engine.space, engine.namespace)
    ]
    apply_all(api, [*engine.definitions, *spaces])
    folder = tmp_path / "project"
    shutil.copytree(Path(__file__).with_name("handover_program"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "components").symlink_to(ROOT / "components")
    (folder / ".venv").symlink_to(sys.prefix)
    for part in ("apps", "stacks"):
        (folder / part).mkdir()
    pulumi = Pulumi({**cluster.environment(), "PULUMI_BACKEND_URL": tmp_path.as_uri()}, "dev", folder)
    made = Handed(api, pulumi, engine)
    made.write("pulumi", labels={SEASON: "autumn"})
    pulumi.succeed("stack init")
    made.write("pulumi", labels={SEASON: "autumn"})
    yield made
    made.pulumi.run("destroy", "--yes", "--skip-preview")
    for space in spaces:
        api.delete(path_of("v1/namespaces", "", space["metadata"]["name"]))


def test_an_app_goes_to_git_and_comes_back_and_nothing_is_made_anew(handed: Handed) -> None:
    manager = handed.engine.model.manager
    handed.up()
    first = handed.rollout
    who = (first["metadata"]["uid"], first["metadata"]["generation"])

    def untouched() -> bool:
        live = handed.rollout["metadata"]
        return (live["uid"], live["generation"]) == who

    handed.write("gitops", labels={SEASON: "autumn"})
    said = handed.up().text
    assert "run `pulumi up` once more" in " ".join(said.split())
    assert handed.phase == "waiting"
    assert handed.registered, "nothing is registered that could be kept"
    assert all(handed.registered.values()), f"would be deleted with the next run: {handed.registered}"
    assert untouched()

    handed.up()
    assert handed.phase == "delivering"
    assert handed.registered == {}
    assert untouched(), "Pulumi let go of the Rollout, and it was changed or made anew"
    assert handed.owners(handed.rollout) == {manager}, "what has two owners stays when one leaves it out"

    handed.sync()
    assert untouched(), "the tree says something else than Pulumi did: a new version would begin"
    annotations = handed.rollout["metadata"]["annotations"]
    assert annotations[VIA_ANNOTATION] == "gitops"
    assert RESOURCE_ANNOTATION not in annotations, "Pulumi's annotations outlive it"
    handed.write("gitops")
    handed.sync()
    assert SEASON not in handed.rollout["metadata"]["labels"], "what Git drops stays on the object"
    handed.pulumi.succeed("preview", "--expect-no-changes")

    handed.write("pulumi")
    assert "run `pulumi up` once more" in " ".join(handed.up().text.split())
    assert handed.phase == "released"
    order = handed.order
    assert order is not None
    assert handed.engine.lets_go(order), "who deletes the order deletes the app with it"
    assert set(handed.registered.values()) == {False}
    assert untouched()
    assert manager not in handed.owners(handed.rollout)

    handed.up()
    assert handed.phase is None
    assert untouched(), "the engine's order went, and took the app with it"
    handed.write("pulumi", replicas=6)
    handed.up()
    assert handed.rollout["spec"]["replicas"] == 6, "Pulumi cannot change what it took over"
    handed.pulumi.succeed("preview", "--refresh", "--expect-no-changes")

    handed.pulumi.succeed("destroy", "--yes", "--skip-preview")
    assert handed.api.find(handed.place) is None, "destroy left what nobody asked to keep"
