"""`coalmine bundle`: the bundles, and what going from one to another changes on a stack."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import bundles
from components.platform.bundle import bundle_of
from components.platform.images import ARGO_ROLLOUTS_IMAGE, PROMETHEUS_IMAGE
from tests.coalmine import coalmine
from tests.registries import Registry, registry
from tests.specs import ROOT, Project, changed, stack_keys

OLD, NEW = bundles.names()[1], bundles.NEWEST


def test_all_bundles_are_listed_with_their_versions() -> None:
    found = json.loads(coalmine("bundle", "list", "--json").stdout)
    assert [one["name"] for one in found] == list(bundles.names())
    assert [one["name"] for one in found if one["newest"]] == [NEW]
    assert found[0]["images"]["quay.io/prometheus/prometheus"].startswith("v3.")
    said = coalmine("bundle", "list").stdout
    assert all(name in said for name in bundles.names())


def test_a_bundle_is_shown_with_digests() -> None:
    found = json.loads(coalmine("bundle", "show", OLD, "--json").stdout)
    assert len(found["sources"]["argo-rollouts"]["sha256"]) == 64
    assert found["sources"]["argo-rollouts"]["version"] in coalmine("bundle", "show", OLD).stdout


def test_an_unknown_bundle_is_a_users_mistake() -> None:
    done = coalmine("bundle", "diff", OLD, "2026.13")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "coalmine: no bundle '2026.13' (did you mean '2026.12'?)\n"


def test_an_upgrade_says_which_objects_of_a_stack_change_and_that_no_release_starts() -> None:
    done = coalmine("bundle", "diff", OLD, NEW, "--stack", "production", "--json", cwd=ROOT)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    changed = {(one["kind"], one["name"]): one["fields"] for one in found["objects"]}
    images = {place: [path for path, _, _ in fields] for place, fields in changed.items()}
    assert images[("Deployment", "argo-rollouts")] == ["spec.template.spec.containers[0].image"]
    assert images[("Deployment", "prometheus")] == ["spec.template.spec.containers[0].image"]
    assert not [one for one in found["objects"] if one["piece"] == "apps"], "an upgrade starts a release"
    said = coalmine("bundle", "diff", OLD, NEW, "--stack", "production", cwd=ROOT).stdout
    assert said.endswith("No object of any app differs: no release starts.\n")


def test_the_way_back_is_told_too() -> None:
    there, back = (
        json.loads(coalmine("bundle", "diff", *names, "--json").stdout)["versions"]
        for names in ((OLD, NEW), (NEW, OLD))
    )
    assert [(one["old"], one["new"]) for one in there] == [(one["new"], one["old"]) for one in back]


@pytest.fixture
def server() -> Iterator[Registry]:
    """A registry that stands in for a user's own, over real HTTP."""
    with registry() as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, server: Registry) -> Project:
    """A stack whose platform needs no charts, with images in that registry."""
    made = Project(tmp_path)
    made.stack(keys(server))
    return made


def keys(server: Registry, **platform: object) -> dict[str, Any]:
    """The stack's keys; the mesh is the cluster's own."""
    mirror = {"images": f"{server.name}/mirror"}
    made = {**changed(stack_keys(), "apps", to=[]), "platform": {"istio": {"install": False}, "mirror": mirror}}
    made["platform"] |= platform
    return made


IMAGES = (ARGO_ROLLOUTS_IMAGE, PROMETHEUS_IMAGE)


def test_digests_are_asked_of_the_users_registry_and_then_used(project: Project, server: Registry) -> None:
    digests = {image: server.push(f"mirror/{image}") for image in IMAGES}
    server.wants_a_token()
    done = coalmine("bundle", "resolve", "--stack", "test", cwd=project.root)
    assert (done.returncode, done.stderr) == (0, "")
    file = project.root / "stacks/digests.test.yaml"
    assert yaml.safe_load(file.read_text()) == digests
    assert "coalmine:platform: {image_digests: stacks/digests.test.yaml}" in done.stdout
    project.stack(keys(server, image_digests="stacks/digests.test.yaml"))
    found = bundle_of(project.load().spec).image(PROMETHEUS_IMAGE)
    assert found == f"{server.name}/mirror/{PROMETHEUS_IMAGE}@{digests[PROMETHEUS_IMAGE]}"
    assert coalmine("validate", cwd=project.root).returncode == 0
    again = coalmine("bundle", "resolve", "--stack", "test", "--json", cwd=project.root)
    assert json.loads(again.stdout) == {"file": str(file), "digests": digests}


def test_every_image_without_a_digest_is_told_and_nothing_is_written(project: Project, server: Registry) -> None:
    server.push(f"mirror/{ARGO_ROLLOUTS_IMAGE}", digest="sha256:0")
    project.stack(keys(server, image_digests="stacks/not-there.yaml"))
    done = coalmine("bundle", "resolve", "--stack", "test", cwd=project.root)
    assert (done.returncode, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    place = f"stacks/Pulumi.test.yaml: coalmine:platform: {server.name}/mirror/"
    assert first.startswith(f"{place}{ARGO_ROLLOUTS_IMAGE}: the registry says sha256:0 of content that is sha256:")
    assert (
        second == f"{place}{PROMETHEUS_IMAGE} is not there: copy it to that registry, or correct platform.mirror.images"
    )
    assert not list((project.root / "stacks").glob("digests*"))
