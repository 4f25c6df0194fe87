"""Who owns which field, and what the kubernetes provider sends of ignored paths (§5, §6)."""

from typing import Any

import pytest

from localcluster.plugins.kubernetes_provider.ownership import adopted_entries, apply_ignore_rule, is_created_here
from localcluster.plugins.kubernetes_provider.read import prune, without_server_fields

_OURS = "pulumi-kubernetes-12345678"


def _entry(manager: str, operation: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def _live(spec: dict[str, Any], *entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"managedFields": list(entries)}, "spec": spec}


_HTTP_OF_ARGO = _entry("argo", "Update", {"f:spec": {"f:http": {}}})
_HTTP_OF_US = _entry(_OURS, "Apply", {"f:spec": {"f:http": {}, "f:host": {}}})


def _sent(live: dict[str, Any], *ignored: str) -> Any:
    inputs = {"spec": {"http": [{"weight": 100}], "host": "new"}}
    result = apply_ignore_rule(inputs, live, _OURS, ignored)
    assert inputs == {"spec": {"http": [{"weight": 100}], "host": "new"}}, "the inputs were changed in place"
    return result["spec"]


@pytest.mark.conformance("ignore-other-owner")
def test_s5_a_path_of_another_manager_alone_is_dropped() -> None:
    assert _sent(_live({"http": [{"weight": 80}]}, _HTTP_OF_ARGO), "spec.http") == {"host": "new"}


@pytest.mark.conformance("ignore-sole-owner")
def test_s5_a_path_of_ours_alone_keeps_the_engine_s_value() -> None:
    live = _live({"http": [{"weight": 80}]}, _HTTP_OF_US)
    assert _sent(live, "spec.http") == {"http": [{"weight": 100}], "host": "new"}


def test_s5_a_shared_path_takes_the_live_value() -> None:
    live = _live({"http": [{"weight": 80}]}, _HTTP_OF_US, _HTTP_OF_ARGO)
    assert _sent(live, "spec.http") == {"http": [{"weight": 80}], "host": "new"}


@pytest.mark.conformance("ignore-inside-list")
@pytest.mark.parametrize("path", ["spec.http[0].weight", "spec.http[*].weight", 'spec["http"]', "spec.other"])
def test_s5_paths_with_an_index_a_wildcard_or_a_quoted_key_are_sent_as_they_are(path: str) -> None:
    assert _sent(_live({"http": [{"weight": 80}]}, _HTTP_OF_ARGO), path) == {"http": [{"weight": 100}], "host": "new"}


def test_s6_what_the_create_wrote_becomes_the_resource_s_own() -> None:
    created = _entry("pulumi-kubernetes", "Update", {"f:spec": {"f:host": {}}}, apiVersion="v1", time="t")
    status = _entry("pulumi-kubernetes", "Update", {"f:status": {}}, subresource="status")
    assert is_created_here(_live({}, created))
    assert adopted_entries(_live({}, created, _HTTP_OF_ARGO, status), _OURS) == [
        _entry(_OURS, "Apply", {"f:spec": {"f:host": {}}}, apiVersion="v1", time="t"),
        _HTTP_OF_ARGO,
        status,
    ]


def test_s6_adoption_adds_to_what_the_resource_owns_and_is_done_once() -> None:
    kubectl = _entry("kubectl", "Apply", {"f:spec": {"f:extra": {}}})
    assert adopted_entries(_live({}, _HTTP_OF_US, kubectl), _OURS) == [
        _entry(_OURS, "Apply", {"f:spec": {"f:extra": {}, "f:host": {}, "f:http": {}}})
    ]
    assert adopted_entries(_live({}, _HTTP_OF_US, _HTTP_OF_ARGO), _OURS) is None


@pytest.mark.conformance("read-drift")
def test_s7_refresh_keeps_to_the_keys_of_the_inputs() -> None:
    like = {"spec": {"replicas": 1, "containers": [{"name": "a", "image": "1"}], "gone": 1}}
    container = {"name": "a", "image": "2", "terminationMessagePath": "/dev/log"}
    live = {"spec": {"replicas": 5, "containers": [container, {"name": "injected"}], "defaulted": 1}, "status": {}}
    assert prune(live, like) == {
        "spec": {"replicas": 5, "containers": [{"name": "a", "image": "2"}, {"name": "injected"}]}
    }


@pytest.mark.conformance("read-import")
def test_s7_an_import_has_no_server_fields() -> None:
    metadata = {"name": "a", "labels": {"b": "c"}, "uid": "u", "resourceVersion": "1", "creationTimestamp": "t"}
    live = {"kind": "K", "metadata": metadata | {"managedFields": [], "generation": 1}, "spec": {}, "status": {}}
    assert without_server_fields(live) == {
        "kind": "K",
        "metadata": {"name": "a", "labels": {"b": "c"}},
        "spec": {},
    }
