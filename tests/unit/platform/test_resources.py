"""How Kubernetes objects become Pulumi resources: type, name, label, options."""

import pulumi
import pytest

from components.manifests.meta import Manifest
from components.resources import Rules, register, resource_name, type_token

from .registrations import Registration, registered


class Owner(pulumi.ComponentResource):
    """A component to register objects under."""

    def __init__(self, stages: list[list[Manifest]], rules: Rules) -> None:
        super().__init__("test:index:Owner", "owner")
        register(self, "owner", stages, rules)
        self.register_outputs({})


def made(kind: str, name: str, api_version: str = "v1", **body: object) -> Manifest:
    """A small object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **body}


def children(stages: list[list[Manifest]], rules: Rules | None = None) -> dict[str, Registration]:
    """The registrations of objects, by `kind/name`."""
    everything = registered(lambda: Owner(stages, rules or Rules(ignored={})))
    return {one.urn.rpartition("::owner/")[2]: one for one in everything.values() if one.type != "test:index:Owner"}


@pytest.mark.parametrize(
    ("api_version", "kind", "token"),
    [
        ("v1", "ConfigMap", "kubernetes:core/v1:ConfigMap"),
        ("apps/v1", "Deployment", "kubernetes:apps/v1:Deployment"),
        ("argoproj.io/v1alpha1", "Rollout", "kubernetes:argoproj.io/v1alpha1:Rollout"),
        (
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
        ),
    ],
)
def test_types_are_those_of_the_kubernetes_provider(api_version: str, kind: str, token: str) -> None:
    assert type_token(made(kind, "x", api_version)) == token


def test_a_resource_is_named_after_its_component_kind_and_object() -> None:
    assert resource_name("shop", made("Service", "shop-stable")) == "shop/Service/shop-stable"


def test_every_object_carries_the_label_of_the_stack_that_owns_it_and_keeps_its_own_labels() -> None:
    labelled = made("ConfigMap", "a")
    labelled["metadata"]["labels"] = {"app": "a", "app.kubernetes.io/managed-by": "Helm"}
    labels = children([[labelled]])["ConfigMap/a"].inputs["metadata"]["labels"]
    assert labels == {"app": "a", "app.kubernetes.io/managed-by": "pulumi", "coalmine.dev/stack": "shopfront.dev"}


def test_every_stage_depends_on_the_whole_one_before_it() -> None:
    found = children([[made("ConfigMap", "a"), made("Secret", "b")], [], [made("Pod", "c")], [made("Pod", "d")]])
    first = {found["ConfigMap/a"].urn, found["Secret/b"].urn}
    assert found["ConfigMap/a"].depends_on == frozenset()
    assert found["Pod/c"].depends_on == first, "an empty stage must not cut the chain"
    assert found["Pod/d"].depends_on == {found["Pod/c"].urn}


def test_children_stand_under_their_component() -> None:
    assert children([[made("ConfigMap", "a")]])["ConfigMap/a"].parent == "test:index:Owner::owner"


def test_what_controllers_own_is_ignored_on_that_object_only() -> None:
    rules = Rules(ignored={("Service", "a"): ("spec.selector",)})
    found = children([[made("Service", "a", spec={}), made("Service", "b", spec={})]], rules)
    assert found["Service/a"].ignored == ("spec.selector",)
    assert found["Service/b"].ignored == ()


def test_only_definitions_outlive_the_stack_and_only_protected_kinds_refuse_deletion() -> None:
    crd = made("CustomResourceDefinition", "a", "apiextensions.k8s.io/v1")
    found = children([[crd], [made("Namespace", "b")]], Rules(ignored={}, protected=frozenset({"Namespace"})))
    assert found["CustomResourceDefinition/a"].retained
    assert not found["Namespace/b"].retained
    assert found["Namespace/b"].protected
    assert not found["CustomResourceDefinition/a"].protected


def test_kinds_that_are_kept_by_choice_outlive_the_stack_too() -> None:
    objects = [[made("Namespace", "a"), made("ConfigMap", "b")]]
    found = children(objects, Rules(ignored={}, kept=frozenset({"Namespace"})))
    assert found["Namespace/a"].retained
    assert not found["ConfigMap/b"].retained


def test_every_object_says_which_resource_made_it_and_has_one_field_manager() -> None:
    """With a random manager, what an interrupted run wrote could never be changed by the next."""
    annotated = made("ConfigMap", "a")
    annotated["metadata"]["annotations"] = {"note": "kept"}
    annotations = children([[annotated]])["ConfigMap/a"].inputs["metadata"]["annotations"]
    place = annotations.pop("coalmine.dev/resource")
    assert place.endswith("test:index:Owner$kubernetes:core/v1:ConfigMap::owner/ConfigMap/a")
    assert annotations == {"note": "kept", "pulumi.com/patchFieldManager": "pulumi-kubernetes-coalmine"}


def test_a_replacement_deletes_first_because_names_are_fixed() -> None:
    assert children([[made("ConfigMap", "a")]])["ConfigMap/a"].deleted_first


@pytest.mark.parametrize(
    ("manifest", "awaited"),
    [
        (made("Service", "a", spec={}), False),
        (made("Service", "a", spec={"type": "ClusterIP"}), False),
        (made("Service", "a", spec={"type": "LoadBalancer"}), True),
        (made("Rollout", "a", "argoproj.io/v1alpha1"), False),
        (made("Deployment", "a", "apps/v1"), True),
    ],
)
def test_only_what_has_a_readiness_of_its_own_is_awaited(manifest: Manifest, awaited: bool) -> None:
    found = children([[manifest]], Rules(ignored={}, not_awaited=frozenset({"Rollout"})))
    annotations = found[f"{manifest['kind']}/a"].inputs["metadata"].get("annotations", {})
    assert (annotations.get("pulumi.com/skipAwait") == "true") is not awaited
