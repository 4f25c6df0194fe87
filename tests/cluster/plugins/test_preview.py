"""Previews, as the official kubernetes provider does them (§4)."""

import json
from collections.abc import Callable

import pytest

from localcluster.plugins.kubernetes_provider.client import Client
from localcluster.plugins.wire.values import UNKNOWN

from .provider import Failure, Provider
from .recorder import Recorder, kubeconfig_for
from .resources import Resource, config_map, resource, widget

_NOBODY_LISTENS = "http://127.0.0.1:1"


@pytest.mark.conformance("preview-create")
def test_s4_a_create_is_previewed_by_a_dry_run_post(
    recorded_provider: Provider, recorder: Recorder, client: Client, namespace: str
) -> None:
    held = recorded_provider.create(config_map("dry", namespace, {"a": "1"}), preview=True)
    assert [(seen.method, seen.query.get("dryRun")) for seen in recorder.about("dry")] == [("POST", "All")]
    assert held.identifier == ""
    assert held.outputs["metadata"]["uid"]
    assert held.outputs["metadata"]["creationTimestamp"]
    assert "resourceVersion" not in held.outputs["metadata"]
    assert "status" not in held.outputs
    items = client.request("GET", f"/api/v1/namespaces/{namespace}/configmaps")["items"]
    assert "dry" not in [item["metadata"]["name"] for item in items], "the preview created the object"


@pytest.mark.conformance("preview-unknown")
def test_s4_unknown_inputs_send_no_request(recorded_provider: Provider, recorder: Recorder, namespace: str) -> None:
    held = recorded_provider.create(config_map("unknown", namespace, {"a": UNKNOWN}), preview=True)
    assert held.outputs == held.inputs
    assert recorder.about("unknown") == []


@pytest.mark.conformance("preview-silent")
def test_s4_a_409_and_a_missing_namespace_and_crd_are_no_errors(provider: Provider, namespace: str) -> None:
    provider.create(config_map("there", namespace, {"a": "1"}))
    stranger = widget("stranger", namespace, {})
    stranger["type"] = "kubernetes:nowhere.coalmine.dev/v1:Widget"
    stranger["props"]["apiVersion"] = "nowhere.coalmine.dev/v1"
    for item in (config_map("there", namespace, {}), config_map("lost", f"{namespace}-none", {}), stranger):
        held = provider.create(item, preview=True)
        assert held.outputs == held.inputs, f"{item['name']}: a preview that cannot know returns the inputs"


@pytest.mark.conformance("preview-invalid")
def test_s4_a_422_fails_the_preview(provider: Provider, namespace: str) -> None:
    with pytest.raises(Failure, match='ConfigMap "Not_A_Name" is invalid'):
        provider.create(config_map("Not_A_Name", namespace, {}), preview=True)


@pytest.mark.conformance("preview-create")
def test_s4_the_replacement_of_an_immutable_field_is_previewed_although_the_object_is_still_there(
    new_provider: Callable[..., Provider], namespace: str
) -> None:
    def deployment(label: str) -> Resource:
        template = {"metadata": {"labels": {"app": label}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
        spec = {"replicas": 0, "selector": {"matchLabels": {"app": label}}, "template": template}
        annotations = {"pulumi.com/skipAwait": "true"}
        metadata = {"name": "fixed", "namespace": namespace, "annotations": annotations}
        props = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
        return resource("kubernetes:apps/v1:Deployment", "fixed", props)

    upserting = new_provider(upsertExistingObjects="true")
    upserting.create(deployment("one"))
    previewed = upserting.create(deployment("two"), preview=True)
    assert previewed.outputs["spec"]["selector"] == {"matchLabels": {"app": "two"}}


@pytest.mark.conformance("preview-silent", "preview-unreachable")
def test_s4_an_unreachable_server_fails_up_in_one_line_and_no_preview(
    new_provider: Callable[..., Provider], namespace: str
) -> None:
    lonely = new_provider(kubeconfig=json.dumps(kubeconfig_for(_NOBODY_LISTENS)))
    item = config_map("far", namespace, {"a": "1"})
    held = lonely.create(item, preview=True)
    assert held.outputs == held.inputs
    with pytest.raises(Failure) as caught:
        lonely.create(item)
    assert str(caught.value) == (
        f'configured Kubernetes cluster is unreachable: Get "{_NOBODY_LISTENS}/version": connection refused'
    )


@pytest.mark.conformance("preview-update")
def test_s4_an_update_is_previewed_by_get_and_dry_run_apply(
    recorded_provider: Provider, recorder: Recorder, client: Client, namespace: str, widgets: None
) -> None:
    held = recorded_provider.create(widget("w", namespace, {"size": 1}))
    recorder.seen.clear()
    previewed = recorded_provider.update(held, widget("w", namespace, {"size": 2}), preview=True)
    assert [(seen.method, seen.query.get("dryRun")) for seen in recorder.seen] == [("GET", None), ("PATCH", "All")]
    assert previewed.outputs["spec"] == {"size": 2}
    assert client.request("GET", f"/apis/test.coalmine.dev/v1/namespaces/{namespace}/widgets/w")["spec"] == {"size": 1}


@pytest.mark.conformance("preview-unchanged", "diff-inputs")
def test_s4_nothing_is_asked_about_an_unchanged_object_and_drift_is_not_seen(
    recorded_provider: Provider, recorder: Recorder, client: Client, namespace: str, widgets: None
) -> None:
    items = [config_map("same", namespace, {"a": "1"}), widget("same", namespace, {"size": 1})]
    held = [recorded_provider.create(item) for item in items]
    client.request("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/same")
    recorder.seen.clear()
    assert [recorded_provider.diff(one, item).diffs for one, item in zip(held, items, strict=True)] == [[], []]
    assert recorder.seen == []


@pytest.mark.conformance("other-kinds")
@pytest.mark.parametrize(
    "token",
    ["kubernetes:helm.sh/v3:Release", "kubernetes:yaml/v2:ConfigGroup", "kubernetes:core/v1:ConfigMapPatch"],
)
def test_what_the_stand_in_lacks_is_refused_by_name(provider: Provider, token: str) -> None:
    with pytest.raises(Failure) as caught:
        provider.check(resource(token, "refused", {}))
    assert f"{token} is not supported by the bundled Pulumi plug-ins" in str(caught.value)
    assert "PLUGINS=official" in str(caught.value)
