"""What an upgrade of the bundle changes, object by object and field by field."""

from dataclasses import replace
from typing import Any

from components import bundles
from components.platform.bundle import bundle
from components.platform.changes import Changed, Definition, Version, definitions, objects, versions


def deployment(image: str, replicas: int = 1) -> dict[str, Any]:
    """A Deployment with one container."""
    pod = {"spec": {"containers": [{"name": "server", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "server", "namespace": "tools"},
        "spec": {"replicas": replicas, "template": pod},
    }


def definition(**served: dict[str, Any]) -> dict[str, Any]:
    """A definition whose versions have these properties."""
    listed = [
        {"name": name, "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}}}
        for name, properties in served.items()
    ]
    meta = {"name": "things.example.com"}
    return {"kind": "CustomResourceDefinition", "metadata": meta, "spec": {"versions": listed}}


def test_only_versions_that_differ_are_told() -> None:
    newest = bundle(bundles.NEWEST)
    old = replace(newest, images={**newest.images, "docker.io/grafana/grafana": "1.0.0", "example.com/gone": "1.1.1"})
    tag = newest.images["docker.io/grafana/grafana"]
    assert versions(old, newest) == [
        Version("docker.io/grafana/grafana", "1.0.0", tag),
        Version("example.com/gone", "1.1.1", ""),
    ]
    assert versions(newest, newest) == []


def test_a_changed_object_says_which_field_and_what_it_was() -> None:
    old, new = {"tools": [deployment("server:1")]}, {"tools": [deployment("server:2")]}
    path = "spec.template.spec.containers[0].image"
    expected = Changed("tools", "Deployment", "tools", "server", "changed", ((path, "server:1", "server:2"),))
    assert objects(old, new) == [expected]
    assert objects(old, old) == []


def test_objects_that_come_and_go_are_told_without_their_fields() -> None:
    one = {"tools": [deployment("server:1")]}
    assert [found.change for found in objects({}, one)] == ["added"]
    assert [found.change for found in objects(one, {})] == ["removed"]
    assert objects(one, {})[0].fields == ()


def test_definitions_tell_versions_and_fields_and_are_no_objects() -> None:
    old = definition(v1={"size": {"type": "string"}, "gone": {"type": "string"}}, v1alpha1={})
    rules = {"type": "array", "items": {"properties": {"path": {"type": "string"}}}}
    extra = {"additionalProperties": {"properties": {"unit": {"type": "string"}}}}
    new = definition(v1={"size": {"type": "string"}, "rules": rules, "extra": extra}, v2={})
    before, after = {"tools": [old]}, {"tools": [new]}
    fields = ("-v1 gone", "+v1 extra", "+v1 extra.*.unit", "+v1 rules", "+v1 rules[].path")
    expected = Definition("things.example.com", "changed", ("-v1alpha1", "+v2"), fields)
    assert definitions(before, after) == [expected]
    assert objects(before, after) == []
    assert definitions(before, before) == []
    assert definitions({}, after) == [Definition("things.example.com", "added", ("+v1", "+v2"))]


def test_long_values_are_told_by_their_length() -> None:
    old, new = ({"t": [{"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "x" * n}}]} for n in (100, 101))
    assert objects(old, new)[0].fields == (("data.k", "100 characters", "101 characters"),)
