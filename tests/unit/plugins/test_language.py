"""The language host: which Python runs a program, and what the program's exit means."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcluster.plugins.language import program
from localcluster.plugins.language.environment import PythonEnvironmentError, resolve
from localcluster.plugins.language.packages import PluginPackage, distributions, plugin_packages
from localcluster.plugins.wire.errors import UnsupportedError

_ROOT = Path(__file__).resolve().parents[3]
_BIN = _ROOT / "localcluster" / "plugins" / "bin"
_NAMES = [
    "pulumi-analyzer-policy-python",
    "pulumi-language-python",
    "pulumi-resource-kubernetes",
    "pulumi-resource-random",
]


def _virtualenv(root: Path, name: str = "venv") -> Path:
    python = root / name / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return root / name


def test_the_virtual_environment_of_the_options_runs_the_program(tmp_path: Path) -> None:
    folder = _virtualenv(tmp_path)
    found = resolve(str(tmp_path), {"toolchain": "pip", "virtualenv": "venv"})
    assert found.python == str(folder / "bin" / "python")
    variables = found.variables({"PATH": "/bin", "PYTHONHOME": "/x", "HOME": "/h"})
    assert variables == {"PATH": f"{folder}/bin{os.pathsep}/bin", "VIRTUAL_ENV": str(folder), "HOME": "/h"}


def test_without_the_option_the_python_on_path_runs_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    found = resolve(str(tmp_path), {})
    assert Path(found.python).name.startswith("python")
    assert found.virtualenv is None
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "no-such-python")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PythonEnvironmentError, match="'no-such-python' was not found on PATH"):
        resolve(str(tmp_path), {})


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_that_is_no_virtual_environment_is_named(tmp_path: Path, exists: bool) -> None:
    if exists:
        (tmp_path / "venv").mkdir()
    problem = "is not a virtual environment" if exists else "does not exist"
    with pytest.raises(PythonEnvironmentError, match=f"the 'virtualenv' option .* {problem}"):
        resolve(str(tmp_path), {"virtualenv": "venv"})


@pytest.mark.parametrize("options", [{"toolchain": "poetry"}, {"toolchain": "uv"}, {"typechecker": "mypy"}])
def test_options_that_the_stand_in_lacks_are_refused(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(UnsupportedError, match="the runtime option"):
        resolve(str(tmp_path), options)


def test_installed_packages_and_the_plug_ins_that_they_ask_for(tmp_path: Path) -> None:
    folder = _virtualenv(tmp_path)
    site = folder / "lib" / "python3.11" / "site-packages"
    for name, text in {
        "good": '{"resource": true, "name": "good", "version": "1.2.3"}',
        "none": '{"resource": false}',
    }.items():
        (site / name).mkdir(parents=True)
        (site / name / "pulumi-plugin.json").write_text(text)
    (site / "Some_Package-2.0.dist-info").mkdir()
    (site / "Some_Package-2.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: Some_Package\nVersion: 2.0\n"
    )
    found = resolve(str(tmp_path), {"virtualenv": "venv"})
    assert plugin_packages(found) == [PluginPackage("good", "1.2.3", "")]
    assert list(distributions(found)) == [("some-package", "2.0")]


def test_the_launchers_are_executable_and_find_the_plug_ins_from_anywhere(tmp_path: Path) -> None:
    assert sorted(file.name for file in _BIN.iterdir()) == _NAMES
    for name in _NAMES:
        link = tmp_path / name
        link.symlink_to(_BIN / name)
        assert os.access(link, os.X_OK), f"{name} is not executable"
        assert "Stand-in for" in (_BIN / name).read_text().splitlines()[1]
    answer = subprocess.run(
        [tmp_path / "pulumi-analyzer-policy-python"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "usage: pulumi-analyzer-policy-python" in answer.stderr


def test_every_file_of_the_plug_ins_says_first_what_it_stands_in_for() -> None:
    files = sorted(_BIN.parent.rglob("*.py"))
    assert files
    silent = [str(file) for file in files if not file.read_text().startswith('"""Stand-in')]
    assert silent == []


def test_a_program_finds_its_own_modules_and_not_the_plug_ins(tmp_path: Path) -> None:
    neighbour = "try:\n    import packages\nexcept ImportError:\n    print('no neighbour')\n"
    (tmp_path / "__main__.py").write_text(f"import helper\n{neighbour}")
    (tmp_path / "helper.py").write_text("print('own module')\n")
    command = [sys.executable, program.__file__, "--pwd", str(tmp_path), "--project", "p", "--stack", "s", "."]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert answer.stdout.splitlines() == ["own module", "no neighbour"], answer.stderr
