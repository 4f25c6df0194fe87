"""What Flux does beside bringing apps: every key reaches its objects, nobody gets more rights than it says."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from components.manifests.meta import Manifest
from components.platform.checks import problems
from components.platform.git_sources import git_orders, git_sources
from components.platform.namespaces import namespaces
from components.spec.app import AppSpec
from components.spec.cluster import StackSpec
from components.spec.flux import FluxMore
from tests.specs import EXAMPLES, REMOVED, Project, changed, example_app, only, stack_keys

EXAMPLE: dict[str, Any] = yaml.safe_load((EXAMPLES / "flux/stacks/Pulumi.example.yaml").read_text())["config"]
HERE = "flux-system"
SENDER = {"type": "github", "secret": "hook"}
FOLDER = {"path": "shared", "namespace": "shared", "kinds": ["ConfigMap"]}
CHART = {"source": "charts", "chart": "cache", "version": "1.4.0", "namespace": "cache", "kinds": ["Service"]}
SOURCES = {
    "charts": {"kind": "helm", "url": "https://charts.example.com"},
    "whole": {"kind": "oci", "url": "oci://registry.example.com/whole", "tag": "1.0.0"},
}
IMAGE = {"image": "registry.example.com/shop", "semver": ">=1.0.0"}


def keys(**more: Any) -> dict[str, Any]:
    gitops = {"kind": "flux", "repository": "https://git.example.com/platform/delivery.git", **more}
    controllers = ["source", "kustomize", "helm", "notification", "image-reflector", "image-automation"]
    return {**stack_keys(), "gitops": gitops, "platform": {"flux": {"controllers": controllers}}}


def objects(given: dict[str, Any]) -> list[Manifest]:
    """Everything that Flux is told, and the namespaces."""
    stack, apps = StackSpec.model_validate(given), [AppSpec.model_validate(example_app())]
    return [*namespaces(stack, apps), *git_sources(stack, apps), *git_orders(stack)]


def full() -> dict[str, Any]:
    """A stack that writes every key at least once."""
    given = copy.deepcopy(EXAMPLE["coalmine:gitops"])
    given["other_sources"]["whole"] = {"kind": "oci", "url": "oci://r.example.com/a", "digest": f"sha256:{'a' * 64}"}
    given["other_sources"]["newest"] = {"kind": "oci", "url": "oci://r.example.com/b", "semver": "1.x", "secret": "s"}
    given["other_sources"]["pages"] |= {"prefix": "a/", "provider": "generic"}
    given["folders"]["pages"] |= {"pod_security": "baseline", "timeout": "1m"}
    given["images"]["stock"] |= {"digest": False}
    given["images"]["last"] = {"image": "registry.example.com/last", "alphabetical": "asc"}
    given["image_updates"] |= {"branch": "newer", "message": "Newer"}
    channels = {"team-shop": {"kind": "slack", "channel": "shop"}, "other": {"kind": "teams"}}
    return {**changed(keys(), "delivery", "channels", to=channels), "gitops": given}


OTHERWISE = {"provider": "aws", "severity": "error", "type": "gitlab", "pod_security": "privileged"}
OTHERWISE |= {"numerical": "desc", "alphabetical": "desc", "version": "1.4.1", "timeout": "2m"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Path of every value, with another one for it."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key != "kind":
                yield from places(inside, (*path, key))
    elif isinstance(value, list):
        yield path, value[1:] or REMOVED
        for index, inside in enumerate(value):
            yield from places(inside, (*path, index)) if isinstance(inside, dict) else ()
    elif isinstance(value, bool | int):
        yield path, not value
    else:
        yield path, OTHERWISE.get(path[-1], f"{value}x")


def fields_of(annotation: Any) -> Iterator[str]:
    """Every key of the models in an annotation, as `Model.key`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield f"{annotation.__name__}.{name}"
            yield from fields_of(field.annotation)
    for inner in get_args(annotation) if get_origin(annotation) is not None else ():
        yield from fields_of(inner)


def _names() -> set[str]:
    return {name.partition(".")[2] for name in fields_of(FluxMore)} - {"kind", "account", "values"}


