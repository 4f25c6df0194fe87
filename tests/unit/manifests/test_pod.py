"""The pod template: every field of the short form arrives, defaults are the restricted ones, templates stay whole."""

import re
from typing import Any

import pytest

from components.manifests.pod import pod_template
from components.spec.app import AppSpec
from tests.specs import changed, example_app

SHOP = example_app()
FULL = example_app("full-workload")


def template_of(app: dict[str, Any]) -> dict[str, Any]:
    return pod_template(AppSpec.model_validate(app))


def container_of(app: dict[str, Any]) -> dict[str, Any]:
    [container] = template_of(app)["spec"]["containers"]
    return dict(container)


def test_the_defaults_meet_the_restricted_pod_security_standard() -> None:
    pod = template_of(SHOP)["spec"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False


def test_pods_spread_over_zones_and_nodes_where_there_is_room() -> None:
    found = template_of(SHOP)["spec"]["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in found] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for one in found:
        assert one["whenUnsatisfiable"] == "ScheduleAnyway"
        assert one["labelSelector"] == {"matchLabels": {"app.kubernetes.io/name": "shop"}}


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ({"zones": "any", "nodes": "any"}, {}),
        ({"zones": "any"}, {"kubernetes.io/hostname": "ScheduleAnyway"}),
        ({"zones": "require", "nodes": "any"}, {"topology.kubernetes.io/zone": "DoNotSchedule"}),
        ({"nodes": "any"}, {"topology.kubernetes.io/zone": "ScheduleAnyway"}),
        ({"zones": "any", "nodes": "require"}, {"kubernetes.io/hostname": "DoNotSchedule"}),
    ],
)
def test_pods_spread_as_far_as_the_app_says(written: dict[str, str], made: dict[str, str]) -> None:
    pod = template_of({**SHOP, "disruption": written})["spec"]
    found = {one["topologyKey"]: one["whenUnsatisfiable"] for one in pod.get("topologySpreadConstraints", [])}
    assert found == made


def test_every_pod_requests_cpu_and_memory() -> None:
    assert container_of(SHOP)["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}}


def test_telemetry_names_the_version_and_is_the_same_in_every_version() -> None:
    """Else the variables would make a version of what is none; and Kubernetes fills in what stands before."""
    told = changed(SHOP, "workload", "telemetry", to=True)
    first, second = (template_of(changed(told, "workload", "image", to=f"shop:{tag}")) for tag in ("1.5.0", "1.6.0"))
    found = [one["spec"]["containers"][0]["env"] for one in (first, second)]
    assert (
        found[0]
        == found[1]
        == [
            {"name": "COALMINE_VERSION", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['version']"}}},
            {"name": "OTEL_SERVICE_NAME", "value": "shop"},
            {
                "name": "OTEL_RESOURCE_ATTRIBUTES",
                "value": "service.namespace=shop,service.version=$(COALMINE_VERSION)",
            },
        ]
    )
    assert first["metadata"]["labels"]["version"] != second["metadata"]["labels"]["version"]


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("text", {"value": "text"}),
        ({"secret": "s", "key": "k"}, {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}),
        ({"config": "c", "key": "k"}, {"valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}),
        ({"field": "metadata.name"}, {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
    ],
)
def test_environment_variables(written: Any, made: dict[str, Any]) -> None:
    container = container_of(changed(SHOP, "workload", "env", to={"NAME": written}))
    assert container["env"] == [{"name": "NAME", **made}]


def test_the_order_of_variables_does_not_change_the_template() -> None:
    one, two = ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})
    assert template_of(changed(SHOP, "workload", "env", to=one)) == template_of(
        changed(SHOP, "workload", "env", to=two)
    )


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ({"http": "/ready"}, {"httpGet": {"path": "/ready", "port": 8080}}),
        ({"http": "/ready", "port": 9090}, {"httpGet": {"path": "/ready", "port": 9090}}),
        ({"tcp": 8080}, {"tcpSocket": {"port": 8080}}),
        ({"grpc": 9000}, {"grpc": {"port": 9000}}),
        ({"exec": ["ls", "/"]}, {"exec": {"command": ["ls", "/"]}}),
    ],
)
def test_probes(written: dict[str, Any], asked: dict[str, Any]) -> None:
    probe = container_of(changed(SHOP, "workload", "probes", to={"readiness": written}))["readinessProbe"]
    assert probe == {**asked, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3}


