"""The installed package does offline what the checkout does, without the checkout and without Pulumi."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.coalmine import coalmine
from tests.specs import EXAMPLES, ROOT

GOLDEN = ROOT / "tests/golden/canary"
LONGEST_START_SECONDS = 0.4

# What a verb left in sys.modules, as the last line of standard error.
RUN_VERB = (
    "import json, sys\n"
    "from coalmine.cli import main\n"
    "try:\n    main()\nexcept SystemExit as done:\n"
    "    print(json.dumps([done.code, sorted({name.split('.')[0] for name in sys.modules})]), file=sys.stderr)\n"
)
START_SECONDS = (
    "import time\nfrom coalmine.cli import build, discover\ndiscover(); build()\nprint(time.process_time())\n"
)
VERBS = {
    "validate": ["validate", "example"],
    "plan": ["plan", "--stack", "example"],
    "render": ["render", "--stack", "example", "--out", "rendered"],
    "check": ["check", "golden"],
    "schema": ["schema"],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An example and what it renders to, where no checkout is near."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLES / "canary", folder)
    shutil.copytree(GOLDEN, folder / "golden")
    return folder


def run(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A program of the environment, with nothing in the environment's variables that leads elsewhere."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    line = [str(installed / "bin" / command[0]), *command[1:]]
    return subprocess.run(line, cwd=folder, env=bare, capture_output=True, text=True, timeout=60, check=False)


def test_both_packages_are_the_installed_ones_and_the_checkout_is_out_of_sight(installed: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.util as u, coalmine, coalmine_policies\n"
        "print(coalmine.__file__, coalmine_policies.__file__)\n"
        "print([name for name in ('components', 'policies', 'localcluster') if u.find_spec(name)])\n"
    )
    done = run(installed, tmp_path, "python", "-c", code)
    assert done.returncode == 0, done.stderr
    files, leaked = done.stdout.splitlines()
    assert all(Path(file).is_relative_to(installed) for file in files.split())
    assert leaked == "[]"


def test_both_components_can_be_imported(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "python", "-c", "from coalmine import App, Platform; print(App.__module__)")
    assert (done.returncode, done.stdout) == (0, "coalmine.app\n"), done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_an_offline_verb_works_without_importing_pulumi(installed: Path, project: Path, verb: str) -> None:
    done = run(installed, project, "python", "-c", RUN_VERB, *VERBS[verb])
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code in (0, None), done.stderr
    assert {name for name in modules if name.startswith(("pulumi", "grpc"))} == set()
    assert "coalmine" in modules


def test_the_command_renders_what_the_checkout_renders(installed: Path, project: Path) -> None:
    done = run(installed, project, "coalmine", *VERBS["render"])
    assert done.returncode == 0, done.stderr
    made = {file.relative_to(project / "rendered"): file.read_bytes() for file in files_in(project / "rendered")}
    assert made == {file.relative_to(GOLDEN): file.read_bytes() for file in files_in(GOLDEN)}


def test_the_command_checks_as_the_checkout_does(installed: Path, project: Path) -> None:
    """With the rules of the installed pack: a release that is too fast is refused with the same words."""
    file = project / "golden/shop/shop/rollout-shop.yaml"
    file.write_text(file.read_text().replace("setWeight: 5\n", "setWeight: 45\n"))
    here, there = coalmine("check", "golden", cwd=project), run(installed, project, "coalmine", "check", "golden")
    assert (there.returncode, there.stdout, there.stderr) == (1, here.stdout, "")
    assert "refused by first-step-weight: Rollout shop/shop: the first weight is 45 %" in there.stdout


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("verb", ["local", "demo"])
def test_a_verb_of_the_checkout_says_where_it_lives(installed: Path, project: Path, verb: str) -> None:
    done = run(installed, project, "coalmine", verb)
    expected = f"coalmine: '{verb}' is part of the repository: clone it and run 'make up' there\n"
    assert (done.returncode, done.stderr) == (1, expected)


def test_the_offline_verbs_start_quickly(installed: Path, project: Path) -> None:
    """Processor time from the start of Python until the command line would be read; the best of five."""
    taken = [float(run(installed, project, "python", "-c", START_SECONDS).stdout) for _ in range(5)]
    assert min(taken) < LONGEST_START_SECONDS, f"{min(taken):.2f} s: see `python -X importtime -m components --help`"
