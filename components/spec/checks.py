"""The checks: what is measured on the new version, and which answers are good ones."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from . import placeholders
from .base import Finding, Ruled
from .names import AppName, NonEmpty
from .values import Duration, Int32, NumberRule, Percent, Quantity

COMPARED = "-vs-stable"
"""What the name of a comparison with the stable version ends with."""
LONGEST_LATENCY = Duration.of_seconds(1800)

Number = Annotated[int | float, NumberRule()]
Factor = Annotated[int | float, NumberRule(1, 1000)]


class _Comparison(Ruled):
    """How far the new version may be from the stable one, beside the limit that stands for itself."""

    factor: Factor | None = None
    """At most so many times what stable has; at least 1."""

    def problems(self) -> Iterator[Finding]:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            yield (), "give one of factor and difference: they are two ways to say one thing"


class ComparedShare(_Comparison):
    """How much larger the new version's share may be than that of the stable one."""

    difference: Percent | None = None
    """At most so many percent points more than stable."""


class ComparedTime(_Comparison):
    """How much slower the new version may be than the stable one."""

    difference: Duration | None = None
    """At most so much slower than stable."""


class ComparedNumber(_Comparison):
    """How much larger the new version's number may be than that of the stable one."""

    difference: Annotated[int | float, NumberRule(0)] | None = None
    """At most so much more than stable, in the check's unit."""


class _Check(Ruled):
    """What every check may say."""

    provider: NonEmpty | None = None
    """Who is asked: `delivery.metrics` of the stack unless one of its `other_metrics` is named."""
    on_no_data: Literal["abort", "hold"] = "abort"
    """What no answer means: a failed check, or (`hold`) that a person decides whether the release goes on."""


class ErrorRate(_Check):
    """The share of requests answered with a server error (HTTP 5xx)."""

    kind: Literal["error_rate"]
    """Says which check this is."""
    max: Percent
    """A check fails above this share; below 100%."""
    compared_with_stable: ComparedShare | None = None

    def problems(self) -> Iterator[Finding]:
        if self.max.value == 100:
            yield ("max",), "must be below 100%: a check that cannot fail decides nothing"


class Latency(_Check):
    """A quantile of the time that requests take."""

    kind: Literal["latency"]
    """Says which check this is."""
    quantile: Literal["p50", "p90", "p95", "p99"] = "p99"
    """The share of requests that must be at most so slow: p99 means 99 of 100."""
    max: Duration
    """A check fails above this time; at most 30m, which the histograms of request durations still reach."""
    compared_with_stable: ComparedTime | None = None

    def problems(self) -> Iterator[Finding]:
        if not 0 < self.max.milliseconds <= LONGEST_LATENCY.milliseconds:
            yield ("max",), f"must be longer than 0s and at most {LONGEST_LATENCY}"

    @property
    def fraction(self) -> Decimal:
        return Decimal(self.quantile[1:]) / 100


class Cpu(_Check):
    """The processor time that the busiest of the new version's pods uses."""

    kind: Literal["cpu"]
    """Says which check this is."""
    max: Quantity
    """A check fails above so many cores, e.g. `750m`."""
    compared_with_stable: ComparedNumber | None = None
    """In cores."""


class Memory(_Check):
    """The working set of the largest of the new version's pods."""

    kind: Literal["memory"]
    """Says which check this is."""
    max: Quantity
    """A check fails above so many bytes, e.g. `400Mi`."""
    compared_with_stable: ComparedNumber | None = None
    """In bytes."""


class Restarts(_Check):
    """How often the containers of the new version's pods were restarted since the pods are there."""

    kind: Literal["restarts"]
    """Says which check this is."""
    max: Annotated[Int32, Field(ge=0)] = 0
    """A check fails above so many restarts, all pods taken together."""


