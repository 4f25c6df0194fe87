"""Pinned upstream files: where they are found, and that nothing but the pinned content is ever used."""

import hashlib
import io
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from components.platform import sources
from components.platform.sources import SOURCES, Source, SourceError, digest, locate, main
from components.releases import GoModule

MODULE = GoModule(name="thing", path="example.com/thing", version="v1.2.3", build_seconds=0)


def file_source(content: bytes, url: str = "https://nowhere.invalid/install.yaml") -> Source:
    """A source that is one file with this content."""
    return Source("thing", MODULE, ("manifests/install.yaml",), url, hashlib.sha256(content).hexdigest())


def tree_source(folder: Path, url: str = "https://nowhere.invalid/tree.tar.gz") -> Source:
    """A source that is the folder `charts` below a folder."""
    unpinned = Source("thing", MODULE, ("charts",), url, "")
    return Source("thing", MODULE, ("charts",), url, digest(unpinned, folder))


def written(root: Path, path: str, content: bytes = b"content\n") -> Path:
    """A file that is there."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    monkeypatch.setenv("COALMINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def module(cache: Path) -> Path:
    """The unpacked Go module in the cache."""
    return cache / "go" / "mod" / "example.com" / "thing@v1.2.3"


def answering(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[str]:
    """Lets every download answer with this content; returns the addresses that are asked."""
    asked: list[str] = []

    def answer(url: str, timeout: float) -> io.BytesIO:
        asked.append(url)
        return io.BytesIO(content)

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    return asked


def test_a_file_of_the_unpacked_module_is_kept_in_the_cache(cache: Path, module: Path) -> None:
    written(module, "manifests/install.yaml")
    root = locate(file_source(b"content\n"))
    assert root == cache / "releases" / "thing-v1.2.3"
    assert (root / "manifests/install.yaml").read_bytes() == b"content\n"


def test_what_is_in_the_cache_is_used_without_module_or_network(cache: Path) -> None:
    written(cache, "releases/thing-v1.2.3/manifests/install.yaml")
    assert locate(file_source(b"content\n")) == cache / "releases" / "thing-v1.2.3"


def test_a_changed_file_in_the_cache_is_refused_in_one_line_that_says_what_to_do(cache: Path) -> None:
    written(cache, "releases/thing-v1.2.3/manifests/install.yaml", b"changed\n")
    with pytest.raises(SourceError) as raised:
        locate(file_source(b"content\n"))
    message = str(raised.value)
    assert "\n" not in message
    assert "is not the pinned release" in message
    assert hashlib.sha256(b"changed\n").hexdigest() in message
    assert message.endswith("delete that folder and run again")


def test_a_module_with_other_content_is_refused_and_not_kept(cache: Path, module: Path) -> None:
    written(module, "manifests/install.yaml", b"changed\n")
    with pytest.raises(SourceError, match="is not the pinned release"):
        locate(file_source(b"content\n"))
    assert not (cache / "releases" / "thing-v1.2.3").exists()


def test_a_file_is_downloaded_where_nothing_is_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, b"content\n")
    root = locate(file_source(b"content\n"))
    assert (root / "manifests/install.yaml").read_bytes() == b"content\n"
    assert asked == ["https://nowhere.invalid/install.yaml"]


def test_a_download_with_other_content_is_refused_and_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, b"an error page")
    with pytest.raises(SourceError, match="is not the pinned release"):
        locate(file_source(b"content\n"))
    assert not (cache / "releases" / "thing-v1.2.3").exists()


def test_of_a_downloaded_archive_only_the_pinned_paths_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tree_source(written(tmp_path / "upstream", "charts/base/Chart.yaml").parents[2])
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name in ("thing-abc/charts/base/Chart.yaml", "thing-abc/other.txt", "thing-abc/chartsmith/x"):
            entry = tarfile.TarInfo(name)
            entry.size = len(b"content\n")
            tar.addfile(entry, io.BytesIO(b"content\n"))
    answering(monkeypatch, archive.getvalue())
    root = locate(source)
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()) == [
        "charts/base/Chart.yaml"
    ]


def test_a_tree_with_one_more_file_is_refused(cache: Path, tmp_path: Path) -> None:
    source = tree_source(written(tmp_path / "upstream", "charts/base/Chart.yaml").parents[2])
    written(cache, "releases/thing-v1.2.3/charts/base/Chart.yaml")
    assert locate(source).is_dir()
    written(cache, "releases/thing-v1.2.3/charts/base/templates/extra.yaml")
    with pytest.raises(SourceError, match="is not the pinned release"):
        locate(source)


def test_fetch_says_in_one_line_what_cannot_be_downloaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(url: str, timeout: float) -> io.BytesIO:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(sources, "SOURCES", (file_source(b"content\n"),))
    assert main(["fetch"]) == 1
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert said.startswith(
        "thing v1.2.3 cannot be downloaded from https://nowhere.invalid/install.yaml (no route to host)"
    )


def test_fetch_names_a_go_program_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sources, "SOURCES", (file_source(b"content\n"),))
    assert main(["fetch", "--go", "no-such-go"]) == 1
    assert capsys.readouterr().err.strip() == "no-such-go cannot be run: no such file or directory"


def test_the_digest_of_a_row_is_computed_from_what_was_fetched(
    module: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sources, "SOURCES", (file_source(b"content\n"),))
    written(module, "manifests/install.yaml")
    written(module.with_name("thing@v2.0.0"), "manifests/install.yaml", b"newer\n")
    assert main(["digest", "thing"]) == 0
    assert main(["digest", "thing", "v2.0.0"]) == 0
    assert capsys.readouterr().out.split() == [
        hashlib.sha256(content).hexdigest() for content in (b"content\n", b"newer\n")
    ]
    assert main(["digest", "thing", "v3.0.0", "--go", "no-such-go"]) == 1
    assert main(["digest", "thin"]) == 1
    unfetched, unknown = capsys.readouterr().err.splitlines()
    assert unfetched == "no-such-go cannot be run: no such file or directory"
    assert unknown == "no source 'thin' (known: thing)"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_source_is_pinned_by_version_and_digest(source: Source) -> None:
    assert len(source.sha256) == 64
    assert source.url.startswith("https://")
    assert source.module.version.rsplit("-", 1)[-1] in source.url, "the address must name the pinned version"
