"""Resources that the tests declare."""

from typing import Any

Resource = dict[str, Any]


def resource(token: str, name: str, props: dict[str, Any], **options: Any) -> Resource:
    """A resource of the test program."""
    return {"type": token, "name": name, "props": props, "options": options}


def config_map(name: str, namespace: str, data: dict[str, Any], **options: Any) -> Resource:
    """A ConfigMap called like its resource."""
    props = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}
    return resource("kubernetes:core/v1:ConfigMap", name, props, **options)


def widget(name: str, namespace: str, spec: dict[str, Any], **options: Any) -> Resource:
    """A custom resource of the CRD below; spec.http is an atomic list, as in a VirtualService."""
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if "annotations" in options:
        metadata["annotations"] = options.pop("annotations")
    props = {"apiVersion": "test.coalmine.dev/v1", "kind": "Widget", "metadata": metadata, "spec": spec}
    return resource("kubernetes:test.coalmine.dev/v1:Widget", name, props, **options)


def widget_crd() -> dict[str, Any]:
    """The CRD of the custom resources, with two versions; spec.fixed is immutable."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    immutable = [{"rule": "self == oldSelf", "message": "field is immutable"}]
    fixed = {"fixed": {"type": "string", "x-kubernetes-validations": immutable}}
    schema = {"type": "object", "properties": {"spec": {**anything, "properties": fixed}, "status": anything}}
    versions = [
        {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}}
        for name in ("v1", "v2")
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.test.coalmine.dev"},
        "spec": {
            "group": "test.coalmine.dev",
            "names": {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"},
            "scope": "Namespaced",
            "versions": versions,
        },
    }