class Query(_Check):
    """A question of your own, in the language of the provider that is asked."""

    kind: Literal["query"]
    """Says which check this is."""
    name: AppName
    """What is measured, e.g. `queue-depth`: its name in tables, events and messages."""
    query: NonEmpty
    """The question, with placeholders like `{{app}}`; it must be narrowed to the new version by one of them."""
    max: Number | None = None
    """A check fails above this number."""
    min: Number | None = None
    """A check fails below this number."""
    unit: NonEmpty | None = None
    """What the number counts, e.g. `messages`; shown, and not used otherwise."""
    not_per_version: NonEmpty | None = None
    """Why this query is not narrowed to the new version, where that is meant, e.g. `one queue for both`."""
    compared_with_stable: ComparedNumber | None = None

    def problems(self) -> Iterator[Finding]:
        for message in placeholders.problems(self.query):
            yield ("query",), message
        if self.max is not None and self.min is not None and self.min > self.max:
            yield ("min",), f"{self.min} is above max, {self.max}: no answer could pass"
        if self.name in _RESERVED:
            yield ("name",), f"'{self.name}' is the name of a check that Flagger has itself: choose another one"
        yield from self._version_problems()

    def _version_problems(self) -> Iterator[Finding]:
        narrowed = placeholders.names_one_version(self.query)
        if narrowed and self.not_per_version:
            yield ("not_per_version",), "the query names the new version: leave this out"
        if self.compared_with_stable and self.not_per_version:
            yield ("compared_with_stable",), "a query that is not per version cannot be compared: leave one of them out"
        if self.compared_with_stable and "revision" in placeholders.used(self.query):
            others = " or ".join(one for one in placeholders.ONE_VERSION if one != "{{revision}}")
            message = f"stable's {{{{revision}}}} is not known beforehand: narrow the query by {others}"
            yield ("compared_with_stable",), message


Check = ErrorRate | Latency | Cpu | Memory | Restarts | Query

_RESERVED = ("request-success-rate", "request-duration")
"""For a metric of such a name Flagger runs a check of its own. Source: flagger v1.36, scheduler_metrics.go."""


def check_name(check: Check) -> str:
    """The name of a check in manifests, tables and messages."""
    match check:
        case Query():
            return check.name
        case Latency():
            return f"latency-{check.quantile}"
        case _:
            return check.kind.replace("_", "-")


def comparison_name(check: Check) -> str:
    """The name of what compares a check with the stable version."""
    return f"{check_name(check)}{COMPARED}"


def check_names(check: Check) -> list[str]:
    """Both, the second where there is a comparison."""
    return [check_name(check), *([comparison_name(check)] if comparison(check) else [])]


def comparison(check: Check) -> ComparedShare | ComparedTime | ComparedNumber | None:
    """How a check is compared with the stable version, where it is."""
    return None if isinstance(check, Restarts) else check.compared_with_stable


def describe(check: Check) -> str:
    """A check in words, e.g. `p99 latency at most 300ms`."""
    match check:
        case ErrorRate():
            said = f"error rate at most {check.max}"
        case Latency():
            said = f"{check.quantile} latency at most {check.max}"
        case Query():
            said = _described_query(check)
        case _:
            said = f"{_OF_PODS[check.kind]} at most {check.max}"
    compared = comparison(check)
    if compared:
        said += f" and {_described_comparison(compared)}"
    return f"{said}, held without data" if check.on_no_data == "hold" else said


_OF_PODS = {"cpu": "CPU of a pod", "memory": "memory of a pod", "restarts": "restarts of its pods"}


def _described_query(check: Query) -> str:
    bounds = [f"at least {check.min}"] if check.min is not None else []
    bounds += [f"at most {check.max}"] if check.max is not None else []
    unit = f" {check.unit}" if check.unit and bounds else ""
    limits = f"{' and '.join(bounds)}{unit}" if bounds else "must succeed"
    return f"{check.name} {limits}{', not per version' if check.not_per_version else ''}"


def _described_comparison(compared: ComparedShare | ComparedTime | ComparedNumber) -> str:
    if compared.factor is not None:
        return f"at most {compared.factor} times stable's"
    return f"at most {compared.difference} above stable's"
