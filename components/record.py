"""Values that never change, at the price of ones that may."""

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_Value]) -> type[_Value]:
    """A dataclass that the type checker takes for frozen; equal where its fields are, and hashable where they are.

    Frozen at run time, it would take three times as long to make one. Dataclasses compile five functions for each
    class, which was a quarter of the time that this package took to load; here all classes share three of them.
    """
    own = vars(cls).keys()
    made: Any = dataclass(repr=False, eq=False)(cls)
    for name, method in (("__repr__", _repr), ("__eq__", _eq), ("__hash__", _hash)):
        if name not in own:
            setattr(made, name, method)
    return cls


def _repr(self: Any) -> str:
    said = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(said)})"


def _eq(self: Any, other: object) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    return vars(self) == vars(other)


def _hash(self: Any) -> int:
    # Nothing but `__init__` sets fields, always in the same order.
    return hash(tuple(vars(self).values()))
