"""Stand-in for pulumi-resource-kubernetes: built-in kinds in the form that a round trip through their Go types gives.

Quantities become canonical and unknown fields are dropped. An object in which a type does not fit passes unchanged:
the API server then refuses it.
"""

from __future__ import annotations

from typing import Any

from ..wire.values import Object
from .kinds import fields, known, of_object
from .quantity import canonical


class _MisfitError(Exception):
    pass


def normalise(obj: Object) -> Object:
    """The object in normal form; custom kinds and objects that do not fit their type are returned as they are."""
    kind = known(of_object(obj))
    if kind is None:
        return obj
    try:
        result: Object = _of_type(obj, kind.type)
    except _MisfitError:
        return obj
    return result


def _of_type(value: Any, type_name: str) -> Any:
    if not isinstance(value, dict):
        raise _MisfitError
    codes = fields(type_name)
    return {name: _of_code(item, codes[name]) for name, item in value.items() if name in codes}


def _of_code(value: Any, code: str) -> Any:
    if value is None:
        return None
    if code.startswith("[]"):
        if not isinstance(value, list):
            raise _MisfitError
        return [_of_code(item, code[2:]) for item in value]
    if code.startswith("{}"):
        if not isinstance(value, dict):
            raise _MisfitError
        return {key: _of_code(item, code[2:]) for key, item in value.items()}
    if code.startswith("@"):
        return _of_type(value, code[1:])
    return _scalar(value, code)


_TYPES: dict[str, tuple[type, ...]] = {
    "s": (str,),
    "i": (int,),
    "n": (int, float),
    "b": (bool,),
    "e": (int, str),
    "q": (int, float, str),
}


def _scalar(value: Any, code: str) -> Any:
    if code == "x":
        return value
    # bool is an int to isinstance, and not to an API type.
    if type(value) not in _TYPES[code]:
        raise _MisfitError
    if code != "q":
        return value
    try:
        return canonical(str(value))
    except ValueError as error:
        raise _MisfitError from error
