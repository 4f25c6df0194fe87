"""`coalmine schema`: what editors complete from is what the models accept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from components.cli.schema import stack_schema
from components.spec.app import AppSpec
from components.spec.base import json_schema
from tests.coalmine import coalmine
from tests.specs import EXAMPLES, ROOT, SCENARIOS, changed, example_app

EXAMPLE_APPS = [path for name in SCENARIOS for path in sorted((EXAMPLES / name / "apps").rglob("*.yaml"))]


def errors(schema: dict[str, Any], data: Any) -> list[str]:
    jsonschema.Draft202012Validator.check_schema(schema)
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


@pytest.mark.parametrize("path", EXAMPLE_APPS, ids=lambda path: path.stem)
def test_the_examples_apps_match_the_schema(path: Path) -> None:
    for app in yaml.safe_load_all(path.read_text()):
        assert errors(json_schema(AppSpec), app) == []


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/stacks/*.yaml")), ids=lambda path: path.parts[-3])
def test_the_examples_stacks_match_the_schema(path: Path) -> None:
    assert errors(stack_schema(), yaml.safe_load(path.read_text())) == []


def _defaults(schema: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    for key, inner in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "properties":
            yield from ((f"{place}.{name}", one["default"], one) for name, one in inner.items() if "default" in one)
        if isinstance(inner, dict | list) and key != "default":
            yield from _defaults(inner, f"{place}.{key}")


@pytest.mark.parametrize("schema", [json_schema(AppSpec), stack_schema()], ids=["app", "stack"])
def test_what_an_editor_fills_in_as_a_default_is_valid(schema: dict[str, Any]) -> None:
    found = list(_defaults(schema))
    assert len(found) > 10
    for place, default, field in found:
        validator = jsonschema.Draft202012Validator({**field, "$defs": schema["$defs"]})
        assert [error.message for error in validator.iter_errors(default)] == [], place


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("replicas",), "4"),
        (("workload", "imgae"), "x:1"),
        (("delivery", "steps", 0, "weight"), 120),
        (("delivery", "steps", 0, "hold"), "5 minutes"),
        (("delivery", "analysis", "checks", 0), {"kind": "error_rate"}),
        (("delivery", "analysis", "checks", 0, "kind"), "eror_rate"),
        (("name",), "Shop"),
    ],
)
def test_an_editor_sees_the_mistakes_too(path: tuple[str | int, ...], wrong: Any) -> None:
    assert errors(json_schema(AppSpec), changed(example_app(), *path, to=wrong))


def test_a_mistyped_key_of_the_stack_is_seen_and_other_packages_keys_are_free() -> None:
    stack = yaml.safe_load((EXAMPLES / "canary/stacks/Pulumi.example.yaml").read_text())
    assert errors(stack_schema(), changed(stack, "config", "coalmine:app", to=[]))
    assert errors(stack_schema(), changed(stack, "config", "aws:region", to="eu-central-1")) == []


def test_it_writes_both_files_and_check_says_when_they_are_old(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: coalmine\n")
    assert coalmine("schema", "--check", cwd=tmp_path).returncode == 1
    assert coalmine("schema", cwd=tmp_path).returncode == 0
    assert coalmine("schema", "--check", cwd=tmp_path).returncode == 0
    written = json.loads((tmp_path / "apps/schema.json").read_text())
    assert written["properties"].keys() == AppSpec.model_fields.keys()
    (tmp_path / "apps/schema.json").write_text("{}")
    done = coalmine("schema", "--check", cwd=tmp_path)
    expected = "coalmine: out of date: apps/schema.json (write them with 'coalmine schema')\n"
    assert (done.returncode, done.stderr) == (1, expected)


def test_the_schemas_of_this_repository_are_up_to_date() -> None:
    done = coalmine("schema", "--check", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
