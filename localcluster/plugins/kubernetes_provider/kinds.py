"""Stand-in for pulumi-resource-kubernetes: kinds of objects, and what is known of the built-in ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..wire.errors import PluginError, UnsupportedError


@dataclass(frozen=True)
class Gvk:
    """A kind of object: API group ("" for core), version and kind."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """As in manifests: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> str:
        """As in the tables: `v1/ConfigMap`, `apps/v1/Deployment`."""
        return f"{self.api_version}/{self.kind}"


@dataclass(frozen=True)
class Known:
    """A built-in kind: the REST name, whether it is namespaced, and the name of its type in the table."""

    plural: str
    namespaced: bool
    type: str


@cache
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("kinds.json").read_text(encoding="utf-8"))
    return loaded


def known(gvk: Gvk) -> Known | None:
    """The built-in kind, or None for a custom one."""
    entry = _table()["kinds"].get(gvk.key)
    return Known(**entry) if entry else None


def fields(type_name: str) -> dict[str, str]:
    """The fields of a built-in type with their codes (see make_kinds.py)."""
    result: dict[str, str] = _table()["types"][type_name]
    return result


def of_object(obj: dict[str, Any]) -> Gvk:
    """The kind that an object names itself."""
    group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
    return Gvk(group, version, str(obj.get("kind", "")))


def of_urn(urn: str) -> Gvk:
    """The kind that a resource's URN names; raises PluginError for a type that is no plain object."""
    token = urn.split("::")[2].rsplit("$", 1)[-1]
    package, _, rest = token.partition(":")
    module, _, kind = rest.rpartition(":")
    group, _, version = module.rpartition("/")
    if package != "kubernetes" or not group:
        raise PluginError(f"{token}: expected a type of the form kubernetes:GROUP/VERSION:KIND")
    gvk = Gvk("" if group == "core" else group, version, kind)
    _refuse_special(gvk, token)
    return gvk


def _refuse_special(gvk: Gvk, token: str) -> None:
    if gvk.group in ("helm.sh", "yaml", "kustomize") and known(gvk) is None:
        raise UnsupportedError(f"pulumi-resource-kubernetes: {token}")
    for suffix in ("Patch", "List"):
        base = Gvk(gvk.group, gvk.version, gvk.kind.removesuffix(suffix))
        if base != gvk and known(gvk) is None and known(base) is not None:
            raise UnsupportedError(f"pulumi-resource-kubernetes: {token}")
