"""Bundles: which there are, what they pin, and what of a stack they refuse."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from components import bundles
from components.platform import bundle as of_platform
from components.platform import freeze, sources
from components.platform.bundle import Bundle, as_data, bundle, problems
from components.platform.sources import SOURCES, Source, SourceError, digest
from components.releases import ARGO_ROLLOUTS, FLAGGER
from components.spec.errors import SpecError
from tests.specs import Project, changed, stack_keys

TAG = re.compile(r"([a-z]+-)?v?\d+\.\d+\.\d+[A-Za-z0-9._-]*")
"""With all three numbers; Envoy's begin with the kind of the image."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stack without apps."""
    made = Project(tmp_path)
    made.stack(changed(stack_keys(), "apps", to=[]))
    return made


def found(project: Project, name: str | None = None, kubernetes: str = "1.36", engine: str = "flagger") -> list[str]:
    """What the platform refuses of a stack with a bundle on a version of Kubernetes."""
    keys = changed(stack_keys(), "apps", to=[])
    keys["cluster"]["kubernetes"] = kubernetes
    keys["delivery"]["engine"] = engine
    project.stack({**keys, "platform": {"bundle": name}} if name else keys)
    return [str(problem) for problem in problems(project.load())]


def messages(project: Project, name: object) -> str:
    """Why a stack with this bundle is not valid."""
    project.stack({**changed(stack_keys(), "apps", to=[]), "platform": {"bundle": name}})
    with pytest.raises(SpecError) as raised:
        project.load()
    return str(raised.value)


def test_the_newest_bundle_is_the_default_and_the_table_itself(project: Project) -> None:
    assert found(project) == []
    assert project.load().spec.platform.bundle == bundles.NEWEST == bundles.names()[0]
    newest = bundle(bundles.NEWEST)
    for source in SOURCES:
        assert source in sources.FOR_CHECKS or newest.source(source) is source


def test_there_is_a_bundle_to_come_from() -> None:
    assert len(bundles.names()) >= 2, "without an earlier bundle no upgrade can be tested"
    assert list(bundles.names()) == sorted(bundles.names(), reverse=True), "the newest comes first"


@pytest.mark.parametrize("name", bundles.names())
def test_every_version_of_a_bundle_is_exact_and_every_file_has_a_digest(name: str) -> None:
    of = bundle(name)
    assert of.images
    for repository, tag in of.images.items():
        assert TAG.fullmatch(tag), f"{repository}:{tag} is no exact version"
    for source in of.sources.values():
        assert re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert source.module.version.rsplit("-", 1)[-1] in source.url, f"{source.url} is another version's address"


@pytest.mark.parametrize("name", bundles.names()[1:])
def test_the_file_of_a_bundle_says_all_of_it(name: str) -> None:
    assert as_data(bundle(name)) == bundles.frozen(name)


def test_an_unknown_bundle_is_refused_with_the_nearest_one(project: Project) -> None:
    place = "stacks/Pulumi.test.yaml: coalmine:platform.bundle: "
    assert messages(project, "2026.13") == f"{place}no bundle '2026.13' (did you mean '2026.12'?)"
    assert messages(project, "next") == f"{place}no bundle 'next' (known: {', '.join(sorted(bundles.names()))})"


def test_a_bundle_without_quotes_is_a_number_and_refused_without_what_became_of_it(project: Project) -> None:
    assert messages(project, 2026.10).endswith(
        f"coalmine:platform.bundle: must be text, not a number: write it in quotes, like '{bundles.NEWEST}'"
    )


def test_a_cluster_that_is_too_old_for_a_release_is_refused_before_anything_is_made(project: Project) -> None:
    for name in bundles.names():
        assert found(project, name, "1.31") == [
            f"stacks/Pulumi.test.yaml: coalmine:cluster.kubernetes: istio of bundle '{name}' needs Kubernetes 1.32 or "
            "newer, not 1.31: upgrade the cluster, or set platform.istio.install: false"
        ]
        assert found(project, name, "1.32.4") == []


