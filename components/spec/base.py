"""The base of every model: unknown keys are refused, values are frozen, nothing is coerced silently."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError, core_schema

from ..record import record
from .docstrings import field_docs
from .values import ParsedText

Finding = tuple[tuple[str | int, ...], str]
"""Path inside the model, and what is wrong there."""

_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


@contextmanager
def without_plugins() -> Iterator[None]:
    """Schemas built inside know no plug-ins of pydantic's: looking for any reads every installed package's metadata."""
    before = os.environ.get(_PLUGINS)
    os.environ[_PLUGINS] = before or "__all__"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PLUGINS]
        else:
            os.environ[_PLUGINS] = before


class Strict(BaseModel):
    """A model that refuses unknown keys and wrong types.

    Schemas are built at first use (`defer_build`), because the variants of a router, engine or metric provider
    are discovered after these classes are defined. A default that is a model is made by `model_construct`, which needs
    no schema: of the fields that nobody writes none is ever built.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _with_cheap_defaults(handler(source))

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        # Frozen. Pydantic copies a default that cannot be hashed, and with it every model inside, for each app.
        return self


@record
class Later:
    """Marks a model inside another that few users write: its schema is built when the first writes it.

    All schemas together are a fifth of what this package takes to start.
    """

    def __get_pydantic_core_schema__(self, source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(source.model_validate, metadata={"later": source})

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        model: type[BaseModel] = schema["metadata"]["later"]
        made: Any = model.__pydantic_core_schema__
        inner, known = (made["schema"], made["definitions"]) if made["type"] == "definitions" else (made, [])
        # By its name it is defined once, under `$defs`, like every other model inside another.
        named = {**inner, "ref": f"{model.__module__}.{model.__qualname__}:{id(model)}"}
        return handler(core_schema.definitions_schema(named, known))


@record
class _Always:
    """A default's factory that gives the same frozen model every time."""

    value: Any

    def __call__(self) -> Any:
        return self.value


def _with_cheap_defaults(schema: CoreSchema) -> CoreSchema:
    """A model's schema in which `{}`, `[]` and models, as defaults, are made or shared.

    Pydantic copies what cannot be hashed by `copy.deepcopy`, a twentieth of the time that a thousand apps take.
    """
    inner: Any = schema
    while inner["type"] != "model-fields":
        if "schema" not in inner:
            return schema
        inner = inner["schema"]
    for field in inner["fields"].values():
        made = field["schema"]
        default = made.get("default")
        if made["type"] != "default":
            continue
        if isinstance(default, Strict):
            factory: Any = _Always(default)
        elif default == {} or default == []:
            factory = type(default)
        else:
            continue
        del made["default"]
        made |= {"default_factory": factory, "default_factory_takes_data": False}
    return schema


class _Schema(GenerateJsonSchema):
    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        factory: Any = schema.get("default_factory")
        return super().default_schema(schema if factory is None else {**schema, "default": factory()})

    def field_title_should_be_set(self, schema: Any) -> bool:
        # A model has a title of its own, whenever its schema is built.
        return "later" not in schema.get("metadata", {}) and super().field_title_should_be_set(schema)

    def encode_default(self, dft: Any) -> Any:
        return str(dft) if isinstance(dft, ParsedText) else super().encode_default(dft)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        for name, text in field_docs(schema["cls"]).items():
            if name in made.get("properties", {}):
                made["properties"][name].setdefault("description", text)
        return made


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of what a user writes; defaults are written as the user would."""
    return model.model_json_schema(schema_generator=_Schema)


class Ruled(Strict):
    """A model whose fields must also fit together; all broken rules are reported, not the first one."""

    def problems(self) -> Iterable[Finding]:
        """What is wrong although every field is valid."""
        return ()

    @classmethod
    def raw_problems(cls, raw: Mapping[str, Any]) -> Iterable[Finding]:
        """What can be said even where other fields are invalid; `raw` is what the user wrote, unchecked."""
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _apply_rules(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        findings = list(cls.raw_problems(raw)) if isinstance(raw, Mapping) else []
        broken: list[InitErrorDetails] = []
        made: Self | None = None
        try:
            made = handler(raw)
        except ValidationError as error:
            if not findings:
                raise
            broken = [_again(detail) for detail in error.errors(include_url=False)]
        else:
            findings += made.problems()
        if made is None or findings:
            hidden = bool(cls.model_config.get("hide_input_in_errors"))
            every = [*broken, *_as_errors(findings, raw)]
            raise ValidationError.from_exception_data(cls.__name__, every, hide_input=hidden)
        return made


def refused(title: str, findings: Iterable[Finding], raw: Any) -> ValidationError:
    """The error that says what a rule outside of any model found in what the user wrote."""
    return ValidationError.from_exception_data(title, list(_as_errors(findings, raw)))


def _as_errors(findings: Iterable[Finding], raw: Any) -> Iterator[InitErrorDetails]:
    for path, message in findings:
        context = {"message": message, "inside": len(path)}
        yield InitErrorDetails(type=PydanticCustomError("rule", "{message}", context), loc=path, input=raw)


def _again(detail: ErrorDetails) -> InitErrorDetails:
    """A caught error, to be raised once more beside others; its kind and context stay readable."""
    kind: Any = PydanticCustomError("again", "{message}", {"message": detail["msg"], "detail": detail})
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"])
