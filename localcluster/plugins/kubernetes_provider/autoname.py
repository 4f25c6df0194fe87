"""Stand-in for pulumi-resource-kubernetes: names of objects that the program leaves unnamed."""

from __future__ import annotations

import hashlib
import secrets

from ..wire.values import Object
from .annotations import AUTONAMED, is_true, set_annotation

_DIGITS = 8


def random_hex(seed: bytes) -> str:
    """Eight hexadecimal digits; the same for the same non-empty seed."""
    return hashlib.sha256(seed).hexdigest()[:_DIGITS] if seed else secrets.token_hex(_DIGITS // 2)


def assign(obj: Object, old_inputs: Object, resource_name: str, seed: bytes) -> None:
    """Name an unnamed object in place: as before where it was named before, else after the resource."""
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict) or metadata.get("name") or metadata.get("generateName"):
        return
    old = old_inputs.get("metadata", {}).get("name")
    reuse = bool(old) and is_true(old_inputs, AUTONAMED)
    metadata["name"] = old if reuse else f"{resource_name}-{random_hex(seed)}"
    set_annotation(obj, AUTONAMED, "true")
