"""The table of pinned versions agrees with every other place that has to name them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from components import releases
from components.releases import GO_MODULES, TOOLS, GoModule, Wheel

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "localcluster" / "tools"


@pytest.mark.parametrize("module", GO_MODULES, ids=lambda module: module.name)
def test_go_mod_pins_exactly_the_tables_version(module: GoModule) -> None:
    go_mod = (MODULES / module.name / "go.mod").read_text()
    pinned = re.findall(rf"^(?:require )?\s*{re.escape(module.path)} (\S+)", go_mod, re.MULTILINE)
    assert pinned == [module.version], f"{module.name}/go.mod pins {pinned}, the table {module.version}"


@pytest.mark.parametrize("module", GO_MODULES, ids=lambda module: module.name)
def test_go_mod_names_exactly_the_programs_that_are_built(module: GoModule) -> None:
    go_mod = (MODULES / module.name / "go.mod").read_text()
    block = re.search(r"^tool \(\n(.*?)^\)", go_mod, re.MULTILINE | re.DOTALL)
    named = block.group(1).split() if block else re.findall(r"^tool (\S+)$", go_mod, re.MULTILINE)
    assert sorted(named) == sorted(tool.package for tool in releases.tools_of(module))


def test_the_staging_modules_of_kubernetes_have_its_version() -> None:
    go_mod = (MODULES / "kubernetes" / "go.mod").read_text()
    versions = re.findall(r"^replace k8s\.io/\S+ => k8s\.io/\S+ (\S+)", go_mod, re.MULTILINE)
    assert set(versions) == {releases.KUBERNETES.version.replace("v1.", "v0.", 1)}


def test_no_go_mod_lies_beside_the_table() -> None:
    folders = sorted(file.parent.name for file in MODULES.glob("*/go.mod"))
    assert folders == sorted(module.name for module in GO_MODULES)


def test_programs_that_are_built_together_are_named_after_their_packages() -> None:
    # Go names several outputs of one command itself.
    for module in GO_MODULES:
        tools = releases.tools_of(module)
        if len(tools) > 1:
            assert [tool.executable for tool in tools] == [tool.package.rsplit("/", 1)[1] for tool in tools]


def test_wheels_have_the_version_of_the_lock_file() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    wheels = {tool.source for tool in TOOLS if isinstance(tool.source, Wheel)}
    assert wheels
    for wheel in wheels:
        assert f"\n{wheel.distribution}=={wheel.version} \\\n" in lock


def test_pulumi_program_and_library_have_one_version() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"pulumi=={releases.PULUMI.version.removeprefix('v')}" in dependencies


def test_names_and_executables_are_unique() -> None:
    names = [tool.name for tool in TOOLS]
    executables = [tool.executable for tool in TOOLS]
    assert len(set(names)) == len(names) == 20
    assert len(set(executables)) == len(executables)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="unknown tool 'kubectl'; known: argo-rollouts, argocd, contour"):
        releases.tool("kubectl")
    with pytest.raises(KeyError, match="unknown Go module 'go'; known: argo-rollouts, argocd, contour"):
        releases.go_module("go")


@pytest.mark.parametrize("imported", ["components.releases", "localcluster.tools", "localcluster.bootstrap.run"])
def test_the_set_up_needs_the_standard_library_alone(imported: str) -> None:
    # -S leaves site-packages out, so that anything else than the standard library is not found.
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import {imported}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
