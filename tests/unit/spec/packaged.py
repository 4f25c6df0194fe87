"""Charts and overlays as workloads: the example as a project that tests change."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.compile import Compiled
from tests.specs import EXAMPLES, Project, example_app, only, stack_keys

CART = example_app("packaged")
LETTERS: dict[str, Any] = yaml.safe_load((EXAMPLES / "packaged/apps/letters.yaml").read_text(encoding="utf-8"))
CHART, OVERLAY = ("charts/cart/templates", "kustomize/base")
SHOP = example_app()
RUNS = "runs pods beside the release: what is released is one Deployment; make another one an app of its own"
OUT = "or leave it out: without:"
LEADS = (
    "leads to the pods of both versions, past the weights: the release has Services of its own for the port that "
    "receives the traffic"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The example, to be changed."""
    made = Project(tmp_path)
    keys = stack_keys()
    keys["delivery"]["other_engines"] = ["flagger"]
    made.stack(keys)
    for folder in ("charts", "kustomize"):
        shutil.copytree(EXAMPLES / "packaged" / folder, tmp_path / folder)
    made.apps(CART)
    return made


def compiled(project: Project, *apps: dict[str, Any]) -> list[Compiled]:
    project.apps(*apps)
    return project.compile()


def said(project: Project, app: dict[str, Any]) -> list[str]:
    """What is wrong with an app, each as `path: message`."""
    project.apps(app)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def edit(project: Project, file: str, old: str, new: str) -> None:
    text = (project.root / file).read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    project.write(file, text.replace(old, new))


def settings(made: Compiled) -> dict[str, Any]:
    return only(made.manifests, "ConfigMap")
