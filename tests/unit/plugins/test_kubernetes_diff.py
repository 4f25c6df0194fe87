"""Diff and DiffConfig of the kubernetes provider: paths, replacements, providers (§5, §10)."""

import json
from pathlib import Path
from typing import Any

import pytest

from localcluster.plugins.kubernetes_provider.diff import Change, diff
from localcluster.plugins.kubernetes_provider.diffconfig import diff_config
from localcluster.plugins.kubernetes_provider.kinds import Gvk
from localcluster.plugins.kubernetes_provider.settings import Settings
from localcluster.plugins.wire.values import UNKNOWN, Object


def _gvk(key: str) -> Gvk:
    api_version, _, kind = key.rpartition("/")
    group, _, version = api_version.rpartition("/")
    return Gvk(group, version, kind)


def _nested(path: str, value: Any) -> Object:
    """An object with the value at a dotted path; a number in the path is a list index."""
    first, _, rest = path.partition(".")
    inner = _nested(rest, value) if rest else value
    return {first: [inner[key] for key in inner] if rest and rest[0].isdigit() else inner}


def _changed(key: str, path: str, settings: Settings | None = None) -> tuple[list[str], bool]:
    """The replacing paths, and whether the old object goes first, when the value at the path changes."""
    metadata = {"metadata": {"name": "a", "namespace": "n"}}
    old = _merged(metadata, _nested(path, "old"))
    new = _merged(metadata, _nested(path, "new"))
    found = diff(_gvk(key), settings or Settings(), True, old, new)
    assert len(found.fields) == 1
    return [field.shown for field in found.fields if field.replaces], found.delete_before_replace


def _merged(one: Object, other: Object) -> Object:
    return {key: {**one.get(key, {}), **other[key]} if key in one else other[key] for key in other} | {
        key: value for key, value in one.items() if key not in other
    }


@pytest.mark.conformance("diff-replace", "diff-delete-first")
@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("v1/ConfigMap", "metadata.name"),
        ("x.dev/v1/Thing", "metadata.namespace"),
        ("v1/ConfigMap", "data.a"),
        ("v1/ConfigMap", "binaryData.a"),
        ("v1/Secret", "data.a"),
        ("v1/Secret", "type"),
        ("apps/v1/Deployment", "spec.selector.matchLabels.app"),
        ("apps/v1/DaemonSet", "spec.selector.matchLabels.app"),
        ("apps/v1/StatefulSet", "spec.serviceName"),
        ("apps/v1/StatefulSet", "spec.podManagementPolicy"),
        ("v1/Service", "spec.clusterIP"),
        ("storage.k8s.io/v1/StorageClass", "parameters.a"),
        ("storage.k8s.io/v1/StorageClass", "provisioner"),
        ("batch/v1/Job", "spec.template.spec.restartPolicy"),
        ("batch/v1/Job", "spec.parallelism"),
        ("v1/Pod", "spec.containers.0.image"),
        ("v1/Pod", "spec.containers.0.env.0.value"),
        ("v1/PersistentVolumeClaim", "spec.storageClassName"),
        ("rbac.authorization.k8s.io/v1/RoleBinding", "roleRef.name"),
    ],
)
def test_s5_fields_that_replace(key: str, path: str) -> None:
    replacing, before = _changed(key, path)
    assert len(replacing) == 1
    assert before == (path not in ("metadata.name", "metadata.namespace")), "delete first only where the place stays"


@pytest.mark.conformance("diff-update", "diff-custom")
@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("apps/v1/Deployment", "metadata.labels.a"),
        ("apps/v1/Deployment", "metadata.annotations.a"),
        ("apps/v1/Deployment", "spec.template.spec.containers.0.image"),
        ("v1/ConfigMap", "immutable"),
        ("v1/Service", "spec.type"),
        ("v1/Service", "spec.ports.0.port"),
        ("v1/Service", "spec.selector.app"),
        ("batch/v1/CronJob", "spec.jobTemplate.spec.template.spec.restartPolicy"),
        ("policy/v1/PodDisruptionBudget", "spec.selector.matchLabels.app"),
        ("argoproj.io/v1alpha1/Rollout", "spec.selector.matchLabels.app"),
    ],
)
def test_s5_fields_that_update(key: str, path: str) -> None:
    assert _changed(key, path) == ([], False)


@pytest.mark.conformance("diff-mutable")
def test_s5_mutable_data_is_an_update_unless_the_object_is_immutable() -> None:
    mutable = Settings(config_map_mutable=True, secret_mutable=True)
    assert _changed("v1/ConfigMap", "data.a", mutable) == ([], False)
    assert _changed("v1/Secret", "data.a", mutable) == ([], False)
    assert _changed("v1/Secret", "type", mutable)[0] == ["type"]
    old = {"metadata": {"name": "a", "namespace": "n"}, "immutable": True, "data": {"a": "1"}}
    found = diff(_gvk("v1/ConfigMap"), mutable, True, old, old | {"data": {"a": "2"}})
    assert [field.replaces for field in found.fields] == [True]


