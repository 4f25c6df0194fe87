"""How a stack names its cluster's kubeconfig: by the path of a file, or by contents that nothing ever shows.

Without pydantic at the top, because the client of the API reads this and must start fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ..record import record

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_SET = "pulumi config set --secret --path 'coalmine:cluster.kubeconfig'"


@record
class Kubeconfig:
    """A kubeconfig by its path, by its contents, or (both empty) encrypted in a stack file that Pulumi has not opened.

    Fields: `path`: of the file, `~` for the home folder; `contents`: YAML or JSON, never part of a text about this.
    """

    path: str = ""
    contents: str = field(default="", repr=False)

    @classmethod
    def parse(cls, raw: Any) -> Kubeconfig:
        """From what a user wrote: a path, or Pulumi's `{secure: ...}`. Raises PydanticCustomError without the value."""
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, Mapping) and set(raw) == {"secure"}:
            return cls()
        if isinstance(raw, str) and raw.strip() and not is_contents(raw):
            return cls(path=raw)
        from pydantic_core import PydanticCustomError

        raise PydanticCustomError("kubeconfig", "{problem}", {"problem": _problem(raw)})

    @property
    def is_encrypted(self) -> bool:
        """Whether only Pulumi can say what it is."""
        return not self.path and not self.contents

    def __str__(self) -> str:
        return self.path or "[secret]"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema(when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        encrypted = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
        return {"anyOf": [{"type": "string", "pattern": r"^[^\n{]+$"}, {**encrypted, "additionalProperties": False}]}


def is_contents(text: str) -> bool:
    """Whether a text is a kubeconfig itself, as YAML or JSON, rather than the path of one."""
    return "\n" in text.strip() or text.lstrip().startswith("{")


def _problem(raw: Any) -> str:
    if isinstance(raw, str) and raw.strip():
        return f"holds credentials in plain text: set them with `{_SET}`, and replace those that stood here"
    return f"must be the path of a file, or its contents as a secret (`{_SET}`)"
