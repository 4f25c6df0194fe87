"""Stand-in for pulumi-resource-kubernetes: the data of Secrets, which is secret as a whole."""

from __future__ import annotations

import base64
from typing import Any

from ..wire.values import Object, Secret, has_unknown, plain


def is_secret(obj: Object) -> bool:
    """Whether the object is a core Secret."""
    return obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1"


def merge_string_data(obj: Object) -> None:
    """Move stringData, base64-encoded, into data, in place; as the API server would; not while values are unknown."""
    texts = obj.get("stringData")
    if not isinstance(texts, dict) or has_unknown(texts) or not all(isinstance(text, str) for text in texts.values()):
        return
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    obj["data"] = (obj.get("data") or {}) | encoded
    del obj["stringData"]


def protect(obj: Object) -> Object:
    """A copy in which data and stringData of a Secret are secret."""
    if not is_secret(plain(obj)):
        return obj
    return {key: _wrapped(value) if key in ("data", "stringData") else value for key, value in obj.items()}


def _wrapped(value: Any) -> Secret:
    return value if isinstance(value, Secret) else Secret(plain(value))
