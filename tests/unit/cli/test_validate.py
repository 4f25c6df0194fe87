"""`coalmine validate`, the real process: every mistake of every file at once, one line each, exit 1, no traceback."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.coalmine import coalmine
from tests.specs import ROOT, Project, changed, example_app, stack_keys

SHOP = example_app()


def app(name: str, *path: str | int, to: Any) -> dict[str, Any]:
    """A valid app of its own name and host, with one place changed."""
    valid = {**SHOP, "name": name, "traffic": {"hosts": [f"{name}.example.com"]}}
    return changed(valid, *path, to=to)


@pytest.fixture
def bad(tmp_path: Path) -> Project:
    """A project with one mistake of every sort."""
    project = Project(tmp_path)
    check = ("delivery", "analysis", "checks", 0)
    apps = {
        "typo": app("typo", "workload", "imgae", to="shop:1"),
        "weight": app("weight", "delivery", "steps", 2, "weight", to=120),
        "falling": app("falling", "delivery", "steps", 2, "weight", to=10),
        "duration": app("duration", "delivery", "steps", 0, "hold", to="5 minutes"),
        "threshold": app("threshold", *check, to={"kind": "error_rate"}),
        "twin-a": app("twin", "replicas", to=4),
        "twin-b": app("twin", "traffic", "hosts", to=["other.example.com"]),
    }
    for name, data in apps.items():
        project.write(f"apps/{name}.yaml", json.dumps(data))
    project.write("apps/empty.yaml", "")
    project.write("apps/broken.yaml", "name: [shop\n")
    project.write("apps/large.yaml", "# " + "x" * 10_000_000)
    project.write("apps/twice.yaml", "name: a\nname: b\n")
    (project.root / "apps/binary.yaml").write_bytes(b"\xff\xfe\x00")
    project.write("apps/deep.yaml", "[" * 5000)
    keys = changed(stack_keys(), "delivery", "router", to="istoi")
    project.stack({**keys, "apps": ["apps/*.yaml", "apps/none.yml"]})
    return project


EXPECTED = [
    "apps/binary.yaml: not valid YAML: the file is not UTF-8 text",
    "apps/broken.yaml: line 2, column 1: not valid YAML: did not find expected ',' or ']'",
    "apps/deep.yaml: line 1, column 101: not valid YAML: nested too deeply: at most 100 levels",
    "apps/duration.yaml: delivery.steps[0].hold: '5 minutes' is not a duration (did you mean '5m'?)",
    "apps/empty.yaml: the file is empty",
    "apps/falling.yaml: delivery.steps[2].weight: weights must rise: 10 is not above 25",
    "apps/large.yaml: 10.0 MB is too large: at most 1 MB a file",
    "apps/threshold.yaml: delivery.analysis.checks[0].max: is required",
    "apps/twice.yaml: line 2, column 1: not valid YAML: key 'name' is written twice",
    "apps/twin-b.yaml: name: two apps are named 'twin' (the other is in apps/twin-a.yaml)",
    "apps/typo.yaml: workload.imgae: unknown key (did you mean 'image'?)",
    "apps/weight.yaml: delivery.steps[2].weight: 120 is too large: at most 100",
    "stacks/Pulumi.test.yaml: coalmine:apps[1]: no such file 'apps/none.yml' (known: KNOWN)",
    "stacks/Pulumi.test.yaml: coalmine:delivery.router: unknown router 'istoi' (did you mean 'istio'?)",
]


def test_all_mistakes_come_at_once(bad: Project) -> None:
    done = coalmine("validate", "--root", bad.root)
    assert (done.returncode, done.stdout) == (1, "")
    known = ", ".join(sorted(f"apps/{path.name}" for path in (bad.root / "apps").iterdir()))
    assert done.stderr.splitlines() == [line.replace("KNOWN", known) for line in EXPECTED]


def test_json_says_the_same(bad: Project) -> None:
    text = coalmine("validate", "--root", bad.root)
    done = coalmine("validate", "--json", "--root", bad.root)
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr, answer["stacks"]) == (1, "", {})
    problems = [one for one in answer["problems"] if one.keys() == {"file", "app", "path", "message"}]
    lines = [": ".join(filter(None, (one["file"], one["app"], one["path"], one["message"]))) for one in problems]
    assert lines == text.stderr.splitlines()


def test_one_bad_stack_does_not_hide_another(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(SHOP)
    text = (tmp_path / "stacks/Pulumi.test.yaml").read_text()
    project.write("stacks/Pulumi.bad.yaml", text.replace("istio", "istoi"))
    project.write("stacks/Pulumi.worse.yaml", text.replace("1.36", "1"))
    done = coalmine("validate", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "test: valid, 1 app\n")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "stacks/Pulumi.bad.yaml",
        "stacks/Pulumi.worse.yaml",
    ]


def test_a_mistake_that_two_stacks_share_is_said_once(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(changed(SHOP, "replicas", to=1))
    project.write("stacks/Pulumi.second.yaml", (tmp_path / "stacks/Pulumi.test.yaml").read_text())
    done = coalmine("validate", cwd=tmp_path)
    assert done.stderr == "apps/app.yaml: replicas: run at least 2 pods: with one, every drain is an outage\n"


def test_a_valid_project_exits_0(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(SHOP)
    done = coalmine("validate", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "test: valid, 1 app\n", "")


def test_what_only_the_platform_knows_to_be_wrong_is_found_too(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(changed(SHOP, "namespace", to="istio-system"))
    done = coalmine("validate", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("apps/app.yaml: namespace: 'istio-system' belongs to istio: ")


def test_it_works_from_a_folder_below(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(SHOP)
    assert coalmine("validate", "test", cwd=tmp_path / "apps").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["validate", "tets"], "coalmine: no stack 'tets' in STACKS (did you mean 'test'?)\n"),
        (
            ["plan", "--stack", "test", "shp"],
            "coalmine: no app 'shp' in stacks/Pulumi.test.yaml (did you mean 'shop'?)\n",
        ),
        (["render", "--stack", "prod", "--out", "x"], "coalmine: no stack 'prod' in STACKS (known: test)\n"),
    ],
)
def test_an_unknown_name_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    project = Project(tmp_path)
    project.apps(SHOP)
    done = coalmine(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.replace(str(tmp_path / "stacks"), "STACKS") == message


def test_outside_of_a_project_it_says_so(tmp_path: Path) -> None:
    done = coalmine("validate", cwd=tmp_path)
    expected = "coalmine: no Pulumi.yaml here or above: run this inside a project, or name its folder with --root\n"
    assert (done.returncode, done.stderr) == (1, expected)


def test_a_project_without_stacks_says_how_to_make_one(tmp_path: Path) -> None:
    done = coalmine("validate", "--root", tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("a stack is a file named Pulumi.<stack>.yaml\n")


def test_this_repository_is_valid() -> None:
    done = coalmine("validate", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
