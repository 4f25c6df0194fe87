"""The language host on the real engine: what a program says, and how it ends."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from .conftest import environment
from .project import Answer, Project

_Run = Callable[[str], Answer]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> _Run:
    """Previews a program given as text, in one project with a plain and a secret setting."""
    home = tmp_path_factory.mktemp("language")
    folder = home / "program"
    folder.mkdir()
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "talks", "runtime": runtime}), encoding="utf-8")
    project = Project(folder, environment(home), None)
    project.pulumi("config", "set", "plain", "one").check()
    project.pulumi("config", "set", "--secret", "hidden", "two").check()

    def preview(text: str) -> Answer:
        (folder / "__main__.py").write_text(text, encoding="utf-8")
        return project.preview()

    return preview


def test_a_program_sees_its_settings_its_modules_and_its_output_is_shown(run: _Run, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    text = f"""
import json, sys
from pathlib import Path
import pulumi
config = pulumi.Config()
config.require_secret("hidden").apply(lambda hidden: print("known secret" if hidden == "two" else "no secret"))
Path({str(seen)!r}).write_text(json.dumps([
    pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization(), config.require("plain"),
    pulumi.runtime.is_dry_run(), sys.argv, pulumi.runtime.is_config_secret("talks:hidden"), str(Path.cwd()),
    pulumi.get_root_directory(),
]))
print("to stdout")
print("to stderr", file=sys.stderr)
"""
    answer = run(text).check()
    for said in ("to stdout", "to stderr", "known secret"):
        assert said in answer.text
    *known, folder, root = json.loads(seen.read_text(encoding="utf-8"))
    assert known == ["talks", "dev", "organization", "one", True, ["."], True]
    assert (Path(folder).name, Path(root).name) == ("program", "program")


def test_a_run_error_is_one_line_without_a_traceback(run: _Run) -> None:
    answer = run("import pulumi\nraise pulumi.RunError('stacks/x.yaml: apps[0]: unknown router')\n")
    answer.check(succeeds=False)
    assert "error: stacks/x.yaml: apps[0]: unknown router" in answer.text
    assert "Traceback" not in answer.text


def test_an_exception_shows_the_traceback_of_the_program_alone(run: _Run) -> None:
    answer = run("def fail():\n    raise ValueError('boom')\n\nfail()\n").check(succeeds=False)
    assert "Program failed with an unhandled exception" in answer.text
    assert "ValueError: boom" in answer.text
    assert "__main__.py" in answer.text
    assert "runpy" not in answer.text
    assert "exited with non-zero" not in answer.text, "what went wrong was said once already"


def test_a_program_that_ends_itself_is_an_error_with_its_exit_code(run: _Run) -> None:
    answer = run("import sys\nsys.exit(3)\n").check(succeeds=False)
    assert "program exited with non-zero exit code: 3" in answer.text
