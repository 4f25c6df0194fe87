"""What a release of the demo came to, and whether it is what was expected."""

from dataclasses import dataclass, field
from typing import Any

from components.operate.contract import Verdict

from .shares import FEWEST_REQUESTS, LARGEST_Z, Share
from .versions import ABORTED, Version


@dataclass(frozen=True)
class StepResult:
    """One weight of a release. Fields: `share`: measured while it was in force; `seconds`: for how long that was."""

    share: Share
    seconds: float
    verdicts: tuple[Verdict, ...] = ()


@dataclass
class VersionResult:
    """One release, from the change to its end.

    Fields: `version`; `state`: what is going on, "" when it is over; `outcome`: "" until it is known; `reason`: why it
    was aborted; `steps`; `seconds_to_abort`: from the first bad answer (or from the first traffic that could have
    come) to the last request that the canary got; `seconds_to_promote`: from the first weight until the new version got
    all traffic; `after`: requests when all was over, `canary` being those that the
    version which should answer them did not answer well; `seconds`: how long it all took.
    """

    version: Version
    state: str = "waiting"
    outcome: str = ""
    reason: str = ""
    steps: list[StepResult] = field(default_factory=list)
    seconds_to_abort: float | None = None
    seconds_to_promote: float | None = None
    after: Share | None = None
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return bool(self.outcome) and not self.state

    def difference(self) -> str:
        """What differs from what was expected, in one line; "" when nothing does."""
        name = f"version {self.version.number}"
        if self.outcome != self.version.expected:
            why = f" ({self.reason})" if self.reason else ""
            return f"{name} was expected to be {self.version.expected}, but was {self.outcome or 'not decided'}{why}"
        if self.outcome == ABORTED and not self.reason.startswith(self.version.because):
            return f"{name} was expected to be aborted because of {self.version.because}, but: {self.reason}"
        if self.after is None or not self.after.requests:
            return f"{name}: afterwards no requests were answered"
        if self.after.canary:
            wrong = f"{self.after.canary} of {self.after.requests} requests"
            return f"{name}: afterwards {wrong} were not answered well by the stable version"
        return self._traffic_difference() if self.version.traffic else ""

    def _traffic_difference(self) -> str:
        for step in self.steps:
            share, where = step.share, f"version {self.version.number} at weight {step.share.weight}"
            if share.requests < FEWEST_REQUESTS:
                return f"{where}: {share.requests} requests were counted, {FEWEST_REQUESTS} are needed"
            if not share.agrees:
                return f"{where}: the canary got {share.measured:.2%}, {share.z:+.1f} standard errors off ({LARGEST_Z})"
        return ""


def as_data(result: VersionResult) -> dict[str, Any]:
    """The result as JSON data; shares are 0-1, times are seconds."""
    return {
        "version": result.version.tag,
        "what": result.version.what,
        "expected": result.version.expected,
        "outcome": result.outcome,
        "reason": result.reason,
        "seconds": round(result.seconds, 1),
        "seconds_to_abort": result.seconds_to_abort,
        "seconds_to_promote": result.seconds_to_promote,
        "steps": [_step_data(step) for step in result.steps],
        "after": None
        if result.after is None
        else {"requests": result.after.requests, "not_answered_by_stable": result.after.canary},
        "as_expected": not result.difference(),
    }


def _step_data(step: StepResult) -> dict[str, Any]:
    share = step.share
    return {
        "weight": share.weight,
        "seconds": round(step.seconds, 1),
        "requests": share.requests,
        "canary_requests": share.canary,
        "share": round(share.measured, 5) if share.requests else None,
        "z": round(share.z, 2) if share.requests else None,
        "checks": [
            {
                "name": verdict.check,
                "passed": verdict.passed,
                "failed": verdict.failed,
                "value": verdict.value,
                "limit": verdict.limit,
            }
            for verdict in step.verdicts
        ],
    }
