"""Awaits, as the official kubernetes provider does them (§9)."""

import threading
import time
from typing import Any

import pytest

from localcluster.plugins.kubernetes_provider.client import Client

from .provider import Failure, Held, Provider
from .resources import Resource, resource, widget

_MERGE = "application/merge-patch+json"


def _deployment(name: str, namespace: str, node: str = "", **annotations: str) -> Resource:
    """A Deployment; its pods never run where the node does not exist."""
    labels = {"app": name}
    pod: dict[str, Any] = {"containers": [{"name": "app", "image": "example.com/app:1"}]}
    pod |= {"nodeName": node} if node else {}
    spec: dict[str, Any] = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    props = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    return resource("kubernetes:apps/v1:Deployment", name, props)


def _service(name: str, namespace: str, **spec: Any) -> Resource:
    metadata = {"name": name, "namespace": namespace}
    props = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}], **spec}}
    return resource("kubernetes:core/v1:Service", name, props)


def _finish(client: Client, namespace: str, name: str) -> None:
    """Do a controller's work: report the object as done once it exists."""
    path = f"/apis/test.coalmine.dev/v1/namespaces/{namespace}/widgets"
    deadline = time.monotonic() + 20
    while name not in [item["metadata"]["name"] for item in client.request("GET", path)["items"]]:
        assert time.monotonic() < deadline, f"{name} was not created within 20 s"
        time.sleep(0.1)
    status = {"status": {"phase": "Done", "conditions": [{"type": "Ready", "status": "True"}]}}
    client.request("PATCH", f"{path}/{name}", None, status, _MERGE)


@pytest.mark.conformance("state-after-await")
def test_s2_a_deployment_s_outputs_are_read_after_its_await(provider: Provider, namespace: str) -> None:
    held = provider.create(_deployment("runs", namespace), timeout=60)
    assert held.outputs["status"]["availableReplicas"] == 1
    start = time.monotonic()
    provider.create(_service("of-running", namespace, selector={"app": "runs"}), timeout=60)
    assert time.monotonic() - start < 9, "a Service with endpoints need not settle"


@pytest.mark.conformance("await-failure", "await-timeout")
def test_s9_failure_is_stored_with_its_reasons_and_waited_for_again(provider: Provider, namespace: str) -> None:
    item = _deployment("never", namespace, "nowhere")
    with pytest.raises(Failure) as caught:
        provider.create(item, timeout=1)
    text = str(caught.value)
    assert 'resource "urn:pulumi:dev::plugins::kubernetes:apps/v1:Deployment::never" was successfully created' in text
    assert "reported that it failed to fully initialize or become live: timed out after 1 s" in text
    assert caught.value.stored is not None
    assert caught.value.stored["__inputs"]["spec"]["replicas"] == 1
    held = Held(provider.check(item).urn, provider.check(item).inputs, f"{namespace}/never", caught.value.stored)
    with pytest.raises(Failure, match="timed out after 1 s"):
        provider.update(held, item, timeout=1)


@pytest.mark.conformance("await-skip", "await-timeout")
def test_s9_skip_await_and_timeout_annotations(provider: Provider, namespace: str) -> None:
    skipping = _deployment("skipping", namespace, "nowhere", **{"pulumi.com/skipAwait": "true"})
    assert provider.create(skipping).outputs["metadata"]["uid"]
    with pytest.raises(Failure, match="timed out after 1 s"):
        provider.create(_deployment("short", namespace, "nowhere", **{"pulumi.com/timeoutSeconds": "1"}))


@pytest.mark.conformance("await-service")
def test_s9_a_cluster_ip_service_succeeds_after_10_seconds_without_endpoints(
    provider: Provider, namespace: str
) -> None:
    start = time.monotonic()
    provider.create(_service("empty", namespace, selector={"app": "none"}))
    assert 10 <= time.monotonic() - start < 20


@pytest.mark.conformance("await-service")
def test_s9_headless_and_selector_less_services_succeed_at_once(provider: Provider, namespace: str) -> None:
    start = time.monotonic()
    provider.create(_service("headless", namespace, clusterIP="None", selector={"app": "none"}))
    provider.create(_service("bare", namespace))
    assert time.monotonic() - start < 5


@pytest.mark.conformance("await-wait-for")
@pytest.mark.parametrize(
    ("name", "wait_for"),
    [
        ("by-path", "jsonpath={.status.phase}=Done"),
        ("by-condition", "condition=Ready"),
        ("by-both", '["jsonpath={.status.phase}", "condition=Ready"]'),
    ],
)
def test_s9_custom_resources_wait_for_what_their_annotation_says(
    provider: Provider, client: Client, namespace: str, widgets: None, name: str, wait_for: str
) -> None:
    controller = threading.Thread(target=_finish, args=(client, namespace, name))
    controller.start()
    held = provider.create(widget(name, namespace, {}, annotations={"pulumi.com/waitFor": wait_for}), timeout=20)
    controller.join()
    assert held.outputs["status"]["phase"] == "Done"


def test_s9_a_faulty_annotation_fails_before_the_object_exists(
    provider: Provider, client: Client, namespace: str, widgets: None
) -> None:
    item = widget("faulty", namespace, {}, annotations={"pulumi.com/waitFor": "jsonpath=.status"})
    with pytest.raises(Failure, match=r"annotation pulumi.com/waitFor: 'jsonpath=.status' has no expression"):
        provider.create(item)
    items = client.request("GET", f"/apis/test.coalmine.dev/v1/namespaces/{namespace}/widgets")["items"]
    assert "faulty" not in [found["metadata"]["name"] for found in items]
