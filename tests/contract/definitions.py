"""The upstream definitions of kinds, read offline and strictly: an unknown field is a mistake, as for the API server.

Those of Kubernetes, Argo Rollouts, Flagger and Istio lie in the Go modules that the tools are built from, those of Flux
in its release. Rules written in CEL are left to the API server itself, in tests/cluster.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft4Validator

from components.platform.sources import FLUX_MANIFESTS, locate
from localcluster.tools import module_dir

Schema = dict[str, Any]
_CORE = "#/definitions/"


def _crd_files() -> Iterator[Path]:
    yield module_dir("argo-rollouts") / "manifests/install.yaml"
    yield module_dir("flagger") / "charts/flagger/crds/crd.yaml"
    yield module_dir("istiod") / "manifests/charts/base/files/crd-all.gen.yaml"
    yield from sorted((locate(FLUX_MANIFESTS) / FLUX_MANIFESTS.paths[0]).glob("*-controller.yaml"))


@cache
def _custom() -> Mapping[tuple[str, str], Schema]:
    """By apiVersion and kind, the schemas of all served versions."""
    found = {}
    for file in _crd_files():
        for item in yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            if not item or item["kind"] != "CustomResourceDefinition":
                continue
            spec = item["spec"]
            for version in spec["versions"]:
                if version["served"]:
                    place = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                    found[place] = _strict(version["schema"]["openAPIV3Schema"], root=True)
    return found


@cache
def _core() -> tuple[Mapping[tuple[str, str], str], Schema]:
    """The name of the definition of every kind of Kubernetes' own, and all definitions."""
    text = (module_dir("kubernetes") / "api/openapi-spec/swagger.json").read_text(encoding="utf-8")
    definitions: Schema = json.loads(text)["definitions"]
    kinds = {}
    for name, schema in definitions.items():
        for one in schema.get("x-kubernetes-group-version-kind", []):
            version = f"{one['group']}/{one['version']}" if one["group"] else one["version"]
            kinds[version, one["kind"]] = name
        if schema.get("properties"):
            schema["additionalProperties"] = False
    for name, free in _LOOSE.items():
        definitions[name] = free
    return kinds, definitions


_LOOSE: Mapping[str, Schema] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["integer", "number", "string"]},
}
"""Definitions that the document gives as text, while the API takes numbers too."""


def _strict(schema: Schema, *, root: bool = False) -> Schema:
    """A structural schema as JSON schema (draft 4), in which what is not listed is a mistake."""
    made = {key: value for key, value in schema.items() if not key.startswith("x-") and key != "format"}
    properties = dict(schema.get("properties", {}))
    if root:
        properties |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {}}
    if properties:
        made["properties"] = {key: _strict(inner) for key, inner in properties.items()}
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _strict(schema["additionalProperties"])
    elif properties and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made["additionalProperties"] = False
    if isinstance(schema.get("items"), dict):
        made["items"] = _strict(schema["items"])
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if schema.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


@cache
def _validator(api_version: str, kind: str) -> Draft4Validator | None:
    custom = _custom().get((api_version, kind))
    if custom is not None:
        return Draft4Validator(custom)
    kinds, definitions = _core()
    name = kinds.get((api_version, kind))
    return Draft4Validator({"$ref": f"{_CORE}{name}", "definitions": definitions}) if name else None


def is_known(manifest: Mapping[str, Any]) -> bool:
    """Whether the definition of an object's kind is among those that lie here."""
    return _validator(manifest["apiVersion"], manifest["kind"]) is not None


def mistakes(manifest: Mapping[str, Any]) -> list[str]:
    """What the definition of an object's kind says against it. Raises LookupError for a kind that is not known."""
    validator = _validator(manifest["apiVersion"], manifest["kind"])
    if validator is None:
        raise LookupError(f"no definition of {manifest['apiVersion']} {manifest['kind']}")
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    return [
        f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in validator.iter_errors(manifest)
    ]
