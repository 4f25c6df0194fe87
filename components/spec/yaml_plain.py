"""Reads YAML without anchors, aliases and tags in one pass; whatever else a text holds is left to the library's loader.

The loader takes twice as long: the text is read once for its shape and once more for nodes, which become data.
"""

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from .yaml_shape import DEEPEST, LARGEST

_REMEMBERED = 4096
"""Scalars that are kept as read: many files are made of the same few words."""
_CONTAINERS: Mapping[type, type] = {yaml.MappingStartEvent: dict, yaml.SequenceStartEvent: list}
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class NotPlain(Exception):
    """The loader has to read the text, or to say what is wrong with it."""


def read_plain(text: str) -> list[Any]:
    """The documents of a text. Raises NotPlain."""
    try:
        return _documents(yaml.CSafeLoader(text).get_event)
    except (yaml.YAMLError, ValueError):
        raise NotPlain from None


def _documents(next_event: Callable[[], Any]) -> list[Any]:
    documents: list[Any] = []
    here: Any = documents
    key: Any = None
    outside: list[tuple[Any, Any]] = []
    for _ in range(LARGEST):
        event = next_event()
        kind = type(event)
        if kind is yaml.ScalarEvent:
            if event.anchor or event.tag:
                break
            key = _put(here, key, event.value if event.style else _scalars[event.value])
        elif kind in _CONTAINERS:
            inner = _begin(event, len(outside))
            outside.append((here, _put(here, key, inner)))
            here, key = inner, None
        elif kind in _ENDS:
            here, key = outside.pop()
        elif kind is yaml.StreamEndEvent:
            return documents
        elif kind is yaml.AliasEvent:
            break
    raise NotPlain


def _begin(event: Any, depth: int) -> Any:
    if event.anchor or event.tag or depth + 1 >= DEEPEST:
        raise NotPlain
    return _CONTAINERS[type(event)]()


def _put(here: Any, key: str | None, value: Any) -> str | None:
    """Puts a value where it belongs; returns the key that waits for its value."""
    if type(here) is list:
        here.append(value)
    elif key is not None:
        here[key] = value
    elif type(value) is str and value not in here:
        return value
    else:
        raise NotPlain
    return None


class _Scalars(dict[str, Any]):
    """What is meant by a scalar without quotes."""

    def __missing__(self, written: str) -> Any:
        if len(self) >= _REMEMBERED:
            self.clear()
        tag = _resolver.resolve(yaml.ScalarNode, written, (True, False))
        build = _BUILDERS.get(tag.removeprefix("tag:yaml.org,2002:"))
        if build is None:
            raise NotPlain
        self[written] = value = build(yaml.ScalarNode(tag, written))
        return value


_resolver: Any = Resolver()
_constructor: Any = SafeConstructor()
_BUILDERS: Mapping[str, Callable[[yaml.ScalarNode], Any]] = {
    "str": _constructor.construct_yaml_str,
    "null": _constructor.construct_yaml_null,
    "bool": _constructor.construct_yaml_bool,
    "int": _constructor.construct_yaml_int,
    "float": _constructor.construct_yaml_float,
    "timestamp": _constructor.construct_yaml_str,
}
_scalars = _Scalars()
