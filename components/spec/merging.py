"""Values over values: a stack's overrides over an app, an app over its preset."""

from collections.abc import Mapping
from typing import Any


def merge(base: Any, change: Any) -> Any:
    """`change` merged into `base` key by key; null removes a key, lists are replaced whole."""
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    merged = dict(base)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged[key], value) if key in merged else value
    return merged
