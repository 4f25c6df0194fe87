"""A change below an ignored path is refused by name, in preview and in update, and never dropped without a word."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from localcluster.api import Api, path_of
from localcluster.cluster import Cluster

from .pulumi_runs import ROOT, Pulumi

SERVICE = path_of("v1/services", "owned", "routed")
REFUSED = (
    "Service owned/routed: spec.selector has changed in the program, but a controller owns it while releases run, so "
    "the change would never reach the cluster. Undo it; or, with no release in progress, delete the object "
    "(kubectl delete) and run pulumi up --refresh, which makes it anew"
)


@dataclass(frozen=True)
class Owned:
    """A stack with one object, whose selector a controller has changed since."""

    api: Api
    pulumi: Pulumi

    def ask(self, app: str, label: str = "a", guarded: bool = True) -> None:
        """What the program will say from now on."""
        asked = {"selector": {"app": app}, "labels": {"for": label}, "guarded": guarded}
        (self.pulumi.folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")

    def live(self) -> tuple[dict[str, str], str]:
        """Selector and label, as the API server has them."""
        found = self.api.get(SERVICE)
        return found["spec"]["selector"], found["metadata"]["labels"]["for"]


@pytest.fixture(scope="module")
def space(cluster: Cluster) -> Iterator[None]:
    """The namespace of the object."""
    cluster.api.create(path_of("v1/namespaces"), {"metadata": {"name": "owned"}})
    yield
    cluster.api.delete(path_of("v1/namespaces", "", "owned"))


@pytest.fixture
def owned(cluster: Cluster, space: None, tmp_path: Path) -> Iterator[Owned]:
    folder = tmp_path / "project"
    shutil.copytree(Path(__file__).with_name("owned_program"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "components").symlink_to(ROOT / "components")
    (folder / ".venv").symlink_to(sys.prefix)
    pulumi = Pulumi({**cluster.environment(), "PULUMI_BACKEND_URL": tmp_path.as_uri()}, "dev", folder)
    pulumi.succeed("stack init")
    made = Owned(cluster.api, pulumi)
    made.ask("one")
    pulumi.succeed("up", "--yes", "--skip-preview")
    # As Argo Rollouts does it: the whole field, under a manager of its own.
    cluster.api.patch(SERVICE, {"spec": {"selector": {"app": "one", "hash": "1"}}})
    yield made
    pulumi.succeed("destroy", "--yes", "--skip-preview")


def test_a_change_that_would_be_dropped_is_refused_and_every_other_goes_through(owned: Owned) -> None:
    owned.ask("one", label="b")
    owned.pulumi.succeed("preview")
    owned.pulumi.succeed("up", "--yes", "--skip-preview")
    assert owned.live() == ({"app": "one", "hash": "1"}, "b"), "another field was changed beside the controller's"

    owned.ask("two", label="c")
    for verb, *arguments in (["preview"], ["preview", "--refresh"], ["up", "--yes", "--skip-preview"]):
        ran = owned.pulumi.run(verb, *arguments)
        assert ran.code != 0, f"{verb} {arguments} lets a change pass that it drops:\n{ran.text}"
        assert REFUSED in " ".join(ran.text.split()), ran.text
    assert owned.live() == ({"app": "one", "hash": "1"}, "b"), "a refused update changed the object"

    # What the message says to do instead.
    owned.api.delete(SERVICE)
    owned.pulumi.succeed("up", "--yes", "--skip-preview", "--refresh")
    assert owned.live() == ({"app": "two"}, "c")
    owned.pulumi.succeed("preview", "--refresh", "--expect-no-changes")


def test_without_the_guard_the_change_is_dropped_and_nobody_is_told(owned: Owned) -> None:
    """The control."""
    owned.ask("two", label="c", guarded=False)
    owned.pulumi.succeed("preview")
    owned.pulumi.succeed("up", "--yes", "--skip-preview")
    assert owned.live() == ({"app": "one", "hash": "1"}, "c")
