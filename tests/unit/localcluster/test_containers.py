"""A container's environment and arguments are worked out as a kubelet does."""

from collections.abc import Mapping

import pytest

from localcluster.agent.containers import ContainerError, expand, field_of, launch_of, resource_of
from localcluster.api import Object

from .pods import rollout_pod

DATA: dict[tuple[str, str], Mapping[str, str]] = {
    ("ConfigMap", "settings"): {"level": "debug"},
    ("Secret", "keys"): {"token": "s3cret"},
}


def data(kind: str, name: str) -> Mapping[str, str] | None:
    """What the cluster holds."""
    return DATA.get((kind, name))


def pod_with(container: Object) -> Object:
    """A pod of a program."""
    pod = rollout_pod(istio="ingress")
    pod["spec"]["containers"] = [{"name": "side", "image": "sidecar:1"}, {"image": "istio/pilot:1", **container}]
    return pod


def test_the_environment_comes_from_every_source_in_order() -> None:
    container = {
        "envFrom": [{"prefix": "CFG_", "configMapRef": {"name": "settings"}}],
        "env": [
            {"name": "PLAIN", "value": "yes"},
            {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "ROLE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['istio']"}}},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
            {"name": "MAYBE", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "x", "optional": True}}},
            {"name": "BOTH", "value": "$(PLAIN)-$(CFG_level)"},
        ],
    }
    found = launch_of(pod_with(container), "10.0.0.1", data).environment
    assert found["CFG_level"] == "debug"
    assert found["PLAIN"] == "yes"
    assert found["NAME"] == "shop-6b9f8c7d5-abcde"
    assert found["ADDRESS"] == "10.0.0.1"
    assert found["ROLE"] == "ingress"
    assert found["TOKEN"] == "s3cret"
    assert found["BOTH"] == "yes-debug"
    assert "MAYBE" not in found
    assert found["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"


def test_arguments_are_filled_in_from_the_environment() -> None:
    container = {
        "env": [{"name": "LEVEL", "value": "warn"}],
        "args": ["--level=$(LEVEL)", "--raw=$$(LEVEL)", "$(GONE)"],
    }
    assert launch_of(pod_with(container), "", data).arguments == ("--level=warn", "--raw=$(LEVEL)", "$(GONE)")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"secretKeyRef": {"name": "keys", "key": "other"}}, "Secret 'keys' has no key 'other'"),
        ({"configMapKeyRef": {"name": "none", "key": "x"}}, "ConfigMap 'none' has no key 'x'"),
        ({"fieldRef": {"fieldPath": "spec.colour"}}, "field 'spec.colour' is not one of the downward API"),
    ],
)
def test_what_is_missing_is_named(source: Object, text: str) -> None:
    container = {"env": [{"name": "X", "valueFrom": source}]}
    with pytest.raises(ContainerError) as caught:
        launch_of(pod_with(container), "", data)
    assert str(caught.value) == text


def test_all_labels_are_given_in_the_form_of_the_downward_api() -> None:
    pod = rollout_pod(b="2", a="1")
    assert field_of(pod, "metadata.labels", "") == 'a="1"\nb="2"\nrollouts-pod-template-hash="6b9f8c7d5"\n'


@pytest.mark.parametrize(
    ("limit", "resource", "divisor", "expected"),
    [
        ("1500m", "limits.cpu", "1", "2"),
        ("1500m", "limits.cpu", "1m", "1500"),
        ("512Mi", "limits.memory", "1", str(512 * 2**20)),
        ("1G", "limits.memory", "1Mi", "954"),
    ],
)
def test_resource_fields_are_rounded_up(limit: str, resource: str, divisor: str, expected: str) -> None:
    container = {"resources": {"limits": {resource.partition(".")[2]: limit}}}
    assert resource_of(container, resource, divisor) == expected


def test_a_reference_to_itself_stays_as_it_is() -> None:
    assert expand("$(A)", {}) == "$(A)"
