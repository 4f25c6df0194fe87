"""What decides whether a release goes on, and when it is taken back."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from .base import Finding, Ruled, Strict
from .checks import Check, check_names
from .values import Duration, Int32

SHORTEST_INTERVAL = Duration.of_seconds(10)


REVISIONS_KEPT = 5
"""Old versions that stay in the cluster to go back to."""


class Analysis(Ruled):
    """What decides whether a release goes on: every check, at every interval, measured on the canary alone.

    Too few requests, no data and NaN count as a failed check: silence is never success.
    """

    interval: Duration = Duration.of_seconds(30)
    """Time between two checks, and the window each of them looks back; at least 10s."""
    tolerated_failures: Annotated[int, Field(ge=0, le=100)] = 0
    """Failed checks per step that do not yet abort the release."""
    minimum_requests: Annotated[Int32, Field(ge=1)] = 50
    """Requests the canary must get in one interval for `error_rate` and `latency` to count."""
    background: bool = False
    """Whether the checks go on between the steps too: while a person or a gate is waited for, and pods are made."""
    checks: Annotated[list[Annotated[Check, Field(discriminator="kind")]], Field(min_length=1)]
    """What is measured; every one must pass."""

    def problems(self) -> Iterator[Finding]:
        if self.interval < SHORTEST_INTERVAL:
            yield ("interval",), f"must be at least {SHORTEST_INTERVAL}: shorter windows hold too few samples"
        seen: set[str] = set()
        for index, check in enumerate(self.checks):
            if self.background and check.on_no_data == "hold":
                message = "the checks in the background would end there, and nothing be watched: write 'abort'"
                yield ("checks", index, "on_no_data"), f"{message}, or leave analysis.background out"
            for name in check_names(check):
                if name in seen:
                    yield ("checks", index), f"'{name}' is checked twice"
                seen.add(name)


class Rollback(Strict):
    """When a release is taken back without asking, and how long old pods stay for it."""

    deadline: Duration = Duration.of_seconds(600)
    """A release that makes no progress for so long is aborted."""
    keep_old_pods: Duration = Duration.of_seconds(30)
    """How long the pods of the version that lost stay after a release ends."""
    fast_window: Annotated[int, Field(ge=0, le=REVISIONS_KEPT)] = 0
    """Going back to one of so many last versions skips all steps and checks; 0 for none."""
