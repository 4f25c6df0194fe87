"""`coalmine schema`: JSON schemas of stacks and apps, from which editors complete and check."""

import json as jsonlib
from typing import Annotated, Any

import typer

from ..spec.app import AppSpec
from ..spec.base import json_schema
from ..spec.cluster import StackSpec
from ..spec.origin import NAMESPACE
from .output import AsJson, Root, UserError, print_json, project_root


def verb(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 where a file is out of date.")] = False,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Write stacks/schema.json and apps/schema.json."""
    folder = project_root(root)
    schemas = {"stacks/schema.json": stack_schema(), "apps/schema.json": json_schema(AppSpec)}
    stale: list[str] = []
    for path, schema in schemas.items():
        file, text = folder / path, jsonlib.dumps(schema, indent=2) + "\n"
        if not file.is_file() or file.read_text() != text:
            stale.append(path)
            if not check:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
    if check and stale:
        raise UserError(f"out of date: {', '.join(stale)} (write them with 'coalmine schema')")
    if json:
        print_json({"files": sorted(schemas), "written": stale})
    else:
        print(f"{', '.join(schemas)}: {len(stale)} written")


def stack_schema() -> dict[str, Any]:
    """The schema of stacks/Pulumi.<stack>.yaml: Coalmine's keys are checked, other packages' keys are free."""
    schema = json_schema(StackSpec)
    definitions = schema.pop("$defs", {})
    keys = {f"{NAMESPACE}:{name}": value for name, value in schema["properties"].items()}
    required = [f"{NAMESPACE}:{name}" for name in schema.get("required", [])]
    config = {
        "type": "object",
        "properties": keys,
        "required": required,
        # A key of Coalmine's own that is not listed is a typo; other packages' keys (`aws:region`) pass.
        "patternProperties": {f"^(?!{NAMESPACE}:)": True},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Coalmine stack",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": definitions,
    }
