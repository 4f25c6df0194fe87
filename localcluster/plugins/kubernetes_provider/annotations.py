"""Stand-in for pulumi-resource-kubernetes: the pulumi.com annotations that steer the provider."""

from __future__ import annotations

from typing import Any, Final

from ..wire.errors import PluginError
from ..wire.values import Object

AUTONAMED: Final = "pulumi.com/autonamed"
DELETION_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
PATCH_FORCE: Final = "pulumi.com/patchForce"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
TIMEOUT_SECONDS: Final = "pulumi.com/timeoutSeconds"
WAIT_FOR: Final = "pulumi.com/waitFor"

_PREFIX: Final = "pulumi.com/"
_KNOWN: Final = frozenset(
    {AUTONAMED, DELETION_PROPAGATION, FIELD_MANAGER, PATCH_FORCE, SKIP_AWAIT, TIMEOUT_SECONDS, WAIT_FOR}
)
_POLICIES = {"foreground": "Foreground", "background": "Background", "orphan": "Orphan"}


def annotation(obj: Object, name: str) -> str | None:
    """The annotation's value, or None where it is absent or not known yet."""
    metadata = obj.get("metadata")
    values = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = values.get(name) if isinstance(values, dict) else None
    return value if isinstance(value, str) else None


def unsupported(obj: Object) -> list[str]:
    """The annotations that steer the official provider and mean nothing to the stand-in, in order."""
    metadata = obj.get("metadata")
    values = metadata.get("annotations") if isinstance(metadata, dict) else None
    names = values if isinstance(values, dict) else {}
    return sorted(name for name in names if name.startswith(_PREFIX) and name not in _KNOWN)


def is_true(obj: Object, name: str) -> bool:
    """Whether the annotation is "true"."""
    return annotation(obj, name) == "true"


def set_annotation(obj: Object, name: str, value: str) -> None:
    """Set the annotation in place."""
    metadata: dict[str, Any] = obj.setdefault("metadata", {})
    metadata.setdefault("annotations", {})[name] = value


def timeout(obj: Object, custom_seconds: float, default_seconds: float) -> float:
    """Seconds to wait: the resource's customTimeouts, else its annotation, else the default; raises PluginError."""
    if custom_seconds > 0:
        return custom_seconds
    text = annotation(obj, TIMEOUT_SECONDS)
    if text is None:
        return default_seconds
    if not text.isdigit():
        raise PluginError(f"annotation {TIMEOUT_SECONDS}: '{text}' is not a number of seconds")
    return float(text)


def propagation_policy(obj: Object) -> str:
    """How dependents are deleted: Foreground unless the annotation says Background or Orphan; raises PluginError."""
    text = annotation(obj, DELETION_PROPAGATION)
    if text is None:
        return "Foreground"
    if text.lower() not in _POLICIES:
        raise PluginError(f"annotation {DELETION_PROPAGATION}: '{text}' is none of {', '.join(sorted(_POLICIES))}")
    return _POLICIES[text.lower()]
