"""Stand-in for pulumi-resource-kubernetes: who owns which field, and what that means for ignoreChanges.

Upstream source: provider/pkg/await/await.go of github.com/pulumi/pulumi-kubernetes.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any, Final

from ..wire.values import Object

# What was written before server-side apply, and by kubectl, becomes the resource's own: (manager, operation).
_ADOPTED: Final = frozenset(
    {
        ("before-first-apply", "Update"),
        ("kubectl", "Apply"),
        ("kubectl", "Update"),
        ("pulumi-kubernetes", "Update"),
        ("pulumi-kubernetes.exe", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    }
)
_OWN_UPDATES: Final = frozenset(name for name, operation in _ADOPTED if name.startswith("pulumi-"))
_PLAIN_PATH: Final = re.compile(r"^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$")


def managed_fields(obj: Object) -> list[Object]:
    """The managedFields entries of a live object."""
    entries: list[Object] = (obj.get("metadata") or {}).get("managedFields") or []
    return entries


def is_created_here(live: Object) -> bool:
    """Whether a create of this provider (an update, to the API server) still owns fields."""
    return any(e.get("manager") in _OWN_UPDATES and e.get("operation") == "Update" for e in managed_fields(live))


def adopted_entries(live: Object, field_manager: str) -> list[Object] | None:
    """The managedFields after the resource's manager took over what is adopted; None where nothing changes."""
    entries = copy.deepcopy(managed_fields(live))
    taken = [e for e in entries if (e.get("manager"), e.get("operation")) in _ADOPTED and not e.get("subresource")]
    if not taken:
        return None
    kept = [entry for entry in entries if entry not in taken]
    own = next((e for e in kept if e.get("manager") == field_manager and e.get("operation") == "Apply"), None)
    if own is None:
        own = {**taken[0], "manager": field_manager, "operation": "Apply", "fieldsV1": {}}
        kept.insert(0, own)
    for entry in taken:
        own["fieldsV1"] = _union(own.get("fieldsV1") or {}, entry.get("fieldsV1") or {})
    return kept


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    keys = sorted(one.keys() | other.keys())
    return {key: _union(one.get(key) or {}, other.get(key) or {}) for key in keys}


def apply_ignore_rule(inputs: Object, live: Object, field_manager: str, ignored: Iterable[str]) -> Object:
    """A copy of the inputs without the ignored paths that only other managers own.

    A path that this resource owns alone keeps the engine's value (the last one), a shared one takes the live value.
    A path with an index, a wildcard or a quoted key is never looked up: upstream sends its value as it stands.
    """
    result = copy.deepcopy(inputs)
    for path in ignored:
        if not _PLAIN_PATH.match(path):
            continue
        parts = path.split(".")
        ours, theirs = _owners(live, field_manager, parts)
        if theirs and not ours:
            _remove(result, parts)
        elif theirs or not ours:
            _copy(live, result, parts)
    return result


def _owners(live: Object, field_manager: str, parts: list[str]) -> tuple[bool, bool]:
    ours = theirs = False
    for entry in managed_fields(live):
        if _has(entry.get("fieldsV1") or {}, parts):
            if entry.get("manager") == field_manager:
                ours = True
            else:
                theirs = True
    return ours, theirs


def _has(fields: Any, parts: list[str]) -> bool:
    for part in parts:
        if not isinstance(fields, dict) or f"f:{part}" not in fields:
            return False
        fields = fields[f"f:{part}"]
    return True


def _remove(obj: Any, parts: list[str]) -> None:
    for part in parts[:-1]:
        obj = obj.get(part) if isinstance(obj, dict) else None
    if isinstance(obj, dict):
        obj.pop(parts[-1], None)


def _copy(source: Any, target: Object, parts: list[str]) -> None:
    for part in parts:
        if not isinstance(source, dict) or part not in source:
            return
        source = source[part]
    parent: Any = target
    for part in parts[:-1]:
        parent = parent.setdefault(part, {})
        if not isinstance(parent, dict):
            return
    parent[parts[-1]] = copy.deepcopy(source)
