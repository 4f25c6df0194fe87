"""The life of a stack on the real engine with the plug-ins: one story, told once, and what each line asks of it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from localcluster.plugins.kubernetes_provider.client import Client

from .conftest import NewProject
from .project import Answer, Resource
from .resources import config_map, resource, widget, widget_crd

_MERGE = "application/merge-patch+json"
_GADGETS = "gadgets.test.coalmine.dev"
_SPLIT = [{"route": [{"weight": 80}, {"weight": 20}]}]
State = Mapping[str, Resource]


@dataclass(frozen=True)
class Story:
    """What the commands said, and the state after each that changed it."""

    previewed: Answer
    created: Answer
    first: State
    shown: State
    unchanged: Answer
    changed: Answer
    second: State
    contested: Answer
    third: State
    refreshed: Answer
    fourth: State
    recreating: Answer
    destroyed: Answer
    left: list[str]


@dataclass(frozen=True)
class _Cast:
    """The resources of the story in a namespace; `later` is how the program reads after the first update."""

    namespace: str

    def resources(self, later: bool) -> list[Resource]:
        n = self.namespace
        value = "2" if later else "1"
        unnamed = config_map("unnamed", n, {"a": value})
        del unnamed["props"]["metadata"]["name"]
        renamed = config_map("renamed", n, {"a": "1"})
        renamed["props"]["metadata"]["name"] = f"renamed-{value}"
        pet = resource("random:index/randomPet:RandomPet", "pet", {"length": 2})
        routed = {"host": value, "http": [{"route": [{"weight": 100}, {"weight": 0}]}]}
        items = [
            pet,
            resource("random:index/randomPassword:RandomPassword", "password", {"length": 20 if later else 16}),
            config_map("of-pet", n, {"pet": {"$id": "pet"}}),
            config_map("hidden", n, {"a": {"$secret": "opensesame"}}),
            unnamed,
            config_map("named", n, {"a": value, "b" if later else "c": "1"}),
            renamed,
            config_map("drifted", n, {"a": "1"}),
            config_map("deleted", n, {"a": "1"}),
            config_map("kept", n, {"a": "1"}, retain_on_delete=True),
            self._secret(),
            self._autoscaler(later),
            widget("ignoring", n, routed, ignore_changes=["spec.http"]),
            *self._gadget(),
        ]
        if later:
            return [*items, widget("fought", n, {"size": 1}), config_map("there", n, {"a": "1"}, import_=f"{n}/there")]
        fought = widget("fought", n, {"size": 1})
        return [*items, fought, config_map("Not_A_Name", n, {}), config_map("there", n, {})]

    def contested(self) -> list[Resource]:
        """As after the first update, with a change that another manager contests and an import of nothing."""
        n = self.namespace
        others = [item for item in self.resources(True) if item["name"] != "fought"]
        missing = config_map("missing", n, {"a": "1"}, import_=f"{n}/missing")
        return [*others, widget("fought", n, {"size": 2}), missing]

    def _secret(self) -> Resource:
        metadata = {"name": "secret", "namespace": self.namespace}
        props = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"word": "opensesame"}}
        return resource("kubernetes:core/v1:Secret", "secret", props)

    def _autoscaler(self, later: bool) -> Resource:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}]
        metrics[0]["resource"]["target"]["averageUtilization"] = 60  # type: ignore[index]
        version, detail = ("v2", {"metrics": metrics}) if later else ("v1", {"targetCPUUtilizationPercentage": 50})
        props = {
            "apiVersion": f"autoscaling/{version}",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "scaler", "namespace": self.namespace},
            "spec": {"scaleTargetRef": target, "maxReplicas": 3, **detail},
        }
        token = "kubernetes:autoscaling/{}:HorizontalPodAutoscaler"
        other = token.format("v1" if later else "v2")
        return resource(token.format(version), "scaler", props, aliases=[{"type_": other}])

    def _gadget(self) -> tuple[Resource, Resource]:
        crd = widget_crd()
        crd["metadata"]["name"] = _GADGETS
        crd["spec"]["names"] = {"kind": "Gadget", "listKind": "GadgetList", "plural": "gadgets", "singular": "gadget"}
        gadget = widget("gadget", self.namespace, {"size": 1}, depends_on=["crd"], retain_on_delete=True)
        gadget["type"] = "kubernetes:test.coalmine.dev/v1:Gadget"
        gadget["props"]["kind"] = "Gadget"
        token = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
        return resource(token, "crd", crd, retain_on_delete=True), gadget


@pytest.fixture(scope="module")
def story(new_project: NewProject, client: Client, namespace: str, widgets: None) -> Story:
    """A preview, an update, changes from outside, an update, a refresh and a destroy."""
    cast = _Cast(namespace)
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    client.request("POST", maps, body={"metadata": {"name": "there"}, "data": {"a": "1"}})
    project = new_project()
    previewed = project.preview(*[item for item in cast.resources(False) if item["name"] != "Not_A_Name"])
    created = project.up(*cast.resources(False))
    first, shown = project.state(), project.state(show_secrets=True)
    _interfere(client, namespace)
    unchanged = project.preview(*[item for item in cast.resources(False) if item["name"] in first])
    changed = project.up(*cast.resources(True))
    second = project.state()
    contested = project.up(*cast.contested())
    third = project.state()
    refreshed = project.refresh(*cast.contested())
    fourth = project.state()
    recreating = project.preview(*cast.resources(True))
    destroyed = project.destroy()
    left = [item["metadata"]["name"] for item in client.request("GET", maps)["items"]]
    client.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{_GADGETS}")
    answers = (previewed, created, first, shown, unchanged, changed, second, contested, third, refreshed, fourth)
    return Story(*answers, recreating, destroyed, left)


def _interfere(client: Client, namespace: str) -> None:
    """Change objects as people and controllers would."""
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    client.request("PATCH", f"{maps}/drifted", None, {"data": {"a": "9"}}, _MERGE)
    client.request("DELETE", f"{maps}/deleted")
    widgets = f"/apis/test.coalmine.dev/v1/namespaces/{namespace}/widgets"
    argo = {"fieldManager": "argo"}
    client.request("PATCH", f"{widgets}/ignoring", argo, {"spec": {"http": _SPLIT}}, _MERGE)
    client.request("PATCH", f"{widgets}/fought", argo, {"spec": {"size": 5}}, _MERGE)


@pytest.mark.conformance("preview-silent", "preview-unknown", "random-unknown")
def test_s4_the_first_preview_creates_everything_although_much_does_not_exist_yet(story: Story) -> None:
    story.previewed.check()
    assert story.previewed.operations["gadget"] == ["create"], "its CRD comes with the same update"
    assert story.previewed.operations["of-pet"] == ["create"], "its data is not known yet"
    assert story.previewed.operations["there"] == ["create"], "that it exists is for the update to find out"


@pytest.mark.conformance("create-error", "create-exists")
def test_s3_one_refused_object_fails_the_update_and_leaves_no_state(story: Story) -> None:
    story.created.check(succeeds=False)
    refusal = " ".join(story.created.messages["Not_A_Name"])
    assert "was not successfully created by the Kubernetes API server" in refusal
    assert 'configmaps "there" already exists' in " ".join(story.created.messages["there"])
    assert {"Not_A_Name", "there"}.isdisjoint(story.first)
    others = {name for name in story.created.messages if name not in ("Not_A_Name", "there", "plugins-dev", "")}
    assert others == set(), f"unexpected messages: {story.created.text}"


@pytest.mark.conformance("create-crd-first", "state-id", "state-type")
def test_s3_crd_and_custom_resource_come_in_one_update(story: Story, namespace: str) -> None:
    assert story.first["gadget"]["id"] == f"{namespace}/gadget"
    assert story.first["gadget"]["type"] == "kubernetes:test.coalmine.dev/v1:Gadget"
    assert story.first["crd"]["id"] == _GADGETS
    assert story.first["named"]["type"] == "kubernetes:core/v1:ConfigMap"


@pytest.mark.conformance("state-secret")
def test_s2_secrets_are_encrypted_in_the_state(story: Story) -> None:
    encoded = base64.b64encode(b"opensesame").decode()
    for name in ("secret", "hidden"):
        assert "opensesame" not in str(story.first[name])
        assert encoded not in str(story.first[name])
    assert encoded in story.shown["secret"]["outputs"]["data"]["plaintext"]
    assert encoded in story.shown["secret"]["outputs"]["__inputs"]["data"]["plaintext"]
    assert "opensesame" in story.shown["hidden"]["outputs"]["data"]["a"]["plaintext"]


@pytest.mark.conformance("check-autoname", "check-autoname-kept")
def test_s1_an_unnamed_object_gets_another_name_in_the_preview_and_keeps_the_one_of_the_update(story: Story) -> None:
    metadata = story.first["unnamed"]["inputs"]["metadata"]
    prefix, _, digits = metadata["name"].rpartition("-")
    assert (prefix, len(digits)) == ("unnamed", 8)
    previewed = story.previewed.inputs["unnamed"]["metadata"]["name"]
    assert previewed.startswith("unnamed-")
    assert previewed != metadata["name"]
    assert metadata["annotations"] == {"pulumi.com/autonamed": "true"}
    assert set(story.unchanged.operations["unnamed"]) == {"same"}
    order = story.changed.operations["unnamed"]
    assert order.index("create-replacement") < order.index("delete-replaced")
    assert story.second["unnamed"]["inputs"]["metadata"]["name"] != metadata["name"]


@pytest.mark.conformance("diff-inputs")
def test_s5_an_unchanged_program_previews_no_change_whatever_happened_in_the_cluster(story: Story) -> None:
    story.unchanged.check()
    changed = {name: found for name, found in story.unchanged.operations.items() if set(found) != {"same"}}
    assert changed == {}


@pytest.mark.conformance("diff-delete-first", "diff-paths")
def test_s5_a_named_object_is_deleted_before_its_replacement(story: Story) -> None:
    assert story.changed.check().fields["named"] == {
        "data.a": "update-replace",
        "data.b": "add-replace",
        "data.c": "delete-replace",
    }
    order = story.changed.operations["named"]
    assert order.index("delete-replaced") < order.index("create-replacement")


@pytest.mark.conformance("diff-delete-first")
def test_s5_a_renamed_object_is_created_first(story: Story, namespace: str) -> None:
    assert story.changed.fields["renamed"] == {"metadata.name": "update-replace"}
    order = story.changed.operations["renamed"]
    assert order.index("create-replacement") < order.index("delete-replaced")
    assert story.second["renamed"]["id"] == f"{namespace}/renamed-2"


@pytest.mark.conformance("diff-api-version")
def test_s5_another_version_of_a_built_in_kind_is_one_update(story: Story) -> None:
    assert story.changed.operations["scaler"] == ["update"]
    metric = story.second["scaler"]["outputs"]["spec"]["metrics"][0]
    assert metric["resource"]["target"]["averageUtilization"] == 60
    assert story.second["scaler"]["outputs"]["__initialApiVersion"] == "autoscaling/v1"


@pytest.mark.conformance("ignore-other-owner")
def test_s5_an_ignored_path_keeps_the_live_value_of_its_owner(story: Story) -> None:
    assert story.changed.fields["ignoring"] == {"spec.host": "update"}
    assert story.second["ignoring"]["outputs"]["spec"] == {"host": "2", "http": _SPLIT}


@pytest.mark.conformance("read-drift", "read-gone")
def test_s7_refresh_takes_over_drift_and_drops_what_is_gone(story: Story) -> None:
    story.refreshed.check()
    assert story.fourth["drifted"]["inputs"]["data"] == {"a": "9"}
    assert "deleted" in story.third
    assert "deleted" not in story.fourth
    assert story.recreating.operations["deleted"] == ["create"]


@pytest.mark.conformance("delete-retained")
def test_s8_destroy_deletes_all_but_what_is_retained(story: Story) -> None:
    story.destroyed.check()
    assert set(story.left) - {"kube-root-ca.crt"} == {"kept"}


@pytest.mark.conformance("random-password", "random-pet", "random-replace")
def test_s11_random_values(story: Story) -> None:
    password = story.shown["password"]
    assert password["id"] == "none"
    assert len(json.loads(password["outputs"]["result"]["plaintext"])) == 16
    assert password["outputs"]["bcryptHash"]["plaintext"].startswith('"$2a$10$')
    assert story.first["pet"]["id"].count("-") == 1
    assert story.changed.fields["password"] == {"length": "update-replace"}
    order = story.changed.operations["password"]
    assert order.index("create-replacement") < order.index("delete-replaced")


@pytest.mark.conformance("update-conflict")
def test_s6_a_conflict_keeps_init_errors_and_old_inputs(story: Story) -> None:
    story.contested.check(succeeds=False)
    assert "server-side apply field conflict detected" in " ".join(story.contested.messages["fought"])
    state = story.third["fought"]
    assert 'conflict with "argo"' in state["initErrors"][0]
    assert state["inputs"]["spec"] == {"size": 1}
    assert state["outputs"]["__inputs"]["spec"] == {"size": 1}


@pytest.mark.conformance("read-import", "read-import-missing")
def test_s7_import_takes_over_an_object_and_names_one_that_does_not_exist(story: Story, namespace: str) -> None:
    assert f"resource '{namespace}/missing' does not exist" in " ".join(story.contested.messages["missing"])
    assert story.second["there"]["id"] == f"{namespace}/there"
    failed = {name for name in story.contested.messages if name not in ("fought", "missing", "plugins-dev", "")}
    assert failed == set(), f"unexpected messages: {story.contested.text}"
