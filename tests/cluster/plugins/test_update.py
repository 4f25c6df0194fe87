"""Update and ignoreChanges, as the official kubernetes provider does them (§5, §6)."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from localcluster.plugins.kubernetes_provider.client import Client

from .provider import Failure, Provider
from .recorder import Recorder
from .resources import Resource, config_map, resource, widget, widget_crd

_MERGE = "application/merge-patch+json"
_SPLIT = [{"route": [{"weight": 80}, {"weight": 20}]}]
_STABLE = [{"route": [{"weight": 100}, {"weight": 0}]}]


def _path(namespace: str, name: str) -> str:
    return f"/apis/test.coalmine.dev/v1/namespaces/{namespace}/widgets/{name}"


def _rewrite(client: Client, namespace: str, name: str, spec: dict[str, Any]) -> None:
    """Change the live object as the controller `argo` would."""
    client.request("PATCH", _path(namespace, name), {"fieldManager": "argo"}, {"spec": spec}, _MERGE)


def _routed(name: str, namespace: str, host: str, annotations: dict[str, str] | None = None) -> Resource:
    spec = {"host": host, "http": _STABLE, "replicas": 1}
    return widget(name, namespace, spec, **({"annotations": annotations} if annotations else {}))


@pytest.mark.conformance("update-apply")
def test_s6_an_update_is_get_and_apply_of_the_full_inputs(
    recorded_provider: Provider, recorder: Recorder, namespace: str, widgets: None
) -> None:
    held = recorded_provider.create(_routed("full", namespace, "a"))
    held = recorded_provider.update(held, _routed("full", namespace, "b"))
    recorder.seen.clear()
    held = recorded_provider.update(held, _routed("full", namespace, "c"))
    manager = held.outputs["__fieldManager"]
    assert [(seen.method, seen.query) for seen in recorder.seen] == [
        ("GET", {}),
        ("PATCH", {"fieldManager": manager, "force": "false"}),
    ]
    assert recorder.seen[-1].content_type == "application/apply-patch+yaml"
    assert recorder.seen[-1].body == held.inputs
    entries = held.outputs["metadata"]["managedFields"]
    assert [(entry["manager"], entry["operation"]) for entry in entries] == [(manager, "Apply")]


def test_s6_a_removed_field_goes_although_a_post_set_it(
    provider: Provider, client: Client, namespace: str, widgets: None
) -> None:
    held = provider.create(widget("less", namespace, {"host": "a", "extra": True}))
    provider.update(held, widget("less", namespace, {"host": "a"}))
    assert client.request("GET", _path(namespace, "less"))["spec"] == {"host": "a"}


@pytest.mark.conformance("update-conflict")
def test_s6_a_conflict_names_the_manager_and_keeps_the_old_inputs(
    provider: Provider, client: Client, namespace: str, widgets: None
) -> None:
    held = provider.create(_routed("fought", namespace, "a"))
    _rewrite(client, namespace, "fought", {"http": _SPLIT})
    changed = widget("fought", namespace, {"host": "a", "http": [{"route": [{"weight": 50}]}], "replicas": 1})
    with pytest.raises(Failure) as caught:
        provider.update(held, changed)
    text = str(caught.value)
    assert f'"{namespace}/fought" failed to fully initialize or become live' in text
    assert "server-side apply field conflict detected" in text
    assert 'conflict with "argo" using test.coalmine.dev/v1: .spec.http' in text
    assert caught.value.reasons == [text]
    assert caught.value.stored is not None
    assert caught.value.stored["__inputs"] == held.inputs
    # After the first update the create's ownership is gone, and a preview meets the conflict too.
    with pytest.raises(Failure, match='conflict with "argo"'):
        provider.update(held, changed, preview=True)


@pytest.mark.conformance("preview-after-create")
def test_s4_right_after_a_create_a_preview_is_clean_where_up_meets_a_conflict(
    provider: Provider, client: Client, namespace: str, widgets: None
) -> None:
    held = provider.create(_routed("fresh", namespace, "a"))
    _rewrite(client, namespace, "fresh", {"http": _SPLIT})
    changed = widget("fresh", namespace, {"host": "a", "http": [], "replicas": 1})
    assert provider.update(held, changed, preview=True).outputs["spec"]["http"] == []
    with pytest.raises(Failure, match='conflict with "argo"'):
        provider.update(held, changed)


@pytest.mark.conformance("diff-custom")
def test_s5_an_immutable_field_of_a_custom_resource_is_for_the_api_server_to_refuse(
    provider: Provider, namespace: str, widgets: None
) -> None:
    held = provider.create(widget("fixed", namespace, {"fixed": "a"}))
    changed = widget("fixed", namespace, {"fixed": "b"})
    found = provider.diff(held, changed)
    assert (list(found.diffs), list(found.replaces)) == (["spec"], [])
    with pytest.raises(Failure, match="field is immutable"):
        provider.update(held, changed)


@pytest.mark.conformance("update-force")
def test_s6_patch_force_takes_the_field(provider: Provider, client: Client, namespace: str, widgets: None) -> None:
    held = provider.create(_routed("forced", namespace, "a"))
    _rewrite(client, namespace, "forced", {"http": _SPLIT})
    provider.update(held, _routed("forced", namespace, "a", {"pulumi.com/patchForce": "true"}))
    assert client.request("GET", _path(namespace, "forced"))["spec"]["http"] == _STABLE


@pytest.mark.conformance("beyond-force")
def test_the_provider_s_own_switch_takes_every_field(
    new_provider: Callable[..., Provider], client: Client, namespace: str, widgets: None
) -> None:
    forcing = new_provider(enablePatchForce="true")
    held = forcing.create(_routed("switched", namespace, "a"))
    _rewrite(client, namespace, "switched", {"http": _SPLIT})
    forcing.update(held, _routed("switched", namespace, "a"))
    assert client.request("GET", _path(namespace, "switched"))["spec"]["http"] == _STABLE


@pytest.mark.conformance("beyond-crd", "beyond-await")
def test_a_crd_is_replaced_and_what_the_program_no_longer_has_goes(
    recorded_provider: Provider, recorder: Recorder, client: Client, widgets: None
) -> None:
    crd = widget_crd()
    crd["metadata"]["name"] = "gizmos.test.coalmine.dev"
    crd["spec"]["names"] = {"kind": "Gizmo", "listKind": "GizmoList", "plural": "gizmos", "singular": "gizmo"}
    item = resource("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "gizmos", crd)
    held = recorded_provider.create(item)
    root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gizmos.test.coalmine.dev"
    try:
        assert client.request("GET", "/apis/test.coalmine.dev/v1/gizmos", {"limit": "1"})["items"] == []
        changed = copy.deepcopy(item)
        changed["props"]["spec"]["versions"].pop()
        recorder.seen.clear()
        recorded_provider.update(held, changed)
        assert [seen.method for seen in recorder.seen if seen.path == root][:2] == ["GET", "PUT"]
        assert [one["name"] for one in client.request("GET", root)["spec"]["versions"]] == ["v1"]
    finally:
        client.request("DELETE", root)


@pytest.mark.conformance("update-absent")
def test_s6_an_absent_object_fails_the_update(provider: Provider, client: Client, namespace: str) -> None:
    held = provider.create(config_map("gone", namespace, {"a": "1"}))
    client.request("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/gone")
    with pytest.raises(Failure) as caught:
        provider.update(held, config_map("gone", namespace, {"a": "1"}))
    assert str(caught.value) == f'update of resource "{held.urn}" failed: configmaps "gone" not found'


@pytest.mark.conformance("ignore-other-owner")
@pytest.mark.parametrize(("path", "field"), [("spec.http", "http"), ("spec.replicas", "replicas")])
def test_s5_an_ignored_path_of_another_owner_is_not_sent_and_stays(
    recorded_provider: Provider,
    recorder: Recorder,
    client: Client,
    namespace: str,
    widgets: None,
    path: str,
    field: str,
) -> None:
    name = f"ignored-{field}"
    held = recorded_provider.create(_routed(name, namespace, "a"))
    live = {"http": _SPLIT, "replicas": 5}[field]
    _rewrite(client, namespace, name, {field: live})
    recorder.seen.clear()
    recorded_provider.update(held, _routed(name, namespace, "b"), ignored=[path])
    sent = recorder.seen[-1].body["spec"]
    assert field not in sent
    assert sent["host"] == "b"
    spec = client.request("GET", _path(namespace, name))["spec"]
    assert (spec["host"], spec[field]) == ("b", live)


@pytest.mark.conformance("ignore-inside-list")
@pytest.mark.parametrize("path", ["spec.http[0].route[0].weight", "spec.http[*].route[*].weight"])
def test_s5_an_ignored_path_inside_an_atomic_list_is_sent_and_conflicts(
    provider: Provider, client: Client, namespace: str, widgets: None, path: str
) -> None:
    name = "atomic-star" if "*" in path else "atomic"
    held = provider.create(_routed(name, namespace, "a"))
    _rewrite(client, namespace, name, {"http": _SPLIT})
    with pytest.raises(Failure, match=r'conflict with "argo" using test.coalmine.dev/v1: .spec.http'):
        provider.update(held, _routed(name, namespace, "b"), ignored=[path])
    forced = _routed(name, namespace, "b", {"pulumi.com/patchForce": "true"})
    provider.update(held, forced, ignored=[path])
    assert client.request("GET", _path(namespace, name))["spec"]["http"] == _STABLE, "patchForce overwrites"


@pytest.mark.conformance("ignore-sole-owner")
def test_s5_an_ignored_path_of_the_only_owner_is_sent_with_its_old_value(
    recorded_provider: Provider, recorder: Recorder, namespace: str, widgets: None
) -> None:
    held = recorded_provider.create(_routed("sole", namespace, "a"))
    recorder.seen.clear()
    recorded_provider.update(held, _routed("sole", namespace, "b"), ignored=["spec.replicas"])
    assert recorder.seen[-1].body["spec"] == {"host": "b", "http": _STABLE, "replicas": 1}
