"""A mirror of files and images: used instead of the public places, and refused where it is not the same."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.platform.bundle import bundle_of
from components.platform.images import GRAFANA_IMAGE
from components.platform.pieces import argo_rollouts, grafana
from components.platform.sources import ARGO_ROLLOUTS_INSTALL, Source, SourceError, locate
from components.releases import GoModule
from components.spec.cluster import StackSpec
from components.spec.errors import SpecError
from tests.registries import Registry, registry
from tests.specs import Project, changed, only, stack_keys

CONTENT = b"kind: ConfigMap\n"
PUBLIC = "https://files.example.com/thing/v1.2.3/install.yaml"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A server of files, over real HTTP, and an empty cache."""
    monkeypatch.setenv("COALMINE_CACHE", str(tmp_path / "cache"))
    with registry() as made:
        yield made


def source(server: Registry) -> Source:
    """A pinned file that is looked for on the mirror."""
    module = GoModule(name="thing", path="example.com/thing", version="v1.2.3", build_seconds=0)
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Source("thing", module, ("install.yaml",), PUBLIC, digest, mirror=f"http://{server.name}/coalmine")


PLACE = "/coalmine/files.example.com/thing/v1.2.3/install.yaml"


def keys(**platform: Any) -> dict[str, Any]:
    """A stack without apps whose platform needs no charts."""
    made = changed(stack_keys(), "apps", to=[])
    return {**made, "platform": {"istio": {"install": False}, "grafana": {"install": True}, **platform}}


def spec(**platform: Any) -> StackSpec:
    return StackSpec.model_validate(keys(**platform))


def test_a_file_is_looked_for_below_the_mirror_by_its_public_host_and_path(server: Registry) -> None:
    server.answers[PLACE] = (200, {}, CONTENT)
    assert (locate(source(server)) / "install.yaml").read_bytes() == CONTENT
    assert server.asked == [PLACE]
    locate(source(server))
    assert server.asked == [PLACE], "what is in the cache is not asked for again"


def test_a_mirror_that_lacks_a_file_is_refused_with_what_belongs_there(server: Registry) -> None:
    with pytest.raises(SourceError) as raised:
        locate(source(server))
    assert raised.value.path == "platform.mirror.files"
    assert str(raised.value) == f"http://{server.name}{PLACE} cannot be read (Not Found): put there what is at {PUBLIC}"
    assert server.asked == [PLACE], "the public place is not asked where a mirror is set"


def test_a_mirror_with_another_file_is_refused_and_nothing_is_kept(server: Registry, tmp_path: Path) -> None:
    server.answers[PLACE] = (200, {}, b"changed\n")
    with pytest.raises(SourceError) as raised:
        locate(source(server))
    assert raised.value.path == "platform.mirror.files"
    found, expected = (hashlib.sha256(text).hexdigest() for text in (b"changed\n", CONTENT))
    assert str(raised.value) == (
        f"http://{server.name}{PLACE} is not thing v1.2.3 (sha256 {found}, expected {expected}): replace it by what is "
        f"at {PUBLIC}"
    )
    assert not (tmp_path / "cache/releases/thing-v1.2.3").exists()


def test_the_pieces_of_a_stack_ask_its_mirror(server: Registry) -> None:
    with pytest.raises(SourceError, match=f"http://{server.name}/below/raw.githubusercontent.com/argoproj/"):
        argo_rollouts.stages(spec(mirror={"files": f"http://{server.name}/below"}))
    assert bundle_of(spec()).source(ARGO_ROLLOUTS_INSTALL) is ARGO_ROLLOUTS_INSTALL


def image_of_grafana(stack: StackSpec) -> str:
    _, running = grafana.stages(stack)
    [container] = only(running, "Deployment", "grafana")["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


def test_images_get_the_mirrors_prefix_and_the_digest_of_their_public_name() -> None:
    digest = f"sha256:{'a' * 64}"
    mirrored = {"mirror": {"images": "registry.example.com:5000/mirror"}}
    assert image_of_grafana(spec()) == GRAFANA_IMAGE
    assert image_of_grafana(spec(**mirrored)) == f"registry.example.com:5000/mirror/{GRAFANA_IMAGE}"
    both = spec(**mirrored, image_digests={GRAFANA_IMAGE: digest})
    assert image_of_grafana(both) == f"registry.example.com:5000/mirror/{GRAFANA_IMAGE}@{digest}"
    assert bundle_of(both).public(image_of_grafana(both)) == GRAFANA_IMAGE


def test_an_image_without_a_digest_is_refused_where_the_stack_gives_digests() -> None:
    with pytest.raises(SourceError) as raised:
        image_of_grafana(spec(image_digests={}))
    assert raised.value.path == "platform.image_digests"
    assert str(raised.value) == (
        f"has no digest of {GRAFANA_IMAGE}: run `coalmine bundle resolve` again, which asks your registry"
    )


def test_digests_stand_in_a_file_of_the_project(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.stack(keys(image_digests="stacks/digests.test.yaml"))
    digest = f"sha256:{'a' * 64}"
    project.write("stacks/digests.test.yaml", f"{GRAFANA_IMAGE}: {digest}\n")
    assert project.load().spec.platform.image_digests == {GRAFANA_IMAGE: digest}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "no such file 'stacks/digests.test.yaml': `coalmine bundle resolve` writes it"),
        ("- a\n", "coalmine:platform.image_digests: must be a mapping of keys to values, not a list"),
        (f"{GRAFANA_IMAGE}: sha256:12\n", "'sha256:12' is not a digest of an image"),
        ("grafana: sha256:" + "a" * 64, "'grafana' is not an image by its tag, like 'docker.io/istio/pilot:1.31.0'"),
        ("{}\n---\n{}\n", "holds several documents"),
    ],
)
def test_a_file_of_digests_that_is_none_is_refused(tmp_path: Path, text: str | None, problem: str) -> None:
    project = Project(tmp_path)
    project.stack(keys(image_digests="stacks/digests.test.yaml"))
    if text is not None:
        project.write("stacks/digests.test.yaml", text)
    with pytest.raises(SpecError) as raised:
        project.load()
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("mirror", "path", "message"),
    [
        ({}, "platform.mirror", "needs 'files', 'images' or both: leave it out for the public places"),
        ({"files": "https://u:p@x.example.com/a"}, "platform.mirror.files", "is not the address of a folder"),
        ({"files": "https://x.example.com/a/"}, "platform.mirror.files", "without a '/' at its end"),
        ({"images": "https://registry.example.com"}, "platform.mirror.images", "without 'https://' and a '/'"),
        ({"images": "registry.example.com/Mirror"}, "platform.mirror.images", "is not where images are"),
    ],
)
def test_a_mirror_that_is_none_is_refused(tmp_path: Path, mirror: dict[str, str], path: str, message: str) -> None:
    project = Project(tmp_path)
    project.stack(keys(mirror=mirror))
    with pytest.raises(SpecError) as raised:
        project.load()
    [line] = str(raised.value).splitlines()
    assert line.startswith(f"stacks/Pulumi.test.yaml: coalmine:{path}: ")
    assert message in line
