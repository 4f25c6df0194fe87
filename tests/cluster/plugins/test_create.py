"""State and Create, as the official kubernetes provider has them (§2, §3)."""

import threading
import time
from collections.abc import Callable

import pytest

from localcluster.plugins.kubernetes_provider.client import ApiError, Client
from localcluster.plugins.wire.values import Secret

from .provider import Failure, Provider, shown
from .recorder import Recorder
from .resources import Resource, config_map, resource, widget


@pytest.mark.conformance("create-post", "check-no-label")
def test_s3_create_is_a_post_of_manager_pulumi_kubernetes(
    recorded_provider: Provider, recorder: Recorder, namespace: str
) -> None:
    held = recorded_provider.create(config_map("posted", namespace, {"a": "1"}))
    writes = [seen for seen in recorder.about("posted") if seen.method != "GET"]
    assert [(seen.method, seen.path, seen.query) for seen in writes] == [
        ("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"fieldManager": "pulumi-kubernetes"})
    ]
    assert writes[0].body["metadata"] == {"name": "posted", "namespace": namespace}, "labels or annotations were added"
    [entry] = held.outputs["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("pulumi-kubernetes", "Update")


@pytest.mark.conformance("state-id", "state-inputs", "state-outputs")
def test_s2_state_is_the_live_object_and_the_inputs(provider: Provider, namespace: str) -> None:
    held = provider.create(config_map("stored", namespace, {"a": "1"}))
    metadata = {"name": "stored", "namespace": namespace}
    assert held.identifier == f"{namespace}/stored"
    assert held.inputs == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}
    assert held.outputs["__inputs"] == held.inputs
    assert held.outputs["__initialApiVersion"] == "v1"
    prefix, _, digits = held.outputs["__fieldManager"].rpartition("-")
    assert (prefix, len(digits)) == ("pulumi-kubernetes", 8)
    assert held.outputs["metadata"]["uid"]


@pytest.mark.conformance("state-secret", "check-secret")
def test_s2_secret_data_is_secret_in_inputs_and_outputs(provider: Provider, namespace: str) -> None:
    metadata = {"name": "s", "namespace": namespace}
    props = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": "opensesame"}}
    held = provider.create(resource("kubernetes:core/v1:Secret", "s", props))
    for part in (held.inputs, held.outputs, held.outputs["__inputs"]):
        assert "stringData" not in part
        assert isinstance(part["data"], Secret)
        assert shown(part["data"]) == {"password": "b3BlbnNlc2FtZQ=="}


@pytest.mark.conformance("state-post-reply", "await-custom")
def test_s2_custom_resource_outputs_are_the_reply_of_the_post(
    recorded_provider: Provider, recorder: Recorder, namespace: str, widgets: None
) -> None:
    held = recorded_provider.create(widget("custom", namespace, {"size": 1}))
    assert "status" not in held.outputs
    assert [seen.method for seen in recorder.about("custom")] == ["POST"], "a custom resource was read or awaited"


@pytest.mark.conformance("create-error")
def test_s3_refusal_names_the_urn(provider: Provider, namespace: str) -> None:
    with pytest.raises(Failure) as caught:
        provider.create(config_map("Not_A_Name", namespace, {}))
    assert str(caught.value).startswith(
        'resource "urn:pulumi:dev::plugins::kubernetes:core/v1:ConfigMap::Not_A_Name" was not successfully created by '
        'the Kubernetes API server: ConfigMap "Not_A_Name" is invalid'
    )
    assert caught.value.stored is None


@pytest.mark.conformance("check-misfit")
def test_s1_a_value_of_the_wrong_type_is_for_the_api_server_to_refuse(
    recorded_provider: Provider, recorder: Recorder, namespace: str
) -> None:
    item = config_map("misfit", namespace, {"a": {"b": 1}})
    with pytest.raises(Failure, match=r"ConfigMap.*cannot unmarshal|unmarshal.*ConfigMap|cannot be handled"):
        recorded_provider.create(item)
    assert [seen.body["data"] for seen in recorder.about("misfit") if seen.method == "POST"] == [{"a": {"b": 1}}]


@pytest.mark.conformance("create-exists")
def test_s3_an_object_that_exists_is_an_error(provider: Provider, namespace: str) -> None:
    provider.create(config_map("there", namespace, {"a": "1"}))
    with pytest.raises(Failure, match='configmaps "there" already exists'):
        provider.create(config_map("there", namespace, {"a": "1"}))


@pytest.mark.conformance("diff-api-version-custom")
def test_s5_another_version_of_a_custom_resource_is_another_object_that_exists(
    provider: Provider, namespace: str, widgets: None
) -> None:
    older, newer = (widget("versioned", namespace, {"size": 1}) for _ in range(2))
    newer["type"] = "kubernetes:test.coalmine.dev/v2:Widget"
    newer["props"]["apiVersion"] = "test.coalmine.dev/v2"
    assert provider.create(older).urn != provider.check(newer).urn
    with pytest.raises(Failure, match='"versioned" already exists'):
        provider.create(newer)


def test_objects_may_be_nested_as_deeply_as_the_schema_of_a_crd(
    provider: Provider, namespace: str, widgets: None
) -> None:
    spec: dict[str, object] = {}
    for _ in range(60):
        spec = {"properties": spec}
    assert provider.create(widget("deep", namespace, spec)).outputs["spec"] == spec


@pytest.mark.conformance("create-upsert")
def test_s3_upsert_applies_to_an_object_that_exists(
    new_provider: Callable[..., Provider], recorder: Recorder, client: Client, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    client.request("POST", path, body={"metadata": {"name": "adopted"}, "data": {"other": "kept"}})
    upserting = new_provider(kubeconfig=str(recorder.kubeconfig), upsertExistingObjects="true")
    upserting.create(config_map("adopted", namespace, {"a": "1"}))
    assert client.request("GET", f"{path}/adopted")["data"] == {"a": "1", "other": "kept"}
    writes = [seen for seen in recorder.about("adopted") if seen.method != "GET"]
    assert [(seen.method, seen.content_type) for seen in writes] == [("PATCH", "application/apply-patch+yaml")]


@pytest.mark.conformance("create-upsert")
def test_s3_upsert_does_not_take_a_field_from_another_manager(
    new_provider: Callable[..., Provider], client: Client, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    body = {"metadata": {"name": "contested"}, "data": {"a": "theirs"}}
    client.request("POST", path, {"fieldManager": "somebody"}, body)
    upserting = new_provider(upsertExistingObjects="true")
    with pytest.raises(
        Failure, match=r'field conflict detected(.|\n)*conflict with "somebody"[^:]*: \.data\.a'
    ) as caught:
        upserting.create(config_map("contested", namespace, {"a": "ours"}))
    assert caught.value.stored is None
    assert client.request("GET", f"{path}/contested")["data"] == {"a": "theirs"}


@pytest.mark.conformance("create-upsert")
def test_s3_an_object_that_a_dead_run_made_is_taken_over_for_good_by_a_manager_of_the_same_name(
    new_provider: Callable[..., Provider], client: Client, namespace: str
) -> None:
    """The annotation patchFieldManager: with a random name, the dead run would keep its fields for ever."""
    path = f"/api/v1/namespaces/{namespace}/configmaps/orphan"
    annotations = {"pulumi.com/patchFieldManager": "pulumi-kubernetes-one"}

    def described(**data: str) -> Resource:
        item = config_map("orphan", namespace, data)
        item["props"]["metadata"]["annotations"] = annotations
        return item

    upserting = new_provider(upsertExistingObjects="true", enableConfigMapMutable="true")
    upserting.create(described(a="1", gone="1"))
    held = upserting.create(described(a="2"))
    assert held.outputs["__fieldManager"] == "pulumi-kubernetes-one"
    assert client.request("GET", path)["data"] == {"a": "2"}, "what the dead run wrote is still owned by it"
    upserting.update(held, described(a="3"))
    live = client.request("GET", path)
    assert live["data"] == {"a": "3"}
    assert [entry["manager"] for entry in live["metadata"]["managedFields"]] == ["pulumi-kubernetes-one"]


@pytest.mark.conformance("create-late-namespace")
def test_s3_create_waits_for_a_namespace_that_comes_later(provider: Provider, client: Client, namespace: str) -> None:
    late = f"{namespace}-late"
    request = ("POST", "/api/v1/namespaces"), {"body": {"metadata": {"name": late}}}
    create_namespace = threading.Timer(1, client.request, *request)
    create_namespace.start()
    held = provider.create(config_map("patient", late, {"a": "1"}))
    create_namespace.join()
    assert held.outputs["metadata"]["uid"]
    client.request("DELETE", f"/api/v1/namespaces/{late}")


@pytest.mark.conformance("create-admission")
def test_s3_an_admission_policy_denial_is_reported_at_once(provider: Provider, client: Client, namespace: str) -> None:
    root = "/apis/admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["serviceaccounts"]}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    policy = {
        "metadata": {"name": namespace},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule], "namespaceSelector": selector},
            "validations": [{"expression": "false", "message": "no accounts here"}],
        },
    }
    binding = {"metadata": {"name": namespace}, "spec": {"policyName": namespace, "validationActions": ["Deny"]}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "denied", "namespace": namespace}}
    client.request("POST", f"{root}/validatingadmissionpolicies", body=policy)
    client.request("POST", f"{root}/validatingadmissionpolicybindings", body=binding)
    try:
        _await_denial(client, namespace)
        with pytest.raises(Failure) as caught:
            provider.create(resource("kubernetes:core/v1:ServiceAccount", "denied", account))
    finally:
        client.request("DELETE", f"{root}/validatingadmissionpolicybindings/{namespace}")
        client.request("DELETE", f"{root}/validatingadmissionpolicies/{namespace}")
    assert "was not successfully created by the Kubernetes API server" in str(caught.value)
    assert "no accounts here" in str(caught.value)


def _await_denial(client: Client, namespace: str) -> None:
    """Return when the API server enforces the policy, which it compiles in its own time."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    deadline = time.monotonic() + 30
    while True:
        try:
            client.request("POST", path, {"dryRun": "All"}, {"metadata": {"name": "probe"}})
        except ApiError as error:
            if error.code == 422:
                return
            raise
        assert time.monotonic() < deadline, "the admission policy was not enforced within 30 s"
        time.sleep(0.1)
