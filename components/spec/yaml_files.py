"""Reads YAML files as plain data; what cannot be read is a Problem with its line, never a traceback."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from .errors import Problem, SpecError
from .yaml_plain import NotPlain, read_plain
from .yaml_shape import LARGEST, check_shape

LARGEST_FILE = 1_000_000
"""Bytes; a spec a person wrote is far smaller, and a larger file is a mistake."""
LARGEST_MANIFESTS = 20_000_000
"""Bytes of a file of manifests; the largest bundles of CRDs have 5 MB."""
_MOST_VALUES = 2_000_000
"""In one file of manifests."""


class _UniqueKeyLoader(yaml.CSafeLoader):
    """A safe loader that refuses a key written twice: YAML would keep the last one silently."""


def _mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = _key(loader, key_node)
        if key in seen:
            raise yaml.MarkedYAMLError(problem=f"key '{key}' is written twice", problem_mark=key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)
    for key_node, _ in node.value:
        _key(loader, key_node)  # also of what was merged in
    return dict(loader.construct_pairs(node, deep=True))


def _key(loader: _UniqueKeyLoader, node: yaml.Node) -> str:
    key = loader.construct_object(node)
    if not isinstance(key, str):
        raise yaml.MarkedYAMLError(problem=f"key {key!r} must be text", problem_mark=node.start_mark)
    return key


def _typed(what: str, build: Callable[[_UniqueKeyLoader, yaml.ScalarNode], Any]) -> Callable[..., Any]:
    """A constructor of the library's, which trips over a tag on other text, e.g. `!!bool maybe` or `!!int ''`."""

    def built(loader: _UniqueKeyLoader, node: yaml.ScalarNode) -> Any:
        try:
            return build(loader, node)
        except (ValueError, KeyError, IndexError):
            raise yaml.MarkedYAMLError(problem=f"not {what}", problem_mark=node.start_mark) from None

    return built


def _text(loader: _UniqueKeyLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
# Dates would arrive as objects that no field takes; as text the field's own message helps.
_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)


for _kind, _what, _build in (
    ("int", "a number", yaml.CSafeLoader.construct_yaml_int),
    ("float", "a number", yaml.CSafeLoader.construct_yaml_float),
    ("bool", "true or false", yaml.CSafeLoader.construct_yaml_bool),
):
    _UniqueKeyLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _typed(_what, _build))
for _kind in ("binary", "omap", "pairs", "set"):
    del _UniqueKeyLoader.yaml_constructors[f"tag:yaml.org,2002:{_kind}"]


class _ManifestLoader(_UniqueKeyLoader):
    """For manifests of any origin: what YAML takes for a number as a key, or for a sign of its own, is text there."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        _keys_as_text(node)


def _manifest_mapping(loader: _ManifestLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    _keys_as_text(node)
    return _mapping(loader, node)


def _keys_as_text(node: yaml.MappingNode) -> None:
    for key_node, _ in node.value:
        if isinstance(key_node, yaml.ScalarNode) and key_node.tag != "tag:yaml.org,2002:merge":
            key_node.tag = "tag:yaml.org,2002:str"


_ManifestLoader.add_constructor("tag:yaml.org,2002:map", _manifest_mapping)
# A lone `=`, as in the CRDs of Prometheus.
_ManifestLoader.add_constructor("tag:yaml.org,2002:value", _text)


def read_documents(path: Path, shown: str) -> list[Any]:
    """The documents of a YAML file; `shown` names the file in messages. Raises SpecError."""
    text = _read_text(path, shown)
    try:
        documents = read_plain(text)
    except NotPlain:
        documents = load_text(text, shown)
    held = [document for document in documents if document is not None]
    if not held:
        raise SpecError([Problem(shown, "", "the file is empty")])
    return held


def load_text(text: str, shown: str) -> list[Any]:
    """The documents of any text, by the library's loader. Raises SpecError."""
    return _documents(text, shown, _UniqueKeyLoader, LARGEST)


def parse_manifests(content: bytes, shown: str) -> list[Any]:
    """The documents of YAML or JSON of any origin; None for an empty one. Raises SpecError."""
    if len(content) > LARGEST_MANIFESTS:
        raise SpecError([Problem(shown, "", f"too large: at most {LARGEST_MANIFESTS / 1e6:.0f} MB a file")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError([Problem(shown, "", "not valid YAML: the file is not UTF-8 text")]) from None
    return _documents(text, shown, _ManifestLoader, _MOST_VALUES)


def _documents(text: str, shown: str, loader: type[_UniqueKeyLoader], most_values: int) -> list[Any]:
    """The documents of a text. Raises SpecError."""
    try:
        check_shape(text, most_values)
        return list(yaml.load_all(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SpecError([Problem(shown, place, f"not valid YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        raise SpecError([Problem(shown, "", f"not valid YAML: {str(error).splitlines()[0]}")]) from None


def _read_text(path: Path, shown: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST_FILE:
                limit = f"{size / 1e6:.1f} MB is too large: at most {LARGEST_FILE / 1e6:.0f} MB a file"
                raise SpecError([Problem(shown, "", limit)])
            return file.read()
    except OSError as error:
        raise SpecError([Problem(shown, "", f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None
    except UnicodeDecodeError:
        raise SpecError([Problem(shown, "", "not valid YAML: the file is not UTF-8 text")]) from None
