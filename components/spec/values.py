"""Values that are parsed once, at the edge: durations, percentages, quantities, image references, numbers."""

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache, total_ordering
from math import isfinite
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..record import record

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(?:[0-9]{1,12}(?:ms|s|m|h|d)){1,5}")
_DURATION_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_WORDY_DURATION = re.compile(r"\s*(\d+)\s*([a-zA-Z]+)\s*")
_WORDS = {"milli": "ms", "sec": "s", "min": "m", "hour": "h", "hr": "h", "day": "d"}
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)\s?%")
_QUANTITY = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_SCALES = {
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)},
}
_IMAGE = re.compile(
    r"(?P<repository>[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*?)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


INT32 = 2_147_483_647
Int32 = Annotated[int, Field(le=INT32)]
"""What fits Kubernetes' 32-bit integers."""


def shown(raw: Any) -> str:
    """A value in a message: as Python writes it, cut where it is long."""
    text = repr(raw)
    return text if len(text) <= 60 else text[:57] + "..."


class ParsedText:
    """A value written as text; subclasses say how it is parsed and what it looks like in a JSON schema."""

    pattern: str
    examples: tuple[str, ...]

    @classmethod
    def parse(cls, raw: Any) -> Self:
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        # Many apps say the same few things: what was parsed is parsed once, and is in memory once.
        known = lru_cache(maxsize=1024)(cls.parse)
        return core_schema.no_info_plain_validator_function(
            lambda raw: known(raw) if type(raw) is str else cls.parse(raw),
            serialization=core_schema.to_string_ser_schema(when_used="always"),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{cls.pattern}$", "examples": list(cls.examples)}


@total_ordering
@record
class Duration(ParsedText):
    """A length of time, e.g. `90s`, `5m`, `1h30m`, `250ms`; a whole number of milliseconds."""

    milliseconds: int

    pattern = _DURATION.pattern
    examples = ("30s", "5m", "1h30m", "250ms")

    @classmethod
    def parse(cls, raw: Any) -> Self:
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, str) and _DURATION.fullmatch(raw):
            parts = _DURATION_PART.findall(raw)
            length = cls(sum(int(count) * _UNITS_MS[unit] for count, unit in parts))
            if length.milliseconds <= LONGEST_DURATION_MS:
                return length
        raise PydanticCustomError("duration", "{problem}", {"problem": _duration_problem(raw)})

    @classmethod
    def of_seconds(cls, seconds: int) -> Self:
        return cls(seconds * 1_000)

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1_000

    @property
    def whole_seconds(self) -> int:
        """Seconds, rounded up: Kubernetes fields take whole seconds, and a shorter wait is never meant."""
        return -(-self.milliseconds // 1_000)

    def __lt__(self, other: "Duration") -> bool:
        return self.milliseconds < other.milliseconds

    def __str__(self) -> str:
        rest, parts = self.milliseconds, ""
        for unit in ("h", "m", "s", "ms"):
            count, rest = divmod(rest, _UNITS_MS[unit])
            parts += f"{count}{unit}" if count else ""
        return parts or "0s"


LONGEST_DURATION_MS = 366 * _UNITS_MS["d"]


def _duration_problem(raw: Any) -> str:
    if isinstance(raw, str) and _DURATION.fullmatch(raw):
        return f"'{raw}' is longer than a year"
    hint = "write a number and a unit, like '30s', '5m' or '1h30m'"
    if isinstance(raw, int) and not isinstance(raw, bool):
        return f"{raw} has no unit (did you mean '{raw}s'?)"
    wordy = _WORDY_DURATION.fullmatch(raw) if isinstance(raw, str) else None
    if wordy:
        unit = next((short for word, short in _WORDS.items() if wordy[2].lower().startswith(word)), None)
        if unit:
            return f"'{raw}' is not a duration (did you mean '{wordy[1]}{unit}'?)"
    return f"{shown(raw)} is not a duration: {hint}"


def _not_zero(length: Duration) -> Duration:
    if length.milliseconds:
        return length
    raise PydanticCustomError("duration", "must be longer than 0s")


PositiveDuration = Annotated[Duration, AfterValidator(_not_zero)]


@total_ordering
@record
class Percent(ParsedText):
    """A share written with its sign, e.g. `1%` or `0.5%`, from 0% to 100%; a bare number is refused as ambiguous."""

    value: Decimal

    pattern = _PERCENT.pattern
    examples = ("1%", "0.5%")

    @classmethod
    def parse(cls, raw: Any) -> Self:
        if isinstance(raw, cls):
            return raw
        found = _PERCENT.fullmatch(raw) if isinstance(raw, str) else None
        if found and Decimal(found[1]) <= 100:
            return cls(Decimal(found[1]).normalize())
        raise PydanticCustomError("percent", "{problem}", {"problem": _percent_problem(raw)})

    @property
    def fraction(self) -> Decimal:
        return (self.value / 100).normalize()

    def __lt__(self, other: "Percent") -> bool:
        return self.value < other.value

    def __str__(self) -> str:
        return f"{self.value:f}%"


def _percent_problem(raw: Any) -> str:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return f"{raw} is ambiguous: write it with a sign (did you mean '{raw}%' or '{Decimal(str(raw)) * 100:f}%'?)"
    if isinstance(raw, str) and _PERCENT.fullmatch(raw):
        return f"'{raw}' is more than 100%"
    return f"{shown(raw)} is not a percentage: write a number and a sign, like '1%' or '0.5%'"


@record
class Quantity(ParsedText):
    """A Kubernetes resource quantity, e.g. `250m`, `2`, `512Mi`."""

    text: str

    pattern = _QUANTITY.pattern
    examples = ("250m", "512Mi")

    @classmethod
    def parse(cls, raw: Any) -> Self:
        if isinstance(raw, cls):
            return raw
        text = str(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else ""
        if _QUANTITY.fullmatch(text):
            return cls(text)
        problem = f"{shown(raw)} is not a quantity: write a number with a unit, like '250m' (CPU) or '512Mi' (memory)"
        raise PydanticCustomError("quantity", "{problem}", {"problem": problem})

    @property
    def value(self) -> Decimal:
        """In the base unit: cores or bytes."""
        number = self.text.rstrip("".join(_SCALES))
        return Decimal(number) * _SCALES.get(self.text[len(number) :], Decimal(1))

    @property
    def canonical(self) -> str:
        """As Kubernetes' own programs write it. Source: k8s.io/apimachinery, pkg/api/resource/quantity.go."""
        if self.text.endswith("i") and self.value >= 1024:
            return _in_units(self.value, 1024, ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))
        return _in_units(self.value * 10**9, 1000, ("n", "u", "m", "", "k", "M", "G", "T", "P", "E"))

    def __str__(self) -> str:
        return self.text


def _in_units(amount: Decimal, step: int, units: tuple[str, ...]) -> str:
    """A whole number of the largest unit that needs no fraction; amounts below the smallest count as one more."""
    number = int(amount.to_integral_value(ROUND_CEILING))
    if not number:
        return "0"
    power = 0
    while number % step == 0 and power < len(units) - 1:
        number, power = number // step, power + 1
    return f"{number}{units[power]}"


@record
class Image(ParsedText):
    """A container image pinned by a tag or a digest; `latest` and untagged references are refused."""

    repository: str
    tag: str | None
    digest: str | None

    pattern = r"\S+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
    examples = ("registry.example.com/shop:1.4.0",)

    @classmethod
    def parse(cls, raw: Any) -> Self:
        if isinstance(raw, cls):
            return raw
        found = _IMAGE.fullmatch(raw) if isinstance(raw, str) else None
        if found is None:
            problem = (
                f"{shown(raw)} is not an image reference: write repository:tag, like 'registry.example.com/shop:1.4.0'"
            )
        elif not found["tag"] and not found["digest"]:
            problem = f"'{raw}' names no version: add a tag or a digest, like '{raw}:1.4.0'"
        elif found["tag"] == "latest" and not found["digest"]:
            problem = f"'{raw}' can change under you: name a version, like '{found['repository']}:1.4.0'"
        else:
            return cls(found["repository"], found["tag"], found["digest"])
        raise PydanticCustomError("image", "{problem}", {"problem": problem})

    @property
    def version(self) -> str:
        """What people call this version: the tag, else the start of the digest."""
        return self.tag or str(self.digest).removeprefix("sha256:")[:12]

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


@record
class NumberRule:
    """A finite number, whole or not, from `lowest` on and at most `highest`, where these are given."""

    lowest: int | None = None
    highest: int | None = None

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        limits = {"minimum": self.lowest, "maximum": self.highest}
        return {"type": "number", **{name: limit for name, limit in limits.items() if limit is not None}}

    def _check(self, raw: Any) -> int | float:
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not isfinite(raw):
            problem = f"{shown(raw)} is not a number: write it without quotes, like 5 or 0.25"
        elif self.lowest is not None and raw < self.lowest:
            problem = f"must be at least {self.lowest}, not {raw}"
        elif self.highest is not None and raw > self.highest:
            problem = f"must be at most {self.highest}, not {raw}"
        else:
            return raw
        raise PydanticCustomError("number", "{problem}", {"problem": problem})