def test_a_cluster_that_is_newer_than_what_was_tested_is_refused(project: Project) -> None:
    assert found(project, kubernetes="1.99") == [
        f"stacks/Pulumi.test.yaml: coalmine:cluster.kubernetes: bundle '{bundles.NEWEST}' was tested up to Kubernetes "
        "1.36, not on 1.99: no bundle was: take a newer release of Coalmine, or install the platform's pieces yourself "
        "(`install: false`)"
    ]


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bundle]:
    """A bundle from before there was Istio, with an older Flagger, which only Kubernetes 1.30 ran."""
    newest = bundle(bundles.NEWEST)
    module = replace(FLAGGER, version="v1.20.0")
    flagger = replace(newest.sources["flagger-chart"], module=module)
    made = replace(
        newest,
        name="2020.01",
        kubernetes="1.30",
        pieces=[name for name in newest.pieces if name != "istio"],
        sources={"flagger-chart": flagger, "argo-rollouts": newest.sources["argo-rollouts"]},
        images={**newest.images, "ghcr.io/fluxcd/flagger": "1.20.0"},
    )
    names = (*bundles.names(), made.name)
    monkeypatch.setattr(bundles, "names", lambda: names)
    known = bundles.frozen
    monkeypatch.setattr(bundles, "frozen", lambda name: as_data(made) if name == made.name else known(name))
    of_platform.bundle.cache_clear()
    yield made
    of_platform.bundle.cache_clear()


def test_a_piece_that_a_bundle_does_not_have_is_refused_with_the_bundle_that_has_it(
    project: Project, old: Bundle
) -> None:
    assert found(project, old.name, "1.30")[0] == (
        "stacks/Pulumi.test.yaml: coalmine:platform.bundle: '2020.01' has no istio: choose '2026.10', or have none "
        "installed (platform.istio.install: false)"
    )
    with pytest.raises(SourceError, match=r"bundle '2020\.01' has no istio-charts"):
        old.source(sources.ISTIO_CHARTS)


def test_the_bundle_that_was_tested_on_the_cluster_is_named(project: Project, old: Bundle) -> None:
    said = "".join(found(project, old.name, "1.36"))
    assert "was tested up to Kubernetes 1.30, not on 1.36: choose bundle '2026.10'" in said


def test_the_engine_is_as_old_as_its_bundle(project: Project, old: Bundle) -> None:
    """What came with a later Flagger is refused by the version that the bundle installs."""
    found(project, old.name, "1.30")
    engine = project.load().spec.delivery.engine
    assert vars(engine)["version"] == "1.20.0"
    assert engine.older_than("1.35.0")  # type: ignore[attr-defined]
    again = engine.of_bundle(bundles.NEWEST)
    assert vars(again)["version"] == FLAGGER.version.removeprefix("v"), "a version that was left open stays open"


def test_a_version_that_the_user_gives_is_the_users(project: Project, old: Bundle) -> None:
    keys = changed(stack_keys(), "delivery", "engine", to={"kind": "flagger", "version": "1.41.0"})
    project.stack({**changed(keys, "apps", to=[]), "platform": {"bundle": old.name}})
    assert vars(project.load().spec.delivery.engine)["version"] == "1.41.0"


def unpacked(cache: Path, source: Source, version: str, text: bytes) -> Path:
    """The Go module of another version of a source, in the cache, with files of this content."""
    root = cache / "go/mod" / f"{source.module.path}@{version}"
    for path in source.paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text)
    return root


def test_a_frozen_bundle_has_the_digests_of_what_was_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COALMINE_CACHE", str(tmp_path))
    install = sources.ARGO_ROLLOUTS_INSTALL
    root = unpacked(tmp_path, install, "v1.8.0", b"kind: ConfigMap\n")
    made = freeze.frozen("2025.01", {ARGO_ROLLOUTS.path: "v1.8.0"}, {"docker.io/grafana/grafana": "13.0.0"}, "no-go")
    older = made.source(install)
    assert older.sha256 == digest(install, root) != install.sha256
    assert older.url == install.url.replace(ARGO_ROLLOUTS.version, "v1.8.0")
    assert made.source(sources.FLAGGER_CHART) == sources.FLAGGER_CHART
    assert made.images["docker.io/grafana/grafana"] == "13.0.0"


def test_what_cannot_be_fetched_or_is_not_known_is_not_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COALMINE_CACHE", str(tmp_path))
    monkeypatch.setattr(bundles, "file_of", lambda name: tmp_path / f"{name}.yaml")
    assert freeze.main(["2025.01", "--version", f"{ARGO_ROLLOUTS.path}=v1.8.0", "--go", "no-such-go"]) == 1
    assert capsys.readouterr().err == "no-such-go cannot be run: no such file or directory\n"
    assert freeze.main(["2025.01", "--version", "example.com/none=v1"]) == 1
    assert capsys.readouterr().err.startswith(f"example.com/none is not in bundle '{bundles.NEWEST}' (known: ")
    assert not (tmp_path / "2025.01.yaml").exists()
    assert freeze.main(["2025.01"]) == 0
    assert "sha256" in (tmp_path / "2025.01.yaml").read_text()
