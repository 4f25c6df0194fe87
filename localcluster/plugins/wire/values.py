"""Stand-in for the Go SDK's property values: secrets and unknowns between protobuf structs and Python objects.

Upstream source of the markers: sdk/go/common/resource/properties.go and sdk/go/common/resource/plugin/rpc.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

Object = dict[str, Any]

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The engine marks an unknown by its type; all of them mean the same to a provider.
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class UnsupportedValueError(ValueError):
    """A value that the stand-ins do not take (an asset, an archive, a resource reference)."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine must encrypt."""

    value: Any


class Unknown:
    """A value that is not known before the update; only UNKNOWN exists."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def from_struct(struct: struct_pb2.Struct) -> Object:
    """Python object of a protobuf struct; nulls are left out; raises UnsupportedValueError."""
    result: Object = {}
    for key in sorted(struct.fields):
        value = _from_value(struct.fields[key])
        if value is not None:
            result[key] = value
    return result


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        return _from_marked(from_struct(value.struct_value))
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    return None


def _from_marked(fields: Object) -> Any:
    signature = fields.get(_SIGNATURE)
    if signature is None:
        return fields
    if signature == _SECRET_SIGNATURE:
        return Secret(fields.get("value"))
    raise UnsupportedValueError("assets, archives and resource references are not supported by the bundled plug-ins")


def to_struct(fields: Mapping[str, Any]) -> struct_pb2.Struct:
    """Protobuf struct of a Python object with Secret and UNKNOWN inside."""
    struct = struct_pb2.Struct()
    _fill_struct(struct, fields)
    return struct


def _fill_struct(struct: struct_pb2.Struct, fields: Mapping[str, Any]) -> None:
    for key, value in fields.items():
        _fill_value(struct.fields[key], value)


def _fill_value(target: struct_pb2.Value, value: Any) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, Secret):
        _fill_struct(target.struct_value, {_SIGNATURE: _SECRET_SIGNATURE, "value": value.value})
    elif isinstance(value, Unknown):
        target.string_value = _UNKNOWN_STRING
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, Mapping):
        # Touching the field makes an empty map a map rather than a null.
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, value)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            _fill_value(target.list_value.values.add(), item)
    else:
        raise UnsupportedValueError(f"cannot send a {type(value).__name__} to the Pulumi engine")


def plain(value: Any) -> Any:
    """A copy without Secret wrappers; UNKNOWN stays."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _contains(value: Any, kind: type) -> bool:
    if isinstance(value, kind):
        return True
    if isinstance(value, Secret):
        return _contains(value.value, kind)
    if isinstance(value, dict):
        return any(_contains(item, kind) for item in value.values())
    return isinstance(value, list) and any(_contains(item, kind) for item in value)


def has_unknown(value: Any) -> bool:
    """Whether UNKNOWN occurs anywhere in the value."""
    return _contains(value, Unknown)


def has_secret(value: Any) -> bool:
    """Whether a Secret occurs anywhere in the value."""
    return _contains(value, Secret)


def mark_secrets(value: Any, like: Any) -> Any:
    """The value with Secret at the places where `like` has one; a list with a secret in it is secret as a whole."""
    if isinstance(value, Secret):
        return value
    if isinstance(like, Secret):
        return Secret(plain(value))
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: mark_secrets(item, like[key]) if key in like else item for key, item in value.items()}
    if isinstance(value, list) and isinstance(like, list) and has_secret(like):
        return Secret(plain(value))
    return value
