"""Read and Delete, as the official kubernetes provider does them (§7, §8)."""

import json
from collections.abc import Callable, Iterator

import pytest

from localcluster.plugins.kubernetes_provider.client import Client

from .provider import Failure, Held, Provider
from .recorder import Recorder, kubeconfig_for
from .resources import config_map, resource, widget

_MERGE = "application/merge-patch+json"
_FINALIZER = "test.coalmine.dev/hold"
_UNREACHABLE = json.dumps(kubeconfig_for("http://127.0.0.1:1"))


def _config_map_path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps/{name}"


@pytest.mark.conformance("read-drift")
def test_s7_drift_enters_the_inputs_for_keys_already_there(provider: Provider, client: Client, namespace: str) -> None:
    held = provider.create(config_map("drifted", namespace, {"a": "1"}))
    change = {"data": {"a": "9", "b": "new"}, "metadata": {"labels": {"by": "hand"}}}
    client.request("PATCH", _config_map_path(namespace, "drifted"), None, change, _MERGE)
    found = provider.read(held)
    assert found is not None
    assert found.inputs["data"] == {"a": "9"}
    assert "labels" not in found.inputs["metadata"]
    assert found.outputs["data"] == {"a": "9", "b": "new"}
    assert found.outputs["__inputs"] == found.inputs
    assert found.outputs["__fieldManager"] == held.outputs["__fieldManager"]


def test_s7_a_deleted_object_leaves_the_state(provider: Provider, client: Client, namespace: str) -> None:
    held = provider.create(config_map("removed", namespace, {"a": "1"}))
    client.request("DELETE", _config_map_path(namespace, "removed"))
    assert provider.read(held) is None


def test_s7_an_import_is_the_live_object_without_server_fields(provider: Provider, namespace: str) -> None:
    spec = {"clusterIP": "None", "ports": [{"port": 80}]}
    metadata = {"name": "imported", "namespace": namespace}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
    held = provider.create(resource("kubernetes:core/v1:Service", "imported", service))
    found = provider.read(Held(held.urn, {}, held.identifier))
    assert found is not None
    assert found.inputs["metadata"] == metadata
    assert found.inputs["spec"]["sessionAffinity"] == "None", "defaults of the server are part of an import"
    assert "status" not in found.inputs
    assert provider.read(Held(held.urn, {}, f"{namespace}/nothing")) is None


@pytest.mark.conformance("read-unreachable")
def test_s7_an_unreachable_refresh_fails_and_names_the_way_out(
    provider: Provider, new_provider: Callable[..., Provider], namespace: str
) -> None:
    held = provider.create(config_map("far", namespace, {"a": "1"}))
    with pytest.raises(Failure, match=r"unreachable.*PULUMI_K8S_DELETE_UNREACHABLE"):
        new_provider(kubeconfig=_UNREACHABLE).read(held)
    with pytest.raises(Failure, match=r"configured Kubernetes cluster is unreachable.*PULUMI_K8S_DELETE_UNREACHABLE"):
        new_provider(kubeconfig=_UNREACHABLE).delete(held)
    assert new_provider(kubeconfig=_UNREACHABLE, deleteUnreachable="true").read(held) is None


@pytest.mark.conformance("beyond-unreachable")
def test_objects_of_a_cluster_that_is_gone_are_forgotten_or_left_as_they_are(
    provider: Provider, new_provider: Callable[..., Provider], client: Client, namespace: str
) -> None:
    held = provider.create(config_map("unreached", namespace, {"a": "1"}))
    forgetting = new_provider(kubeconfig=_UNREACHABLE, deleteUnreachable="true")
    assert forgetting.read(held) is None
    forgetting.delete(held)
    skipping = new_provider(kubeconfig=_UNREACHABLE, skipUpdateUnreachable="true")
    changed = config_map("unreached", namespace, {"a": "2"})
    assert skipping.update(held, changed).outputs == held.outputs
    with pytest.raises(Failure, match="configured Kubernetes cluster is unreachable"):
        new_provider(kubeconfig=_UNREACHABLE).update(held, changed)
    assert client.request("GET", _config_map_path(namespace, "unreached"))["data"] == {"a": "1"}


@pytest.mark.conformance("beyond-propagation")
def test_an_annotation_says_how_dependents_are_deleted(
    recorded_provider: Provider, recorder: Recorder, namespace: str
) -> None:
    item = config_map("orphaning", namespace, {"a": "1"})
    item["props"]["metadata"]["annotations"] = {"pulumi.com/deletionPropagationPolicy": "orphan"}
    held = recorded_provider.create(item)
    recorder.seen.clear()
    recorded_provider.delete(held)
    assert recorder.seen[0].body["propagationPolicy"] == "Orphan"
    item["props"]["metadata"]["annotations"] = {"pulumi.com/deletionPropagationPolicy": "sometimes"}
    wrong = recorded_provider.create(item)
    with pytest.raises(Failure, match="'sometimes' is none of background, foreground, orphan"):
        recorded_provider.delete(wrong)


@pytest.mark.conformance("delete-foreground", "delete-absent")
def test_s8_deletion_is_in_the_foreground_and_404_is_success(
    recorded_provider: Provider, recorder: Recorder, namespace: str
) -> None:
    held = recorded_provider.create(config_map("deleted", namespace, {"a": "1"}))
    recorder.seen.clear()
    recorded_provider.delete(held)
    assert recorder.seen[0].method == "DELETE"
    assert recorder.seen[0].body["propagationPolicy"] == "Foreground"
    recorded_provider.delete(held)


@pytest.fixture
def held_back(provider: Provider, client: Client, namespace: str, widgets: None) -> Iterator[Held]:
    """A custom resource with a finalizer that nobody handles."""
    item = widget("stuck", namespace, {"size": 1})
    item["props"]["metadata"]["finalizers"] = [_FINALIZER]
    yield provider.create(item)
    path = f"/apis/test.coalmine.dev/v1/namespaces/{namespace}/widgets/stuck"
    client.request("PATCH", path, None, {"metadata": {"finalizers": None}}, _MERGE)


@pytest.mark.conformance("delete-finalizer")
def test_s8_a_finalizer_is_waited_for_and_named(provider: Provider, held_back: Held) -> None:
    with pytest.raises(Failure) as caught:
        provider.delete(held_back, timeout=1)
    assert "timed out after 1 s" in str(caught.value)
    assert "finalizers might be preventing deletion" in str(caught.value)
    assert _FINALIZER in str(caught.value)
