"""Flux as a piece of the platform: every option reaches the controllers, and nobody may do more than is needed."""

from pathlib import Path
from typing import Any

import pytest

from components.manifests.meta import Manifest
from components.platform.checks import problems
from components.platform.piece import pieces_of
from components.platform.pieces import flux
from components.platform.sources import FLUX_MANIFESTS, locate
from components.platform.upstream import read
from components.spec.cluster import StackSpec
from tests.specs import Project, example_app, only, stack_keys

ALL = ["source", "kustomize", "helm", "notification", "image-reflector", "image-automation"]
USUAL = ALL[:4]
GITOPS = {"kind": "flux", "repository": "https://git.example.com/platform/delivery.git"}


def project(root: Path, gitops: dict[str, Any] | None = None, **options: Any) -> Project:
    made = Project(root)
    made.stack({**stack_keys(), "gitops": gitops or GITOPS, "platform": {"flux": options}})
    made.apps(example_app())
    return made


def stack(root: Path, **options: Any) -> StackSpec:
    return project(root, **options).load().spec


def installed(root: Path, **options: Any) -> list[Manifest]:
    return [item for stage in flux.stages(stack(root, **options)) for item in stage]


def container(objects: list[Manifest], name: str) -> dict[str, Any]:
    [found] = only(objects, "Deployment", f"{name}-controller")["spec"]["template"]["spec"]["containers"]
    return dict(found)


def arguments(objects: list[Manifest], name: str) -> list[str]:
    return list(container(objects, name)["args"])


def test_it_is_installed_where_flux_delivers_and_nobody_says_otherwise(tmp_path: Path) -> None:
    pieces = {piece.name for piece in pieces_of(stack(tmp_path))}
    assert "flux" in pieces
    assert "flux" not in {piece.name for piece in pieces_of(stack(tmp_path, install=False))}
    other = project(tmp_path, {**GITOPS, "kind": "argocd"}).load().spec
    assert "flux" not in {piece.name for piece in pieces_of(other)}


def test_the_usual_controllers_and_the_definitions_of_their_kinds_are_there(tmp_path: Path) -> None:
    definitions, access, running = flux.stages(stack(tmp_path))
    assert [item["metadata"]["name"] for item in running] == [f"{name}-controller" for name in USUAL]
    assert {item["kind"] for item in running} == {"Deployment"}
    assert {item["spec"]["group"] for item in definitions} == {
        f"{group}.toolkit.fluxcd.io" for group in ("source", "kustomize", "helm", "notification")
    }
    accounts = {item["metadata"]["name"] for item in access if item["kind"] == "ServiceAccount"}
    assert accounts == {*(f"{name}-controller" for name in USUAL), flux.RESTRICTED}
    for item in access + running:
        if not item["kind"].startswith("Cluster"):
            assert item["metadata"]["namespace"] == flux.NAMESPACE, item["metadata"]["name"]


def test_only_chosen_controllers_are_there_and_may_do_anything(tmp_path: Path) -> None:
    objects = installed(tmp_path, controllers=["source", "kustomize"])
    deployed = {item["metadata"]["name"] for item in objects if item["kind"] == "Deployment"}
    assert deployed == {"source-controller", "kustomize-controller"}
    for item in objects:
        if item["kind"].endswith("RoleBinding"):
            assert {one["name"] for one in item["subjects"]} <= deployed, item["metadata"]["name"]
    # Nobody takes the events: a controller would try again and again.
    assert not [one for name in ("source", "kustomize") for one in arguments(objects, name) if "--events-addr" in one]


def test_events_go_to_the_notification_controller(tmp_path: Path) -> None:
    objects = installed(tmp_path)
    for name in ("source", "kustomize", "helm"):
        [address] = [one for one in arguments(objects, name) if one.startswith("--events-addr=")]
        assert "//notification-controller.flux-system." in address


def test_every_image_has_the_tag_of_the_release(tmp_path: Path) -> None:
    objects = installed(tmp_path, controllers=ALL)
    for name in ALL:
        file = locate(FLUX_MANIFESTS) / FLUX_MANIFESTS.paths[0] / f"{name}-controller.yaml"
        upstream = container(read(file, FLUX_MANIFESTS.sha256), name)["image"]
        assert container(objects, name)["image"] == f"ghcr.io/{upstream}"


def test_tenants_are_kept_apart_whatever_is_chosen(tmp_path: Path) -> None:
    objects = installed(tmp_path, controllers=ALL)
    for name in ALL:
        given = arguments(objects, name)
        assert "--watch-all-namespaces=false" in given, f"{name} obeys what anybody writes anywhere"
        assert "--watch-all-namespaces" not in given
        assert not [one for one in given if "insecure" in one]
        assert ("--no-cross-namespace-refs=true" in given) == (name != "source"), name
        acts_for_others = name in ("kustomize", "helm")
        assert (f"--default-service-account={flux.RESTRICTED}" in given) == acts_for_others, name
    assert "--no-remote-bases=true" in arguments(objects, "kustomize")
    restricted = only(objects, "ServiceAccount", flux.RESTRICTED)
    assert restricted["automountServiceAccountToken"] is False
    bindings = [item for item in objects if item["kind"].endswith("RoleBinding")]
    assert not [one for item in bindings for one in item["subjects"] if one["name"] == flux.RESTRICTED]


