"""Providers on the real engine: the default one, one whose cluster changes (§10), what they keep and refuse."""

import uuid
from pathlib import Path

import pytest
import yaml

from localcluster.plugins.kubernetes_provider.client import Client

from .conftest import NewProject
from .resources import config_map, resource, widget


@pytest.mark.conformance("provider-kubeconfig", "provider-stack")
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


@pytest.mark.conformance("provider-replaced", "provider-kept")
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


@pytest.mark.conformance("state-provider")
def test_s2_a_provider_is_kept_as_it_was_given(new_project: NewProject, kubeconfig: str, namespace: str) -> None:
    text = Path(kubeconfig).read_text(encoding="utf-8")
    given = {"kubeconfig": text, "enableConfigMapMutable": "true"}
    project = new_project(given)
    project.up(config_map("beside", namespace, {"a": "1"})).check()
    state = project.state()["provider"]
    assert str(uuid.UUID(state["id"])) == state["id"]
    kept = {name: value for name, value in state["inputs"].items() if name in given}
    assert kept == given


@pytest.mark.conformance("delete-finalizer")
def test_s8_what_a_finalizer_holds_stays_in_the_state_until_it_is_gone(
    new_project: NewProject, client: Client, namespace: str, widgets: None
) -> None:
    project = new_project()
    item = widget("held", namespace, {}, annotations={"pulumi.com/timeoutSeconds": "1"})
    item["props"]["metadata"]["finalizers"] = ["test.coalmine.dev/hold"]
    project.up(item).check()
    failed = project.destroy().check(succeeds=False)
    assert "finalizers might be preventing deletion" in " ".join(failed.messages["held"])
    assert project.state()["held"]["id"] == f"{namespace}/held"
    path = f"/apis/test.coalmine.dev/v1/namespaces/{namespace}/widgets/held"
    client.request("PATCH", path, None, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    project.destroy().check()
    assert "held" not in project.state()


@pytest.mark.conformance("component-config-group", "component-chart")
def test_components_that_the_plug_in_would_have_to_make_are_refused_in_a_preview(new_project: NewProject) -> None:
    project = new_project()
    tokens = ("kubernetes:yaml/v2:ConfigGroup", "kubernetes:helm.sh/v4:Chart")
    for token in tokens:
        answer = project.preview(resource(token, "made", {}, component=True)).check(succeeds=False)
        assert f"pulumi-resource-kubernetes: {token} is not supported by the bundled Pulumi plug-ins" in answer.text
        assert "PLUGINS=official" in answer.text
