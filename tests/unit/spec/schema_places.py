"""Every place in a spec where a key can be written, found in its JSON schema, with the least data that leads there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A key: the path of the mapping it belongs in, its name, its siblings, and data around that mapping."""

    path: tuple[str | int, ...]
    key: str
    siblings: frozenset[str]
    seed: Mapping[str, Any]
    """What the mapping must hold to be recognised, e.g. its `kind`."""
    around: Mapping[tuple[str | int, ...], Mapping[str, Any]]
    """The same of the mappings around it, by their paths."""

    def data(self, extra: str) -> Any:
        """A spec with an extra key at this place, and nothing that is not needed to get there."""
        made: Any = {**self.seed, extra: "x"}
        for depth in range(len(self.path) - 1, -1, -1):
            part = self.path[depth]
            known = self.around.get(self.path[:depth], {})
            made = [made] if isinstance(part, int) else {**known, part: made}
        return made


def places(schema: Mapping[str, Any]) -> list[Place]:
    """Every key that a model's JSON schema knows, in the order of the schema."""
    definitions = schema.get("$defs", {})
    return list(_places(schema, definitions, (), {}))


def _places(
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    path: tuple[str | int, ...],
    around: Mapping[tuple[str | int, ...], Mapping[str, Any]],
) -> Iterator[Place]:
    properties = schema.get("properties", {})
    constants = {key: inner["const"] for key, inner in properties.items() if "const" in inner}
    seed = constants | {key: "x" for key in schema.get("required", []) if key not in constants}
    for key, inner in properties.items():
        yield Place(path, key, frozenset(properties), seed, around)
        for after, model in _models(inner, definitions):
            yield from _places(model, definitions, (*path, key, *after), {**around, path: constants})


def _models(
    schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """The models that may stand at a place, each with the path that leads on to it."""
    if "$ref" in schema:
        yield (), definitions[schema["$ref"].rpartition("/")[2]]
    for alternative in (*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])):
        yield from _models(alternative, definitions)
    if isinstance(schema.get("items"), Mapping):
        yield from (((0, *after), model) for after, model in _models(schema["items"], definitions))
    # patternProperties stands where the keys of a dict are restricted.
    values = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    for value in values:
        if isinstance(value, Mapping):
            yield from ((("some-name", *after), model) for after, model in _models(value, definitions))
