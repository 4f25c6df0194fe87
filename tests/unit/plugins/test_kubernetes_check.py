"""Check of the kubernetes provider: names, namespaces, Secrets and normal forms (§1)."""

import json
from typing import Any

import pytest

from localcluster.plugins.kubernetes_provider.check import check
from localcluster.plugins.kubernetes_provider.cluster import Cluster
from localcluster.plugins.kubernetes_provider.kinds import of_urn
from localcluster.plugins.kubernetes_provider.normalise import normalise
from localcluster.plugins.kubernetes_provider.quantity import canonical
from localcluster.plugins.kubernetes_provider.settings import Settings, from_variables
from localcluster.plugins.wire.errors import PluginError, UnsupportedError
from localcluster.plugins.wire.values import UNKNOWN, Object, Secret

_URN = "urn:pulumi:dev::p::kubernetes:{}::Its Name"
_CONFIG_MAP = _URN.format("core/v1:ConfigMap")


def _kubeconfig(namespace: str = "") -> str:
    context = {"cluster": "c", "user": "u"} | ({"namespace": namespace} if namespace else {})
    return json.dumps(
        {
            "current-context": "x",
            "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
            "contexts": [{"name": "x", "context": context}],
        }
    )


def _checked(urn: str, inputs: Object, settings: Settings | None = None, olds: Object | None = None) -> Object:
    cluster = Cluster(settings or Settings(kubeconfig=_kubeconfig()))
    checked = check(cluster, urn, olds or {}, inputs, b"")
    assert checked.failures == []
    return checked.inputs


@pytest.mark.conformance("check-autoname")
def test_s1_an_unnamed_object_is_named_after_its_resource_unsanitised() -> None:
    metadata = _checked(_CONFIG_MAP, {})["metadata"]
    prefix, _, digits = metadata["name"].rpartition("-")
    assert prefix == "Its Name"
    assert len(digits) == 8
    int(digits, 16)
    assert metadata["annotations"] == {"pulumi.com/autonamed": "true"}


@pytest.mark.conformance("check-autoname-kept")
def test_s1_an_autoname_is_reused_and_new_with_empty_olds() -> None:
    first = _checked(_CONFIG_MAP, {})
    assert _checked(_CONFIG_MAP, {"data": {}}, olds=first)["metadata"] == first["metadata"]
    assert _checked(_CONFIG_MAP, {})["metadata"]["name"] != first["metadata"]["name"]
    given = {"metadata": {"name": "given"}}
    assert _checked(_CONFIG_MAP, {}, olds=given)["metadata"]["name"] != "given", "a given name is not adopted"
    assert _checked(_CONFIG_MAP, given, olds=first)["metadata"] == {"name": "given", "namespace": "default"}


@pytest.mark.conformance("check-namespace")
@pytest.mark.parametrize(
    ("inputs", "settings", "expected"),
    [
        ({"name": "a"}, Settings(kubeconfig=_kubeconfig()), "default"),
        ({"name": "a"}, Settings(kubeconfig=_kubeconfig("team")), "team"),
        ({"name": "a"}, Settings(kubeconfig=_kubeconfig("team"), namespace="mine"), "mine"),
        ({"name": "a", "namespace": ""}, Settings(kubeconfig=_kubeconfig("team")), "team"),
        ({"name": "a", "namespace": "own"}, Settings(kubeconfig=_kubeconfig("team"), namespace="mine"), "own"),
    ],
)
def test_s1_the_namespace_is_written_into_the_inputs(inputs: Object, settings: Settings, expected: str) -> None:
    assert _checked(_CONFIG_MAP, {"metadata": inputs}, settings)["metadata"]["namespace"] == expected


@pytest.mark.conformance("check-namespace")
def test_s1_cluster_scoped_kinds_get_no_namespace() -> None:
    inputs = _checked(_URN.format("core/v1:Namespace"), {"metadata": {"name": "a", "namespace": ""}})
    assert inputs["metadata"] == {"name": "a"}


def test_s1_the_scope_of_a_custom_kind_comes_from_the_crd_of_the_same_program() -> None:
    cluster = Cluster(Settings(kubeconfig=_kubeconfig()))
    spec = {"group": "x.dev", "scope": "Cluster", "names": {"kind": "Thing"}}
    crd = {"metadata": {"name": "things.x.dev"}, "spec": spec}
    check(cluster, _URN.format("apiextensions.k8s.io/v1:CustomResourceDefinition"), {}, crd, b"")
    thing = check(cluster, _URN.format("x.dev/v1:Thing"), {}, {"metadata": {"name": "a"}}, b"")
    assert thing.inputs["metadata"] == {"name": "a"}
    other = check(cluster, _URN.format("x.dev/v1:Other"), {}, {"metadata": {"name": "a"}}, b"")
    assert other.inputs["metadata"]["namespace"] == "default", "an unknown kind is taken as namespaced"


@pytest.mark.conformance("check-no-label")
def test_s1_server_side_apply_adds_no_label() -> None:
    assert _checked(_CONFIG_MAP, {"metadata": {"name": "a"}}) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default"},
    }


@pytest.mark.conformance("check-generate-name")
def test_s1_generate_name_is_refused() -> None:
    checked = check(
        Cluster(Settings(kubeconfig=_kubeconfig())), _CONFIG_MAP, {}, {"metadata": {"generateName": "a-"}}, b""
    )
    assert checked.failures == ["the `.metadata.generateName` field is not supported in Server-Side Apply mode"]


