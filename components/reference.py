"""The reference pages of apps, stacks, presets, capabilities and bundles, made from the models.

`python -m components.reference app > docs/reference/app.md`, and the same with `stack`, `presets`, `capabilities` and
`bundles`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from . import capability_table
from .bundles_page import bundles_page
from .discovery import discover
from .presets_page import presets_page
from .spec.app import AppSpec
from .spec.base import json_schema
from .spec.cluster import StackSpec

Schema = Mapping[str, Any]

_COMMAND = "python -m components.reference {page} > docs/reference/{page}.md"
_APP = """# An app: `apps/<name>.yaml`

<!-- Generated from the models: `{command}`. Do not edit. -->

One document describes one app; a file may hold several, separated by `---`. Keys that are not listed here are refused.
How to write one step by step: [release an app](../how-to/release-an-app.md).
"""
_STACK = """# A stack: `stacks/Pulumi.<stack>.yaml`

<!-- Generated from the models: `{command}`. Do not edit. -->

A stack is one cluster. Its keys stand below `config:` and begin with `coalmine:`, e.g. `coalmine:cluster`. Keys of
Coalmine's that are not listed here are refused; keys of other packages are left alone.
"""
_VALUES = """
## Values

| written | means |
|---|---|
| duration | a number and a unit: `250ms`, `30s`, `5m`, `1h30m`, `2d`; at most a year |
| share | a number and a percent sign: `1%`, `0.5%`; a bare number is refused, because it could mean either |
| quantity | Kubernetes' notation: `250m` (CPU), `512Mi` (memory) |
| image | `repository:tag` or `repository@sha256:...`; `latest` and images without a version are refused |
"""
_BY_PATTERN_OF = {"30s": "duration", "1%": "share", "250m": "quantity", "registry.example.com/shop:1.4.0": "image"}
"""First example in the schema of a typed value -> its name on the page."""


def page(name: str) -> str:
    """The page of this name as Markdown. Raises KeyError for one that is none of the five."""
    command = _COMMAND.format(page=name)
    if name == "bundles":
        return bundles_page(command)
    if name == "capabilities":
        return capability_table.page(command)
    if name == "presets":
        return presets_page(command)
    pages: Mapping[str, tuple[str, type[BaseModel], str]] = {
        "app": (_APP, AppSpec, "App"),
        "stack": (_STACK, StackSpec, "Stack"),
    }
    head, model, title = pages[name]
    return head.format(command=command) + "".join(_sections(model, title)) + _VALUES


def _sections(model: type[BaseModel], title: str) -> Iterator[str]:
    schema = json_schema(model)
    definitions = schema.pop("$defs", {})
    yield _section(title, schema, definitions)
    for name in _in_order(schema, definitions):
        yield _section(name, definitions[name], definitions)


def _in_order(schema: Schema, definitions: Mapping[str, Schema]) -> list[str]:
    """The models below one, each once, in the order in which a reader meets them."""
    found: dict[str, None] = {}

    def visit(part: Any) -> None:
        if isinstance(part, list):
            for one in part:
                visit(one)
        elif isinstance(part, Mapping):
            name = _name_of(part)
            if name and name not in found:
                found[name] = None
                visit(definitions[name])
            for key, value in part.items():
                if key not in ("default", "discriminator"):
                    visit(value)

    visit(schema)
    return list(found)


def _section(title: str, schema: Schema, definitions: Mapping[str, Schema]) -> str:
    required = schema.get("required", [])
    rows = "".join(_row(key, field, key in required, definitions) for key, field in schema["properties"].items())
    about = _one_paragraph(schema.get("description", ""))
    return f"\n## {title}\n\n{about}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}"


def _row(key: str, field: Schema, required: bool, definitions: Mapping[str, Schema]) -> str:
    default = "**required**" if required else _default(field)
    meaning = " ".join(filter(None, [_meaning(field, definitions), _limits(field)]))
    return f"| `{key}` | {_type(field, definitions)} | {default} | {meaning} |\n"


def _meaning(field: Schema, definitions: Mapping[str, Schema]) -> str:
    """What a field says about itself, else the first sentence about the model that it holds."""
    names = [_name_of(one) for one in (field, *field.get("anyOf", []), field.get("items", {})) if _name_of(one)]
    about = str(definitions[names[0]].get("description", "")).split(". ")[0].rstrip(".") + "." if names else ""
    about = "Chooses this one." if "const" in field else about
    return _one_paragraph(field.get("description") or about)


def _default(field: Schema) -> str:
    value = field.get("default")
    if value in (None, [], {}) or _name_of(field):
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _limits(field: Schema) -> str:
    for one in (field, *field.get("anyOf", [])):
        low, high = one.get("minimum"), one.get("maximum")
        if low is not None and high in (None, 2_147_483_647):
            return f"At least {low}."
        if low is not None:
            return f"{low} to {high}."
        if one.get("minItems"):
            return "Not empty."
    return ""


def _type(field: Schema, definitions: Mapping[str, Schema]) -> str:
    name = _name_of(field)
    if name:
        return f"[{name}](#{name.lower()})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    choices = [*field.get("anyOf", []), *field.get("oneOf", [])]
    if choices:
        kinds = [_type(one, definitions) for one in choices if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    return _plain_type(field, definitions)


def _plain_type(field: Schema, definitions: Mapping[str, Schema]) -> str:
    kind = field.get("type")
    if kind == "array":
        return f"list of {_type(field['items'], definitions)}"
    if kind == "object":
        values = (field.get("additionalProperties"), *field.get("patternProperties", {}).values())
        typed = [one for one in values if isinstance(one, Mapping) and one]
        if field.get("required"):
            return f"mapping with {' and '.join(f'`{key}`' for key in field['required'])}"
        return f"mapping to {_type(typed[0], definitions)}" if typed else "mapping"
    examples = field.get("examples", [])
    if examples and examples[0] in _BY_PATTERN_OF:
        return f"[{_BY_PATTERN_OF[examples[0]]}](#values)"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(str(kind), "anything")


def _name_of(field: Schema) -> str:
    """The model a field refers to; empty where it refers to none."""
    return str(field["$ref"]).rpartition("/")[2] if "$ref" in field else ""


def _one_paragraph(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    discover()
    known = (["app"], ["stack"], ["presets"], ["capabilities"], ["bundles"])
    if sys.argv[1:] not in known:
        sys.exit("say which page: app, stack, presets, capabilities or bundles")
    sys.stdout.write(page(sys.argv[1]))