def test_no_controller_gets_the_whole_cluster(tmp_path: Path) -> None:
    objects = installed(tmp_path, controllers=ALL)
    assert "cluster-admin" not in {item["roleRef"]["name"] for item in objects if "roleRef" in item}
    everywhere = {item["roleRef"]["name"] for item in objects if item["kind"] == "ClusterRoleBinding"}
    rules = [rule for name in everywhere for rule in only(objects, "ClusterRole", name)["rules"]]
    assert rules == [{"nonResourceURLs": ["/livez/ping"], "verbs": ["head"]}]
    inside = only(objects, "Role", "flux-controllers")["rules"]
    assert not [rule for rule in inside if "serviceaccounts/token" in rule["resources"]], "any account could be used"
    assert not [rule for rule in inside if "namespaces" in rule["resources"]], "a Role cannot give that"


def test_only_what_brings_objects_acts_as_accounts_and_of_its_own_namespace_alone(tmp_path: Path) -> None:
    objects = installed(tmp_path, controllers=ALL)
    roles = [item for item in objects if "impersonate" in str(item.get("rules"))]
    assert [(item["kind"], item["metadata"]["namespace"]) for item in roles] == [("Role", flux.NAMESPACE)]
    assert roles[0]["rules"] == [{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}]
    binding = only(objects, "RoleBinding", roles[0]["metadata"]["name"])
    assert {one["name"] for one in binding["subjects"]} == {"kustomize-controller", "helm-controller"}


def test_what_may_reach_the_controllers_is_said(tmp_path: Path) -> None:
    policies = {item["metadata"]["name"] for item in installed(tmp_path) if item["kind"] == "NetworkPolicy"}
    assert policies == {"allow-egress", "allow-scraping", "allow-webhooks"}


def test_as_many_apps_are_worked_on_as_the_stack_says(tmp_path: Path) -> None:
    for options, expected in (({}, 4), ({"concurrent": 20}, 20)):
        objects = installed(tmp_path, **options)
        for name in USUAL:
            given = [one for one in arguments(objects, name) if one.startswith("--concurrent")]
            assert given == ([f"--concurrent={expected}"] if name in ("kustomize", "helm") else []), name


def test_resources_are_those_of_the_release_unless_the_stack_gives_others(tmp_path: Path) -> None:
    given = {"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    objects = installed(tmp_path, resources={"kustomize": given})
    assert container(objects, "kustomize")["resources"] == given
    assert container(objects, "source")["resources"]["limits"] == {"cpu": "1000m", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"controllers": ["kustomize"]}, "platform.flux.controllers: 'source' reads the repository: add it"),
        ({"controllers": ["source"]}, "platform.flux.controllers: 'kustomize' applies what is in it: add it"),
        (
            {"controllers": ["source", "kustomize", "image-automation"]},
            "platform.flux.controllers: 'image-automation' needs the tags that 'image-reflector' finds: add that too",
        ),
        ({"controllers": [*USUAL, "helm"]}, "platform.flux.controllers[4]: 'helm' is there twice"),
        (
            {"controllers": ["source", "kustomize"], "resources": {"helm": {"limits": {"memory": "1Gi"}}}},
            "platform.flux.resources.helm: this controller is not installed: leave it out, or add it to 'controllers'",
        ),
        ({"concurrent": 0}, "platform.flux.concurrent: 0 is too small: at least 1"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, options: dict[str, Any], expected: str) -> None:
    assert project(tmp_path, **options).messages() == [f"stacks/Pulumi.test.yaml: coalmine:{expected}"]


def test_flux_in_another_namespace_is_not_the_platforms(tmp_path: Path) -> None:
    spec = project(tmp_path, {**GITOPS, "namespace": "gitops"}).load().spec
    assert list(flux.PIECE.problems(spec)) == [
        (
            "gitops.namespace",
            "the platform installs Flux in 'flux-system': leave it out, or set platform.flux.install to false",
        )
    ]


@pytest.mark.parametrize(("version", "works"), [("1.32", False), ("1.33", True), ("1.36.3", True)])
def test_a_kubernetes_that_is_too_old_for_flux_is_refused(tmp_path: Path, version: str, works: bool) -> None:
    made = project(tmp_path)
    made.stack({**stack_keys(), "cluster": {"name": "test", "kubernetes": version}, "gitops": GITOPS})
    found = [str(problem) for problem in problems(made.load()) if "flux" in str(problem)]
    assert bool(found) != works
    if found:
        assert found == [
            "stacks/Pulumi.test.yaml: coalmine:cluster.kubernetes: flux of bundle '2026.12' needs Kubernetes 1.33 or "
            "newer, not 1.32: upgrade the cluster, or set platform.flux.install: false"
        ]


def test_a_bundle_from_before_flux_is_refused(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.stack({**stack_keys(), "gitops": GITOPS, "platform": {"bundle": "2026.10"}})
    assert [str(problem) for problem in problems(made.load())] == [
        "stacks/Pulumi.test.yaml: coalmine:platform.bundle: '2026.10' has no flux: choose '2026.12', or have none "
        "installed (platform.flux.install: false)"
    ]