def test_every_key_reaches_an_object_or_is_refused() -> None:
    stack = full()
    before = objects(stack)
    seen, lost = set(), []
    for path, other in places({key: one for key, one in stack["gitops"].items() if key in FluxMore.model_fields}):
        seen |= {part for part in path if isinstance(part, str)}
        try:
            if objects(changed(stack, "gitops", *path, to=other)) == before:
                lost.append(path)
        except ValidationError:
            continue
    assert lost == [], "changed, and no object says so"
    assert _names() <= seen, "write these into `full`, or nothing is known of them"


def test_nothing_refers_to_another_namespace_and_all_is_in_fluxs_own() -> None:
    def references(value: Any) -> Iterator[Any]:
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            if isinstance(inner, dict) and "namespace" in inner:
                yield inner
            yield from references(inner)

    made = [one for one in objects(full()) if "toolkit.fluxcd.io" in one["apiVersion"]]
    assert len({one["kind"] for one in made}) == 12
    for one in made:
        assert one["metadata"]["namespace"] == HERE, one["metadata"]["name"]
        assert list(references(one["spec"])) == [], f"{one['kind']} {one['metadata']['name']} reaches elsewhere"


def test_what_is_brought_may_be_what_it_says_in_its_namespace_and_no_more() -> None:
    made = objects(keys(other_sources=SOURCES, charts={"cache": CHART}, folders={"shared": FOLDER}))
    for kind, name, account, resources in (
        ("HelmRelease", "cache", "bring-chart-cache", {"services", "secrets"}),
        ("Kustomization", "shared", "bring-folder-shared", {"configmaps"}),
    ):
        spec = only(made, kind, name)["spec"]
        assert spec["serviceAccountName"] == account
        role, binding = only(made, "Role", account), only(made, "RoleBinding", account)
        assert {role["metadata"]["namespace"], binding["metadata"]["namespace"]} == {spec["targetNamespace"]}
        assert {one for rule in role["rules"] for one in rule["resources"]} == resources
        assert only(made, "Namespace", spec["targetNamespace"])
    assert only(made, "HelmRelease")["spec"]["storageNamespace"] == "cache", "Helm's Secrets beside everybody's"


def test_an_account_of_the_users_gets_no_rights_from_us() -> None:
    given = {**changed(CHART, "kinds", to=REMOVED), "account": "deployer"}
    made = objects(keys(other_sources=SOURCES, charts={"cache": given}))
    assert only(made, "HelmRelease")["spec"]["serviceAccountName"] == "deployer"
    assert not [one for one in made if one["kind"] in ("Role", "ServiceAccount")]