@pytest.mark.conformance("diff-delete-first")
def test_s5_an_autonamed_object_is_created_before_the_old_one_goes() -> None:
    metadata = {"name": "a", "namespace": "n", "annotations": {"pulumi.com/autonamed": "true"}}
    old = {"metadata": metadata, "data": {"a": "1"}}
    assert not diff(_gvk("v1/ConfigMap"), Settings(), True, old, old | {"data": {}}).delete_before_replace


@pytest.mark.conformance("diff-paths")
def test_s5_paths_are_shown_as_pulumi_writes_them() -> None:
    old = {"metadata": {"labels": {"app.kubernetes.io/name": "a"}}, "spec": {"l": [{"image": "a"}, 1], "gone": 1}}
    new = {"metadata": {"labels": {"app.kubernetes.io/name": "b"}}, "spec": {"l": [{"image": "b"}], "new": UNKNOWN}}
    found = diff(_gvk("x.dev/v1/Thing"), Settings(), False, old, new)
    assert [(field.shown, field.change) for field in found.fields] == [
        ('metadata.labels["app.kubernetes.io/name"]', Change.UPDATE),
        ("spec.gone", Change.DELETE),
        ("spec.l[0].image", Change.UPDATE),
        ("spec.l[1]", Change.DELETE),
        ("spec.new", Change.ADD),
    ]


def test_s5_a_value_of_another_type_is_a_change() -> None:
    old = {"metadata": {}, "spec": {"a": True, "b": 1}}
    found = diff(_gvk("x.dev/v1/Thing"), Settings(), False, old, {"metadata": {}, "spec": {"a": 1, "b": "1"}})
    assert [field.shown for field in found.fields] == ["spec.a", "spec.b"]


def test_s5_metadata_that_is_not_known_yet_is_a_change() -> None:
    old = {"metadata": {"name": "a", "namespace": "n"}}
    found = diff(_gvk("v1/ConfigMap"), Settings(), True, old, {"metadata": UNKNOWN})
    assert [(field.shown, field.change) for field in found.fields] == [("metadata", Change.UPDATE)]


def test_s5_the_default_namespace_is_no_change() -> None:
    old, new = {"metadata": {"name": "a"}}, {"metadata": {"name": "a", "namespace": "default"}}
    assert diff(_gvk("v1/ConfigMap"), Settings(), True, old, new).fields == []
    assert diff(_gvk("v1/Namespace"), Settings(), False, old, new).fields == []


def _kubeconfig(server: str, *contexts: str) -> str:
    return json.dumps(
        {
            "current-context": "main",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("main", *contexts)],
        }
    )


_HERE, _THERE = _kubeconfig("https://here", "second"), _kubeconfig("https://there")


@pytest.mark.conformance("provider-replaced", "provider-kept", "provider-identifier")
@pytest.mark.parametrize(
    ("olds", "news", "changed", "replaces"),
    [
        ({"kubeconfig": _HERE}, {"kubeconfig": _HERE}, [], []),
        ({"kubeconfig": _HERE}, {"kubeconfig": _THERE}, ["kubeconfig"], ["kubeconfig"]),
        ({"kubeconfig": _HERE}, {"kubeconfig": _HERE, "context": "second"}, ["context"], []),
        ({"kubeconfig": _HERE}, {"kubeconfig": _HERE, "namespace": "n"}, ["namespace"], []),
        (
            {"kubeconfig": _HERE, "clusterIdentifier": "x"},
            {"kubeconfig": _HERE, "clusterIdentifier": "y"},
            ["clusterIdentifier"],
            ["clusterIdentifier"],
        ),
        ({"kubeconfig": _HERE}, {"kubeconfig": _HERE, "clusterIdentifier": "y"}, ["clusterIdentifier"], []),
        ({"kubeconfig": _HERE, "clusterIdentifier": "x"}, {"kubeconfig": _HERE}, ["clusterIdentifier"], []),
        (
            {"kubeconfig": _HERE, "clusterIdentifier": "x"},
            {"kubeconfig": _THERE, "clusterIdentifier": "x"},
            ["kubeconfig"],
            [],
        ),
        ({"kubeconfig": _HERE}, {"kubeconfig": UNKNOWN}, ["kubeconfig"], ["kubeconfig"]),
    ],
)
def test_s10_when_a_provider_is_replaced(olds: Object, news: Object, changed: list[str], replaces: list[str]) -> None:
    found = diff_config(olds, news)
    assert (found.changed, found.replaces) == (changed, replaces)


@pytest.mark.conformance("provider-kept")
def test_s10_path_and_contents_of_one_kubeconfig_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(_HERE)
    assert diff_config({"kubeconfig": str(file)}, {"kubeconfig": _HERE}).replaces == []
