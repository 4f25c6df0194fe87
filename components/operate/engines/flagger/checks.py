"""What the checks of a release found, from Flagger's events.

Source: flagger v1.36, pkg/controller/scheduler*.go; of Knative v1.41, pkg/canary/knative_controller.go.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ....access.client import Object
from ....spec.values import Duration, Percent
from ...contract import GATE, Verdict
from .events import Told
from .state import CanaryState

_ADVANCED = re.compile(r"Advance \S+ canary weight (\d+)")
_ABOVE = re.compile(r"Halt \S+ advancement (\S+) (\S+) > (\S+)")
_NOTHING = re.compile(r"Halt advancement no values found for custom metric: (\S+?):")
_BROKEN = re.compile(r"Metric query failed for (\S+?): (.*)", re.DOTALL)
_GATE = re.compile(r"Halt \S+ advancement (?:pre-rollout|external) check (\S+) failed (.*)", re.DOTALL)
_TAKEN_BACK = re.compile(r"Rollback check (\S+) passed")
_THRESHOLD = re.compile(r"Rolling back \S+ failed checks threshold reached (\d+)")
_NOT_READY = re.compile(r"canary deployment \S+ not ready: ")
_NEVER_GIVEN_UP = re.compile(r"Knative Revision \S+ is not ready")
_GIVEN_UP = re.compile(r"Canary failed! ")
_EVERYTHING = 101
"""Above every weight: all steps were left."""


def verdicts(events: Sequence[Told], state: CanaryState) -> list[Verdict]:
    """Every check of every step that was left, and those that failed, at the weight at which they did."""
    reached = max([state.canary_weight, *(_weight(event) for event in events)], default=0)
    if state.rolled_out:
        reached = _EVERYTHING
    found = [_passed(metric, weight) for weight in state.weights for metric in state.metrics if weight < reached]
    by_key = {(one.check, one.weight): one for one in found}
    failed, total = _counted(events, state)
    # Fewer than it takes: somebody took it back, and no check is to blame.
    blamed = 0 < total <= sum(one.failed for one in failed.values())
    for key, one in failed.items():
        by_key[key] = replace(one, passed=by_key[key].passed if key in by_key else 0, decisive=blamed)
    return sorted(by_key.values(), key=lambda one: one.weight)


def _counted(events: Sequence[Told], state: CanaryState) -> tuple[dict[tuple[str, int], Verdict], int]:
    """What failed, by check and weight, and how many failed checks ended the try, 0 where none did."""
    failed, total = dict(_failures(events, state.metrics)), _ended_with(events)
    open_ones = [key for key, one in failed.items() if not one.failed]
    rest = total - sum(one.failed for one in failed.values())
    for key in open_ones:
        # The same words were said in an earlier try too; together they make up what is missing.
        failed[key] = replace(failed[key], failed=max(rest if len(open_ones) == 1 else 1, 1))
    return failed, total


def cause(events: Sequence[Told], state: CanaryState) -> str:
    """Why a release was taken back that no check ended."""
    gates = [match[1] for event in events if (match := _TAKEN_BACK.match(event.message))]
    if gates:
        return f"gate {gates[-1]} took it back"
    ends = [index for index, event in enumerate(events) if _GIVEN_UP.match(event.message)]
    before = events[: ends[-1]] if ends else events
    if _ended_with(before):
        known = sum(one.failed for one in dict(_failures(before, state.metrics)).values())
        return "aborted by hand" if not known else "aborted by hand, or not all of its failed checks are known"
    if before and _NOT_READY.match(before[-1].message):
        return f"no progress for {Duration.of_seconds(state.deadline)}: its pods do not become ready"
    return state.message


def stands_still(events: Sequence[Told]) -> str:
    """Why Flagger neither goes on nor takes anything back, with what helps; "" where it does its work."""
    if not events or not _NEVER_GIVEN_UP.match(events[-1].message):
        return ""
    return "a revision is not ready, and Flagger waits for it, however long: deploy the version before to go back"


def _ended_with(events: Sequence[Told]) -> int:
    """How many failed checks ended the try; 0 where none did."""
    found = [_THRESHOLD.match(event.message) for event in events]
    return max((int(match[1]) for match in found if match), default=0)


def _weight(event: Told) -> int:
    advanced = _ADVANCED.match(event.message)
    return int(advanced[1]) if advanced else 0


def _failures(events: Sequence[Told], metrics: Sequence[Object]) -> Iterator[tuple[tuple[str, int], Verdict]]:
    """What failed, by check and weight, the last value of each with all its times."""
    weight, counts = 0, dict[tuple[str, int], int]()
    for event in events:
        weight = _weight(event) or weight
        one = _failure(event, weight, metrics)
        if one:
            key = (one.check, weight)
            counts[key] = counts.get(key, 0) + event.count
            yield key, replace(one, failed=counts[key])


def _failure(event: Told, weight: int, metrics: Sequence[Object]) -> Verdict | None:
    patterns = (_ABOVE, _NOTHING, _BROKEN, _GATE)
    above, nothing, broken, gate = (pattern.match(event.message) for pattern in patterns)
    failed = Verdict("", weight, 0, 0, "", "", no_data=False)
    if above:
        check = above[1]
        return replace(failed, check=check, value=_amount(check, above[2]), limit=_limit(check, above[3]))
    if nothing:
        return replace(failed, check=nothing[1], value="no data", limit=_known(nothing[1], metrics), no_data=True)
    if broken:
        return replace(failed, check=broken[1], value="not measured", problem=" ".join(broken[2].split()))
    if gate:
        return replace(failed, check=f"{GATE}{gate[1]}", value="no", problem=" ".join(gate[2].split()))
    return None


def _passed(metric: Object, weight: int) -> Verdict:
    """A check that must have passed once, or the weight would not have been left; its value is told nowhere."""
    name = str(metric["name"])
    return Verdict(name, weight, 1, 0, "in range", _known(name, [metric]), no_data=False)


def _known(check: str, metrics: Sequence[Object]) -> str:
    """The limit of a check, from the Canary."""
    ranges = [one.get("thresholdRange") or {} for one in metrics if one["name"] == check]
    return next((_limit(check, str(one["max"])) for one in ranges if "max" in one), "")


def _amount(check: str, number: str) -> str:
    if check == "error-rate":
        return f"{float(number):.1f}%"
    return f"{float(number):.0f}ms" if check.startswith("latency-") else number


def _limit(check: str, number: str) -> str:
    if check == "error-rate":
        return str(Percent.parse(f"{float(number):g}%"))
    return str(Duration(round(float(number)))) if check.startswith("latency-") else number
