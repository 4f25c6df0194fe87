"""Who is told about a release, of what, and where a channel's credentials come from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..record import record
from .base import Finding, Ruled
from .container import repeated_values
from .names import NameRule
from .registry import VariantModel

Event = Literal["started", "step", "approval", "promoted", "aborted"]
"""What a release may tell of. `aborted` is every way to fail: a failed check, no answer, the deadline, pods that never
get ready, a person."""

EVENTS: tuple[Event, ...] = get_args(Event)
FAILURES: tuple[Event, ...] = ("approval", "aborted")
"""What is told unless a user says otherwise: what somebody has to do something about."""

ChannelName = Annotated[
    str,
    NameRule(
        r"[a-z]([a-z0-9-]*[a-z0-9])?",
        # With trigger and prefix it makes the name of an annotation, which holds 63 characters.
        24,
        "a channel's name: use at most 24 lower-case letters, digits and '-', starting with a letter, like 'team-shop'",
    ),
]
Role = Annotated[
    str, NameRule(r"[a-z]([a-z0-9-]*[a-z0-9])?", 24, "a credential's name: use lower-case letters, like 'token'")
]


class ChannelModel(VariantModel):
    """A place where people are told about releases."""

    @property
    def credentials(self) -> Sequence[str]:
        """The names of what it needs from a Secret, e.g. `token`."""
        return ()


class Subscription(Ruled):
    """One channel that is told about an app's releases; its name alone is enough."""

    channel: ChannelName
    """Name of one of the cluster's channels, `delivery.channels` of the stack."""
    events: Annotated[list[Event], Field(min_length=1)] = list(FAILURES)
    """What it is told of; a release that is taken back, for whatever reason, is `aborted`."""

    def problems(self) -> Iterator[Finding]:
        yield from repeated_values("events", self.events)


def _expanded(raw: Any) -> Any:
    return {"channel": raw} if isinstance(raw, str) else raw


@record
class _ByName:
    """A subscription that may be written as the channel's name."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


Subscribed = Annotated[Subscription, BeforeValidator(_expanded), _ByName()]


@record
class SecretText:
    """A credential that Pulumi keeps encrypted; empty where Pulumi has not opened it. Never part of a text."""

    contents: str = field(default="", repr=False)

    @classmethod
    def parse(cls, raw: Any) -> "SecretText":
        """From what a user wrote, Pulumi's `{secure: ...}`. Raises PydanticCustomError, without the value."""
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, Mapping) and set(raw) == {"secure"}:
            return cls()
        command = "pulumi config set --secret --path 'coalmine:credentials.<channel>.<name>'"
        problem = f"must be a secret (`{command}`); replace what stood here in plain text"
        raise PydanticCustomError("credential", "{problem}", {"problem": problem})

    def __str__(self) -> str:
        return "[secret]"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema(when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        secure = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
        return {**secure, "additionalProperties": False}


Credentials = dict[ChannelName, dict[Role, SecretText]]
