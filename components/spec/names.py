"""Text that must keep a rule: names of Kubernetes' objects, hosts, paths, addresses, expressions."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..record import record
from .values import shown


def _named(pattern: str, longest: int, what: str) -> Callable[[Any], str]:
    matches = re.compile(pattern).fullmatch

    def check(raw: Any) -> str:
        if isinstance(raw, str) and len(raw) <= longest and matches(raw):
            return raw
        raise PydanticCustomError("name", "{problem}", {"problem": f"{shown(raw)} is not {what}"})

    return check


@record
class NameRule:
    """A checked string for names that Kubernetes restricts; the message says what the rule is."""

    regex: str
    longest: int
    what: str

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_named(self.regex, self.longest, self.what))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{self.regex}$", "maxLength": self.longest}


_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
DnsLabel = Annotated[
    str, NameRule(_LABEL, 63, "a valid name: use at most 63 lower-case letters, digits and '-', like 'my-app'")
]


def is_dns_label(text: str) -> bool:
    """Whether a text is a DnsLabel."""
    return len(text) <= 63 and re.fullmatch(_LABEL, text) is not None


AppName = Annotated[
    str,
    NameRule(
        r"[a-z]([a-z0-9-]*[a-z0-9])?",
        48,
        "a valid app name: use at most 48 lower-case letters, digits and '-', starting with a letter, like 'my-app'",
    ),
]
Hostname = Annotated[
    str,
    NameRule(
        rf"(\*\.)?{_LABEL}(\.{_LABEL})+", 253, "a host name: use lower-case labels with dots, like 'shop.example.com'"
    ),
]
ObjectName = Annotated[
    str, NameRule(rf"{_LABEL}(\.{_LABEL})*", 253, "a valid object name: use lower-case letters, digits, '-' and '.'")
]
EnvName = Annotated[
    str, NameRule(r"[A-Za-z_][A-Za-z0-9_.-]*", 253, "a variable's name: use letters, digits and '_', like 'LOG_LEVEL'")
]
AbsolutePath = Annotated[str, NameRule(r"/\S*", 1024, "an absolute path, like '/data'")]
ApiVersion = Annotated[str, NameRule(r"1\.[0-9]+(\.[0-9]+)?", 20, 'a version of Kubernetes: write it like "1.36"')]
Url = Annotated[
    str, NameRule(r"https?://[^\s/]+\S*", 2048, "an address: write it like 'http://prometheus.monitoring:9090'")
]
_RE2_LACKS = r"(?P<lacks>\\[1-9Z]|\(\?(?:[=!>(#]|<[=!]|P=)|[*+?}]\+|\{[0-9]*,?[0-9]{4,})|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"
"""What Python's expressions have and RE2's lack (lookaround, back-references, possessive or long repetition), or an
escape or a class, in which the same characters are harmless."""


def _regex(raw: Any) -> str:
    if not isinstance(raw, str) or not raw:
        raise PydanticCustomError("regex", "{problem}", {"problem": f"{shown(raw)} is not a regular expression"})
    try:
        re.compile(raw)
    except re.error as error:
        problem = f"'{raw}' is not a regular expression: {error}"
    else:
        lacking = next((found["lacks"] for found in re.finditer(_RE2_LACKS, raw) if found["lacks"]), None)
        if lacking is None:
            return raw
        problem = f"'{raw}' uses '{lacking}', which RE2 lacks: a router would refuse it"
    raise PydanticCustomError("regex", "{problem}", {"problem": problem})


Regex = Annotated[str, BeforeValidator(_regex), StringConstraints(min_length=1)]
"""An expression that Python and RE2 both take: one that Envoy refuses would hold up the routes of all apps."""

NonEmpty = Annotated[str, StringConstraints(min_length=1, strict=True)]
