"""Stand-in for pulumi-resource-kubernetes: writes kinds.json, what is known of built-in kinds without a cluster.

Upstream source: api/openapi-spec/swagger.json of k8s.io/kubernetes, in the Go module of the version that
localcluster/tools/kubernetes/go.mod pins. Run
`python -m localcluster.plugins.kubernetes_provider.make_kinds FILE VERSION`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

_PREFIX = "#/definitions/"
_PATH = re.compile(r"^/(?:api|apis/[^/]+)/[^/]+/(namespaces/\{namespace\}/)?([a-z]+)$")
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
# The codes of kinds.json; a type name stands for an object, [] and {} before a code for lists and maps.
_SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}


def _code(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name: str = schema["$ref"].removeprefix(_PREFIX)
        return {_QUANTITY: "q", _INT_OR_STRING: "e"}.get(name, "@" + name)
    kind = schema.get("type")
    if kind == "array":
        return "[]" + _code(schema["items"])
    if kind == "object" and "additionalProperties" in schema:
        return "{}" + _code(schema["additionalProperties"])
    return _SCALARS.get(kind, "x") if kind else "x"


def _kinds(paths: dict[str, Any]) -> dict[str, dict[str, Any]]:
    kinds: dict[str, dict[str, Any]] = {}
    for path, item in paths.items():
        match = _PATH.match(path)
        operation = item.get("post", {})
        gvk = operation.get("x-kubernetes-group-version-kind")
        if match is None or gvk is None:
            continue
        body = next(p["schema"]["$ref"] for p in operation["parameters"] if p.get("in") == "body")
        key = "/".join(filter(None, (gvk["group"], gvk["version"], gvk["kind"])))
        kinds[key] = {
            "plural": match.group(2),
            "namespaced": match.group(1) is not None,
            "type": body.removeprefix(_PREFIX),
        }
    return kinds


def _reachable(definitions: dict[str, Any], roots: list[str]) -> dict[str, Any]:
    types: dict[str, Any] = {}
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in types:
            continue
        properties = definitions[name].get("properties")
        # A type without properties is a scalar with a name (a time), or raw JSON.
        types[name] = (
            {field: _code(schema) for field, schema in properties.items()}
            if properties
            else _SCALARS.get(definitions[name].get("type", ""), "x")
        )
        for code in types[name].values() if properties else ():
            if "@" in code:
                todo.append(code.split("@")[1])
    return types


def table(swagger: dict[str, Any], version: str) -> dict[str, Any]:
    """The table for a swagger document: `kinds` by group/version/kind, and the `types` that they reach."""
    kinds = _kinds(swagger["paths"])
    types = _reachable(swagger["definitions"], [kind["type"] for kind in kinds.values()])
    scalars = {name: code for name, code in types.items() if isinstance(code, str)}
    for name, fields in types.items():
        if name not in scalars:
            types[name] = {field: _resolved(code, scalars) for field, code in fields.items()}
    objects = {name: fields for name, fields in types.items() if name not in scalars}
    return {"version": version, "kinds": kinds, "types": objects}


def _resolved(code: str, scalars: dict[str, str]) -> str:
    wrapper, _, name = code.partition("@")
    return wrapper + scalars[name] if name in scalars else code


def main(argv: list[str]) -> int:
    """Write kinds.json next to this file from the swagger.json named first, of the version named second."""
    swagger = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    text = json.dumps(table(swagger, argv[1]), sort_keys=True, separators=(",", ":"))
    Path(__file__).with_name("kinds.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