@pytest.mark.parametrize(
    ("source", "volume", "read_only"),
    [
        ({"config": "c"}, {"configMap": {"name": "c"}}, True),
        ({"secret": "s"}, {"secret": {"secretName": "s"}}, True),
        ({"claim": "d"}, {"persistentVolumeClaim": {"claimName": "d"}}, False),
        ({"empty_dir": "disk"}, {"emptyDir": {}}, False),
        ({"empty_dir": "memory"}, {"emptyDir": {"medium": "Memory"}}, False),
        ({"config": "c", "read_only": False}, {"configMap": {"name": "c"}}, False),
        ({"claim": "d", "read_only": True}, {"persistentVolumeClaim": {"claimName": "d"}}, True),
    ],
)
def test_volumes(source: dict[str, Any], volume: dict[str, Any], read_only: bool) -> None:
    app = changed(SHOP, "workload", "volumes", to=[{"name": "data", "mount": "/data", **source}])
    assert template_of(app)["spec"]["volumes"] == [{"name": "data", **volume}]
    mount = {"name": "data", "mountPath": "/data"}
    assert container_of(app)["volumeMounts"] == [{**mount, "readOnly": True} if read_only else mount]


def test_every_field_of_the_short_form_arrives() -> None:
    """Changing any leaf of the fullest workload changes the template: nothing is read and dropped."""
    before = template_of(FULL)
    ignored = {("min_ready",), ("service_account", "annotations")}  # of the Rollout and the ServiceAccount
    for path in _leaves(FULL["workload"]):
        if path[:1] not in ignored and path[:2] not in ignored:
            app = changed(FULL, "workload", *path, to=_other(FULL["workload"], path))
            assert template_of(app) != before, f"workload.{path} has no effect"


def _leaves(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(data, dict | list):
        pairs = data.items() if isinstance(data, dict) else enumerate(data)
        return [leaf for key, value in pairs for leaf in _leaves(value, (*path, key))]
    return [path]


def _other(data: Any, path: tuple[str | int, ...]) -> Any:
    """Another valid value of the same kind."""
    for part in path:
        data = data[part]
    if isinstance(data, bool):
        return not data
    if isinstance(data, int):
        return data + 1
    special = {"protocol": "TCP", "empty_dir": "disk" if data == "memory" else "memory"}
    if path[-1] in special:
        return special[str(path[-1])]
    digit = re.search(r"[0-9]", data)
    return data.replace(digit[0], "9", 1) if digit else f"{data}x"


def test_a_template_stays_as_it_was_written_but_for_its_labels_and_identity() -> None:
    app = example_app("pod-template")
    made, written = template_of(app), app["workload"]["pod_template"]
    added = {"serviceAccountName": "search-runtime", "automountServiceAccountToken": False}
    assert made["spec"] == {**added, **written["spec"]}
    assert made["metadata"]["annotations"] == written["metadata"]["annotations"]


def test_labels_and_annotations_of_a_template_are_kept_beside_the_workloads() -> None:
    template = {"metadata": {"labels": {"a": "1"}, "annotations": {"b": "2", "c": "3"}}}
    app = example_app("pod-template")
    template["spec"] = app["workload"]["pod_template"]["spec"]
    app = changed(app, "workload", "pod_template", to=template)
    app["workload"] |= {"labels": {"d": "4"}, "annotations": {"c": "5"}}
    metadata = template_of(app)["metadata"]
    assert metadata["annotations"] == {"b": "2", "c": "5"}
    assert {"a": "1", "d": "4", "app.kubernetes.io/name": "search"}.items() <= metadata["labels"].items()


def test_the_users_data_is_not_changed() -> None:
    app = example_app("pod-template")
    spec = AppSpec.model_validate(app)
    assert pod_template(spec) == pod_template(spec)
    assert app == example_app("pod-template")