@pytest.mark.conformance("other-annotations")
def test_an_annotation_that_means_nothing_to_the_stand_in_is_refused() -> None:
    annotations = {"pulumi.com/replaceUnready": "true", "pulumi.com/skipAwait": "true", "example.com/any": "x"}
    inputs = {"metadata": {"name": "a", "annotations": annotations}}
    checked = check(Cluster(Settings(kubeconfig=_kubeconfig())), _CONFIG_MAP, {}, inputs, b"")
    assert len(checked.failures) == 1
    assert "the annotation pulumi.com/replaceUnready is not supported" in checked.failures[0]


@pytest.mark.conformance("check-secret")
def test_s1_string_data_is_merged_and_the_data_of_a_secret_is_secret() -> None:
    inputs = {"metadata": {"name": "a"}, "stringData": {"b": Secret("two")}, "data": {"a": "b25l"}}
    checked = _checked(_URN.format("core/v1:Secret"), inputs)
    assert checked["data"] == Secret({"a": "b25l", "b": "dHdv"})
    assert "stringData" not in checked


def test_s1_string_data_that_is_not_known_yet_waits() -> None:
    checked = _checked(_URN.format("core/v1:Secret"), {"metadata": {"name": "a"}, "stringData": {"b": UNKNOWN}})
    assert checked["stringData"] == Secret({"b": UNKNOWN})


def test_metadata_that_is_not_known_yet_is_left_alone() -> None:
    assert _checked(_CONFIG_MAP, {"metadata": UNKNOWN})["metadata"] is UNKNOWN
    later = {"metadata": {"name": UNKNOWN, "namespace": UNKNOWN}}
    assert _checked(_CONFIG_MAP, later)["metadata"] == later["metadata"]


def test_marks_of_the_program_stay() -> None:
    checked = _checked(_CONFIG_MAP, {"metadata": {"name": "a"}, "data": {"a": Secret("x"), "b": "y"}})
    assert checked["data"] == {"a": Secret("x"), "b": "y"}


@pytest.mark.conformance("check-normal-form")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1000m", "1"), ("0.5", "500m"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"), ("100m", "100m"), ("1500m", "1500m"),
        ("2", "2"), ("1000", "1k"), ("0", "0"), ("1e3", "1e3"), ("0.5Ki", "512"), ("1025", "1025"), ("10k", "10k"),
        ("-1500m", "-1500m"), ("1n", "1n"), ("0.1n", "1n"),
    ],
)  # fmt: skip
def test_s1_quantities_have_one_form(given: str, expected: str) -> None:
    assert canonical(given) == expected
    assert canonical(expected) == expected, "the canonical form is not stable"


@pytest.mark.parametrize("text", ["", "x", "1Xi", "1 Gi", "--1", "1mm"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        canonical(text)


def _deployment(container: dict[str, Any]) -> Object:
    template = {"spec": {"containers": [container]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": template}}


@pytest.mark.conformance("check-normal-form")
def test_s1_built_in_kinds_are_normalised() -> None:
    resources = {"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"cpu": 1, "memory": "0.5Gi"}}
    given = _deployment({"name": "c", "resources": resources, "imagee": "typo"})
    assert normalise(given) == _deployment(
        {
            "name": "c",
            "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        }
    )


@pytest.mark.conformance("check-misfit")
@pytest.mark.parametrize(
    "container",
    [
        {"name": 1, "unknown": "stays"},
        {"name": "c", "stdin": "true", "unknown": "stays"},
        {"name": "c", "ports": {"containerPort": 80}, "unknown": "stays"},
        {"name": "c", "resources": {"requests": {"cpu": "many"}}, "unknown": "stays"},
    ],
)
def test_s1_where_a_type_does_not_fit_the_object_passes_unchanged(container: dict[str, Any]) -> None:
    assert normalise(_deployment(container)) == _deployment(container)


@pytest.mark.conformance("check-custom")
def test_s1_custom_resources_are_untouched() -> None:
    rollout = _deployment({"name": "c", "resources": {"requests": {"cpu": "1000m"}}, "imagee": "typo"})
    rollout |= {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    assert normalise(rollout) is rollout


@pytest.mark.parametrize(
    "token", ["helm.sh/v3:Release", "helm.sh/v4:Chart", "kustomize/v2:Directory", "core/v1:PodPatch", "core/v1:PodList"]
)
def test_special_resources_are_refused_by_name(token: str) -> None:
    with pytest.raises(UnsupportedError, match=f"kubernetes:{token} is not supported by the bundled Pulumi plug-ins"):
        of_urn(_URN.format(token))


def test_a_type_of_another_form_is_refused() -> None:
    with pytest.raises(PluginError, match="expected a type of the form kubernetes:GROUP/VERSION:KIND"):
        of_urn(_URN.format("v1:ConfigMap"))


@pytest.mark.parametrize(("name", "value"), [("renderYamlToDirectory", "out"), ("enableServerSideApply", "false")])
def test_provider_arguments_that_the_stand_in_lacks_are_refused(name: str, value: str) -> None:
    with pytest.raises(UnsupportedError, match=name):
        from_variables({f"kubernetes:config:{name}": value})
