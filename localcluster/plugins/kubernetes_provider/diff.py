"""Stand-in for pulumi-resource-kubernetes: Diff, which compares inputs with the last inputs and asks no server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..wire.values import Object
from .annotations import AUTONAMED, is_true
from .cluster import name_of, namespace_of
from .kinds import Gvk
from .replace import Path, replaces, replacing_fields
from .settings import Settings


class Change(Enum):
    """What happened to a field."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class FieldDiff:
    """A changed field: its path, the change, and whether it replaces the object."""

    path: Path
    change: Change
    replaces: bool

    @property
    def shown(self) -> str:
        """As Pulumi writes paths: `spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`."""
        text = ""
        for step in self.path:
            if isinstance(step, int):
                text += f"[{step}]"
            elif any(character in step for character in '."[]'):
                escaped = step.replace('"', '\\"')
                text += f'["{escaped}"]'
            else:
                text += f".{step}" if text else step
        return text


@dataclass(frozen=True)
class ObjectDiff:
    """All changed fields, and whether a replacement must delete the old object first."""

    fields: list[FieldDiff]
    delete_before_replace: bool


def diff(gvk: Gvk, settings: Settings, namespaced: bool, old_inputs: Object, new_inputs: Object) -> ObjectDiff:
    """What changes between plain inputs."""
    olds, news = _with_namespace(old_inputs, namespaced), _with_namespace(new_inputs, namespaced)
    patterns = replacing_fields(gvk, settings, olds)
    fields = [FieldDiff(path, change, replaces(path, patterns)) for path, change in changes((), olds, news)]
    same_place = name_of(olds) == name_of(news) and namespace_of(olds) == namespace_of(news)
    before = any(field.replaces for field in fields) and same_place and not is_true(news, AUTONAMED)
    return ObjectDiff(fields, before)


def _with_namespace(inputs: Object, namespaced: bool) -> Object:
    metadata = inputs.get("metadata")
    if not isinstance(metadata, dict):
        return inputs
    metadata = dict(metadata)
    if namespaced:
        # Inputs of older states may lack the namespace that Check writes today.
        metadata["namespace"] = metadata.get("namespace") or "default"
    else:
        metadata.pop("namespace", None)
    return inputs | {"metadata": metadata}


def changes(path: Path, old: Any, new: Any) -> list[tuple[Path, Change]]:
    """The deepest paths at which two values differ, in order."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        return [change for key in keys for change in _of_child((*path, key), key in old, key in new, old, new, key)]
    if isinstance(old, list) and isinstance(new, list):
        indexes = range(max(len(old), len(new)))
        return [
            change
            for index in indexes
            for change in _of_child((*path, index), index < len(old), index < len(new), old, new, index)
        ]
    same = type(old) is type(new) and old == new
    return [] if same else [(path, Change.UPDATE)]


def _of_child(path: Path, was: bool, is_now: bool, old: Any, new: Any, key: Any) -> list[tuple[Path, Change]]:
    if not was:
        return [(path, Change.ADD)]
    if not is_now:
        return [(path, Change.DELETE)]
    return changes(path, old[key], new[key])
