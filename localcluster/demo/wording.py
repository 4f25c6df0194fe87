"""How the demo says its results, on a terminal and in plain lines."""

from components.operate.contract import Verdict, spoken

from .results import StepResult, VersionResult
from .versions import ABORTED


def canary_got(step: StepResult) -> str:
    """E.g. `5.1 % (331 of 6,500)`."""
    share = step.share
    if not share.requests:
        return "no requests"
    return f"{100 * share.measured:.1f} % ({share.canary:,} of {share.requests:,})"


def checks(step: StepResult) -> str:
    """E.g. `2 passed`, or the check that failed with its value and limit."""
    failing = [verdict for verdict in step.verdicts if verdict.failed]
    if failing:
        return ", ".join(dict.fromkeys(_failure(verdict) for verdict in failing))
    passed = sum(verdict.passed for verdict in step.verdicts)
    return f"{passed} passed" if passed else ""


def now(result: VersionResult) -> str:
    """E.g. `weight 25 %, 31 s` while a release goes on."""
    return f"{result.state}, {result.seconds:.0f} s" if result.seconds else result.state


def outcome(result: VersionResult) -> str:
    """E.g. `aborted in 15 s, 100 % stable`."""
    if result.outcome != ABORTED:
        return result.outcome
    took = "" if result.seconds_to_abort is None else f" in {result.seconds_to_abort:.0f} s"
    back = result.after is not None and result.after.requests and not result.after.canary
    return f"{result.outcome}{took}{', 100 % stable' if back else ''}"


def _failure(verdict: Verdict) -> str:
    if verdict.no_data:
        return "no data"
    return f"{spoken(verdict.check).removesuffix(' latency')} {verdict.value} > {verdict.limit}"
