"""The offline verbs need no Pulumi, no cluster and no network, and start fast because they import none of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.coalmine import coalmine
from tests.specs import EXAMPLES, ROOT

LISTS_MODULES = (
    "import sys, json; sys.argv = ['coalmine', *sys.argv[1:]]\n"
    "from components.cli import main\n"
    "try:\n    main()\nexcept SystemExit as done:\n"
    "    print(json.dumps([done.code, sorted(sys.modules)]), file=sys.stderr)\n"
)
VERBS = {
    "validate": ["validate"],
    "plan": ["plan", "--stack", "example"],
    "render": ["render", "--stack", "example", "--out", "OUT"],
    "check": ["check", str(ROOT / "tests/golden/canary")],
    "schema": ["schema", "--check"],
    "capabilities": ["capabilities", "--router", "istio"],
}
WITHOUT_A_PROJECT = ("check", "capabilities")


@pytest.mark.parametrize("verb", VERBS)
def test_an_offline_verb_imports_neither_pulumi_nor_the_local_cluster(verb: str, tmp_path: Path) -> None:
    arguments = [str(tmp_path) if part == "OUT" else part for part in VERBS[verb]]
    root = ROOT if verb == "schema" else EXAMPLES / "canary"
    place = [] if verb in WITHOUT_A_PROJECT else ["--root", str(root)]
    command = [sys.executable, "-c", LISTS_MODULES, *arguments, *place]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code in (0, None), done.stderr
    heavy = {"pulumi", "pulumi_kubernetes", "pulumi_policy", "grpc", "httpx", "localcluster", "socket.create"}
    assert heavy & {module.split(".")[0] for module in modules} == set()
    clients = {"components.access", "components.operate"}
    assert clients & set(modules) == set(), "an offline verb pays for a client of the cluster"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    done = coalmine(verb, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout
    assert ("--root" in done.stdout) == (verb not in WITHOUT_A_PROJECT), (
        "whatever reads a project can be told where it is"
    )


def test_help_lists_every_verb_with_what_it_does() -> None:
    lines = [line.split(maxsplit=1) for line in coalmine("--help").stdout.splitlines() if line.startswith("  ")]
    listed = {words[0]: words[1] for words in lines if len(words) == 2}
    for verb in (*VERBS, "local", "demo"):
        assert len(listed[verb]) > 20, f"{verb} has no description"


def test_a_mistake_on_the_command_line_is_no_traceback() -> None:
    done = coalmine("plan", "--stak", "x")
    assert done.returncode == 2
    assert "--stak" in done.stderr
    assert "Traceback" not in done.stderr
