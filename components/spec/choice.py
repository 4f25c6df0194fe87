"""Which delivery is meant: by its preset, and by its strategy."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from ..record import record
from .base import Finding, Later, refused
from .errors import nearest
from .merging import merge
from .presets import PRESETS
from .strategies import AbTest, BlueGreen, Canary, Delivered, Mirrored
from .values import shown

_MODELS = (Canary, BlueGreen, AbTest, Mirrored)


@record
class _ByStrategy:
    """Puts what was written over its preset, then chooses the model by `strategy`; a canary where nothing is said."""

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices: dict[Any, CoreSchema] = {
            _tag(model): handler.generate_schema(Annotated[model, Later()]) for model in _MODELS
        }
        union = core_schema.tagged_union_schema(choices, discriminator="strategy", ref=None)
        return core_schema.no_info_before_validator_function(_expanded, union)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # With a preset any key may be left out, at any depth: an editor completes keys, and `validate` checks them.
        return {"anyOf": [handler(schema), {"type": "object", "required": ["preset"]}]}


def _tag(model: type[Delivered]) -> str:
    annotation: Any = model.model_fields["strategy"].annotation
    return str(annotation.__args__[0])


def _expanded(raw: Any) -> Any:
    if not isinstance(raw, Mapping):
        return raw
    name = raw.get("preset")
    if name is not None:
        findings = list(_unusable(name, raw.get("strategy")))
        if findings:
            raise refused("Delivery", findings, raw)
        raw = merge(PRESETS[name].values, raw)
    return raw if "strategy" in raw else {"strategy": "canary", **raw}


def _unusable(name: Any, strategy: Any) -> Iterator[Finding]:
    if not isinstance(name, str) or name not in PRESETS:
        yield ("preset",), f"unknown preset {shown(name)}" + nearest(str(name), PRESETS)
        return
    own = PRESETS[name].values["strategy"]
    if strategy not in (None, own):
        others = [other for other, preset in PRESETS.items() if preset.values["strategy"] == strategy]
        instead = f"choose preset {' or '.join(map(repr, others))}" if others else "write the release without a preset"
        yield ("strategy",), f"preset '{name}' is a release of strategy '{own}': leave 'strategy' out, or {instead}"


Delivery = Annotated[Canary | BlueGreen | AbTest | Mirrored, _ByStrategy()]
