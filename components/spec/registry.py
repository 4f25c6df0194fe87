"""Variants by family (engine, router, metrics, ...): each is one file; nothing here knows any of them.

Discovery sits above (`components.discovery`) and registers into this table before anything is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from .base import Strict


class VariantModel(Strict):
    """What all variants share: a `kind` that users write to choose one."""

    kind: str
    """Chooses this variant."""


_families: dict[str, dict[str, type[VariantModel]]] = {}


class DuplicateVariantError(Exception):
    """Two files claim the same kind in one family."""


def kind_of(model: type[VariantModel]) -> str:
    """The name users write for this variant: the default of its `kind` field."""
    return str(model.model_fields["kind"].default)


def register(family: str, model: type[VariantModel]) -> None:
    """Adds one variant. Raises DuplicateVariantError where another class has its kind already."""
    variants = _families.setdefault(family, {})
    known = variants.setdefault(kind_of(model), model)
    if known is not model:
        raise DuplicateVariantError(
            f"{family} '{kind_of(model)}' is defined by {known.__module__} and {model.__module__}"
        )


def unregister(family: str, model: type[VariantModel]) -> None:
    """Removes one variant again (used by tests that add a fictive one)."""
    del _families[family][kind_of(model)]


def variants(family: str) -> Mapping[str, type[VariantModel]]:
    """The known variants of a family, by kind, in alphabetical order."""
    return dict(sorted(_families.get(family, {}).items()))


@dataclass(frozen=True)
class Variant:
    """Marks a field that takes any registered variant of a family: `istio`, or `{kind: istio, ...}`."""

    family: str

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices: dict[Any, CoreSchema] = {
            kind: handler.generate_schema(model) for kind, model in variants(self.family).items()
        }
        if not choices:
            raise LookupError(f"no {self.family} is registered: call components.discovery.discover() first")
        union = core_schema.tagged_union_schema(choices, discriminator="kind", ref=None)
        return core_schema.no_info_before_validator_function(_expand_shorthand, union)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        by_name = [kind for kind, model in variants(self.family).items() if not _required(model)]
        return {"anyOf": [{"enum": by_name}, handler(schema)]} if by_name else handler(schema)


def _required(model: type[VariantModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _expand_shorthand(raw: Any) -> Any:
    return {"kind": raw} if isinstance(raw, str) else raw
