"""A tool comes from PATH in its pinned version only, else from the cache, else it is missing with a remedy."""

import sys
from pathlib import Path

import pytest

from components.releases import GO_MODULES, GoModule, tool, tools_of
from localcluster.tools import ToolMissing, missing, tool_path
from localcluster.tools.find import is_pinned
from localcluster.tools.identity import built_path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COALMINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH, but for the shell's own commands."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def _program(file: Path, answer: str) -> Path:
    """A program that answers to anything, and counts how often it was asked."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho asked >> {file}.asked\necho '{answer}'\n")
    file.chmod(0o755)
    return file


def _in_cache(name: str) -> Path:
    row = tool(name)
    assert isinstance(row.source, GoModule)
    return _program(built_path(row.source, row), "built")


def test_the_pinned_version_on_path_is_taken(cache: Path, on_path: Path) -> None:
    program = _program(on_path / "helm", "v3.22.0+g1234")
    _in_cache("helm")
    assert tool_path("helm") == program


def test_another_version_on_path_is_passed_over(cache: Path, on_path: Path) -> None:
    _program(on_path / "helm", "v3.22.01")
    built = _in_cache("helm")
    assert tool_path("helm") == built


def test_a_program_on_path_is_asked_once_until_it_changes(cache: Path, on_path: Path) -> None:
    program = _program(on_path / "helm", "v3.21.0")
    built = _in_cache("helm")
    assert [tool_path("helm"), tool_path("helm")] == [built, built]
    assert Path(f"{program}.asked").read_text() == "asked\n"
    _program(on_path / "helm", "v3.22.0 (new)")
    assert tool_path("helm") == program


def test_a_program_that_cannot_run_is_passed_over(cache: Path, on_path: Path) -> None:
    program = _program(on_path / "helm", "v3.22.0")
    program.write_text("#!/no/such/interpreter\n")
    built = _in_cache("helm")
    assert tool_path("helm") == built


def test_a_missing_tool_is_named_with_the_remedy(cache: Path, on_path: Path) -> None:
    with pytest.raises(ToolMissing) as caught:
        tool_path("kube-apiserver")
    assert str(caught.value) == (
        "kube-apiserver in its pinned version is neither on PATH nor in the cache: run `make up`"
    )


def test_unknown_names_are_refused(cache: Path) -> None:
    with pytest.raises(KeyError, match="unknown tool 'kubectl'"):
        tool_path("kubectl")


def test_envoy_comes_from_the_environment_that_runs_the_tests(cache: Path, on_path: Path) -> None:
    assert tool_path("envoy").name == "envoy"
    assert "site-packages" in tool_path("envoy").parts


def test_an_active_environment_does_not_put_a_script_in_the_place_of_envoy(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its script needs the environment's Python, which a pod's view of the files does not have."""
    scripts = Path(sys.executable).parent
    assert (scripts / "envoy").is_file(), "the environment has no such script: this proves nothing"
    monkeypatch.setenv("PATH", f"{scripts}:/usr/bin:/bin")
    assert "site-packages" in tool_path("envoy").parts


def test_missing_modules_come_once_and_the_longest_first(cache: Path, on_path: Path) -> None:
    names = ["etcd", "kube-scheduler", "kube-apiserver", "helm"]
    assert [module.name for module in missing(names)] == ["kubernetes", "helm", "etcd"]
    _in_cache("helm")
    assert [module.name for module in missing(names)] == ["kubernetes", "etcd"]
    others = [module for module in GO_MODULES if module.name != "helm" and tools_of(module)]
    assert sorted(module.name for module in missing()) == sorted(module.name for module in others)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL", True),
        ("1.40.0", True),
        ("v1.40.0.", True),
        ("11.40.0", False),
        ("1.40.01", False),
        ("1.40.0.1", False),
        ("0.1.40.0", False),
        ("1.41.0", False),
        ("", False),
    ],
)
def test_a_version_is_matched_as_a_whole(answer: str, expected: bool) -> None:
    assert is_pinned(tool("envoy"), answer) is expected
