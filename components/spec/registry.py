"""Variants by family (engine, router, metrics, ...): each is one file; nothing here knows any of them.

Discovery sits above (`components.discovery`) and fills this table before anything is read. A variant is loaded when
somebody chooses it: a program that uses one router of twenty imports one.
"""

from collections.abc import Callable, Mapping
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from ..record import record
from .base import Strict


class VariantModel(Strict):
    """What all variants share: a `kind` that users write to choose one."""

    kind: str
    """Chooses this variant."""

    def of_bundle(self, bundle: str) -> Self:
        """The same where a bundle of the platform's is installed, which decides what the user left open."""
        return self


Load = Callable[[], type[VariantModel]]

_families: dict[str, dict[str, Load]] = {}


def kind_of(model: type[VariantModel]) -> str:
    """The name users write for this variant: the default of its `kind` field."""
    return str(model.model_fields["kind"].default)


def register(family: str, kind: str, load: Load) -> None:
    """Makes a variant known; `load` gives its model, always the same one."""
    _families.setdefault(family, {})[kind] = load


def kinds(family: str) -> list[str]:
    """What users may write for a family, in alphabetical order; none of them is loaded."""
    return sorted(_families.get(family, {}))


def variant(family: str, kind: str) -> type[VariantModel]:
    """One variant of a family. Raises KeyError for a kind that nobody made known."""
    return _families[family][kind]()


def variants(family: str) -> Mapping[str, type[VariantModel]]:
    """All variants of a family, by kind, in alphabetical order."""
    return {kind: variant(family, kind) for kind in kinds(family)}


@record
class Variant:
    """Marks a field that takes any variant of a family: `istio`, or `{kind: istio, ...}`."""

    family: str

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        models = variants(self.family)
        choices: dict[Any, CoreSchema] = {kind: model.__pydantic_core_schema__ for kind, model in models.items()}
        chosen = handler(core_schema.tagged_union_schema(choices, discriminator="kind"))
        by_name = [kind for kind, model in models.items() if not _required(model)]
        return {"anyOf": [{"enum": by_name}, chosen]} if by_name else chosen

    def _validate(self, raw: Any) -> VariantModel:
        """The errors are those of pydantic's own unions, which the messages are made of."""
        if isinstance(raw, VariantModel):
            kind: Any = raw.kind
        elif isinstance(raw, Mapping):
            if "kind" not in raw:
                raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
            kind = raw["kind"]
        elif isinstance(raw, str):
            kind, raw = raw, {"kind": raw}
        else:
            raise PydanticKnownError("model_attributes_type")
        known = kinds(self.family)
        if kind not in known:
            expected = ", ".join(repr(one) for one in known)
            context = {"discriminator": "'kind'", "tag": str(kind), "expected_tags": expected}
            raise PydanticKnownError("union_tag_invalid", context)
        return variant(self.family, kind).model_validate(raw)


def _required(model: type[VariantModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]
