"""What decides whether a release goes on, and when it is taken back."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from .base import Finding, Ruled, Strict
from .values import Duration, Int32, Percent

SHORTEST_INTERVAL = Duration.of_seconds(10)

LONGEST_LATENCY = Duration.of_seconds(1800)


REVISIONS_KEPT = 5
"""Old versions that stay in the cluster to go back to."""


class ErrorRate(Ruled):
    """The share of requests answered with a server error (HTTP 5xx)."""

    kind: Literal["error_rate"]
    """Says which check this is."""
    max: Percent
    """A check fails above this share; below 100%."""

    def problems(self) -> Iterator[Finding]:
        if self.max.value == 100:
            yield ("max",), "must be below 100%: a check that cannot fail decides nothing"


class Latency(Ruled):
    """A quantile of the time that requests take."""

    kind: Literal["latency"]
    """Says which check this is."""
    quantile: Literal["p50", "p90", "p95", "p99"] = "p99"
    """The share of requests that must be at most so slow: p99 means 99 of 100."""
    max: Duration
    """A check fails above this time; at most 30m, which the histograms of request durations still reach."""

    def problems(self) -> Iterator[Finding]:
        if not 0 < self.max.milliseconds <= LONGEST_LATENCY.milliseconds:
            yield ("max",), f"must be longer than 0s and at most {LONGEST_LATENCY}"

    @property
    def fraction(self) -> Decimal:
        return Decimal(self.quantile[1:]) / 100


Check = Annotated[ErrorRate | Latency, Field(discriminator="kind")]


class Analysis(Ruled):
    """What decides whether a release goes on: every check, at every interval, measured on the canary alone.

    Too few requests, no data and NaN count as a failed check: silence is never success.
    """

    interval: Duration = Duration.of_seconds(30)
    """Time between two checks, and the window each of them looks back; at least 10s."""
    tolerated_failures: Annotated[int, Field(ge=0, le=100)] = 0
    """Failed checks per step that do not yet abort the release."""
    minimum_requests: Annotated[Int32, Field(ge=1)] = 50
    """Requests the canary must get in one interval for a check to count."""
    checks: Annotated[list[Check], Field(min_length=1)]
    """What is measured; every one must pass."""

    def problems(self) -> Iterator[Finding]:
        if self.interval < SHORTEST_INTERVAL:
            yield ("interval",), f"must be at least {SHORTEST_INTERVAL}: shorter windows hold too few samples"
        names = [check_name(check) for check in self.checks]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield ("checks", index), f"'{name}' is checked twice"


def check_name(check: ErrorRate | Latency) -> str:
    """The name of a check in manifests, tables and messages."""
    return "error-rate" if isinstance(check, ErrorRate) else f"latency-{check.quantile}"


class Rollback(Strict):
    """When a release is taken back without asking, and how long old pods stay for it."""

    deadline: Duration = Duration.of_seconds(600)
    """A release that makes no progress for so long is aborted."""
    keep_old_pods: Duration = Duration.of_seconds(30)
    """How long the pods of the version that lost stay after a release ends."""
    fast_window: Annotated[int, Field(ge=0, le=REVISIONS_KEPT)] = 0
    """Going back to one of so many last versions skips all steps and checks; 0 for none."""
