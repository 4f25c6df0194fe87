"""Providers on the real engine: the default one, and one whose cluster changes (§10)."""

from pathlib import Path

import yaml

from .conftest import NewProject
from .resources import config_map


def test_s10_the_default_provider_takes_kubeconfig_from_the_environment_and_namespace_from_the_stack(
    new_project: NewProject, namespace: str
) -> None:
    project = new_project(default_provider=True)
    project.pulumi("config", "set", "kubernetes:namespace", namespace).check()
    item = config_map("placed", namespace, {"a": "1"})
    del item["props"]["metadata"]["namespace"]
    project.up(item).check()
    state = project.state()["placed"]
    assert state["id"] == f"{namespace}/placed"
    assert state["inputs"]["metadata"]["namespace"] == namespace


def test_s10_another_server_replaces_the_provider_and_its_resources(
    new_project: NewProject, kubeconfig: str, tmp_path: Path, namespace: str
) -> None:
    text = Path(kubeconfig).read_text(encoding="utf-8")
    elsewhere = yaml.safe_load(text)
    for entry in elsewhere["clusters"]:
        entry["cluster"]["server"] = "https://127.0.0.1:1"
    moved = tmp_path / "kubeconfig"
    moved.write_text(yaml.safe_dump(elsewhere), encoding="utf-8")
    project = new_project()
    item = config_map("moved", namespace, {"a": "1"})
    project.up(item).check()
    project.provider = {"kubeconfig": text}
    contents = project.preview(item).check()
    assert set(contents.operations["provider"]) == {"same"}, "contents instead of a path are no change"
    project.provider = {"kubeconfig": str(moved)}
    replaced = project.preview(item).check()
    assert "replace" in replaced.operations["provider"]
    assert "replace" in replaced.operations["moved"]