def test_an_artefact_is_a_chart_where_a_chart_is_brought_from_it() -> None:
    chart = {"source": "whole", "namespace": "cache", "kinds": ["Service"]}
    made = objects(keys(other_sources=SOURCES, charts={"cache": chart}))
    assert only(made, "HelmRelease")["spec"]["chartRef"] == {"kind": "OCIRepository", "name": "whole"}
    assert only(made, "OCIRepository")["spec"]["layerSelector"]["operation"] == "copy"
    folder = {**FOLDER, "source": "whole"}
    plain = objects(keys(other_sources=SOURCES, folders={"shared": folder}))
    assert "layerSelector" not in only(plain, "OCIRepository")["spec"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"receivers": {"hook": {"type": "github"}}}, "receivers.hook.secret: is missing, so anybody could call: name"),
        (
            {"image_updates": {"author": "a@example.com"}, "images": {"shop": IMAGE}},
            "image_updates: nobody may write to https://git.example.com/platform/delivery.git: give 'password' in "
            "'credentials.gitops', or name in 'gitops.secret' a Secret",
        ),
        (
            {"other_sources": {"a": {"kind": "bucket", "endpoint": "s3.example.com", "bucket": "a"}}},
            "other_sources.a.secret: is missing: name the Secret with 'accesskey' and 'secretkey', or the cloud",
        ),
        (
            {"other_sources": {"a": {"kind": "helm", "url": "https://me:hunter2@charts.example.com"}}},
            "other_sources.a.url: 'https://me:hunter2@charts.example.com' is not an address of charts",
        ),
        (
            {"other_sources": {"a": {"kind": "helm", "url": "http://charts.example.com"}}},
            "other_sources.a.url: 'http://charts.example.com' is not an address of charts",
        ),
        (
            {"other_sources": {"a": {"kind": "oci", "url": "oci://r.example.com/a"}}},
            "other_sources.a: give exactly one of tag, semver, digest (found none)",
        ),
        (
            {"folders": {"a": {"path": "shared", "namespace": "a"}}},
            "folders.a.kinds: is missing, so it may bring nothing: write its kinds, like [Deployment.apps, Service]",
        ),
        (
            {"folders": {"a": {**FOLDER, "kinds": ["ClusterRole.rbac.authorization.k8s.io"]}}},
            "folders.a.kinds[0]: ClusterRole.rbac.authorization.k8s.io is the whole cluster's",
        ),
        (
            {"folders": {"a": {**FOLDER, "account": "mine"}}},
            "folders.a.kinds: is for an account that is made, and 'account' names one of yours",
        ),
        ({"folders": {"a": {**FOLDER, "source": "chart"}}}, "folders.a.source: no such source 'chart'"),
        (
            {"folders": {"a": {**FOLDER, "source": "charts"}}, "other_sources": SOURCES},
            "folders.a.source: 'charts' holds charts: bring one by 'charts'",
        ),
        (
            {"folders": {"a": {**FOLDER, "path": "clusters/test/shop"}}},
            "folders.a.path: is in 'clusters/test', which is the apps': choose another folder",
        ),
        ({"folders": {"a": {**FOLDER, "path": "clusters"}}}, "folders.a.path: would bring the apps in 'clusters/test'"),
        (
            {"folders": {"a": {**FOLDER, "depends_on": ["b"]}, "b": {**FOLDER, "depends_on": ["a"]}}},
            "folders.a.depends_on: 'a' would wait for itself",
        ),
        (
            {"charts": {"a": {**CHART, "version": "1.x"}}, "other_sources": SOURCES},
            "charts.a.version: '1.x' is not a chart's version: write the exact one",
        ),
        (
            {"charts": {"a": {**CHART, "source": "whole"}}, "other_sources": SOURCES},
            "charts.a.chart: 'whole' is one chart of one version: leave it out",
        ),
        (
            {"images": {"a": {**IMAGE, "numerical": "asc"}}},
            "images.a: give exactly one of semver, numerical, alphabetical (found semver and numerical)",
        ),
        ({"images": {"a": {**IMAGE, "image": "shop:1.0.0"}}}, "images.a.image: 'shop:1.0.0' is not an image without"),
        (
            {"receivers": {"hook": {**SENDER, "sources": ["chart"]}}, "other_sources": SOURCES},
            "receivers.hook.sources[0]: no such name 'chart' (did you mean 'charts'?)",
        ),
        ({"notify": [{"channel": "nobody"}]}, "notify[0].channel: the cluster has no channel 'nobody' (it has none)"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    project = Project(tmp_path)
    project.stack(keys(**more))
    project.apps(example_app())
    found = project.messages()
    assert any(line.startswith(f"stacks/Pulumi.test.yaml: coalmine:gitops.{said}") for line in found), found


@pytest.mark.parametrize(
    ("more", "lacking"),
    [
        ({"charts": {"a": CHART}, "other_sources": SOURCES}, "helm"),
        ({"images": {"a": IMAGE}}, "image-reflector"),
        ({"receivers": {"a": SENDER}}, "notification"),
    ],
)
def test_what_no_controller_would_do_is_refused(tmp_path: Path, more: dict[str, Any], lacking: str) -> None:
    project = Project(tmp_path)
    project.apps(example_app())
    few = {"flux": {"controllers": ["source", "kustomize"]}}
    project.stack({**keys(**more), "platform": few})
    key = next(iter(more))
    said = f"coalmine:gitops.{key}: nobody does it: add '{lacking}' to 'platform.flux.controllers'"
    assert project.messages() == [f"stacks/Pulumi.test.yaml: {said}"]
    project.stack({**keys(**more), "platform": {"flux": {"install": False}}})
    assert project.messages() == [], "a Flux of the cluster's own may have it"


def test_namespaces_of_others_and_names_of_apps_are_refused(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(example_app())
    folder = {**FOLDER, "namespace": HERE}
    project.stack(keys(folders={example_app()["name"]: folder}))
    assert [str(one) for one in problems(project.load())] == [
        "stacks/Pulumi.test.yaml: coalmine:gitops.folders.shop.namespace: 'flux-system' belongs to flux: "
        "choose another",
        "apps/app.yaml: name: 'shop' is a folder in 'gitops.folders': give one of the two another name",
    ]
