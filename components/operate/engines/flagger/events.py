"""What the checks of a release found, read from the events that Flagger writes about a Canary.

A Canary's status only counts failures; which check failed, and with which value, stands in events, which are kept for
an hour. Source: flagger v1.36, pkg/controller/scheduler_metrics.go and scheduler.go (the texts of the events).
"""

import http.client
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ....access.client import Api, ApiError, Object, path_of
from ....spec.values import Duration, Percent
from ...contract import Verdict

_BEGAN = ("New revision detected",)
_ADVANCED = re.compile(r"Advance \S+ canary weight (\d+)")
_ABOVE = re.compile(r"Halt \S+ advancement (\S+) (\S+) > (\S+)")
_NOTHING = re.compile(r"Halt advancement no values found for custom metric: (\S+?):")
_BROKEN = re.compile(r"Metric query failed for (\S+?): (.*)", re.DOTALL)
_ENDED = re.compile(r"Rolling back \S+ failed checks threshold reached")


@dataclass(frozen=True)
class Told:
    """One event. Fields: `at`: when it was written first; `message`; `count`: how often."""

    at: str
    message: str
    count: int


def read_events(api: Api, namespace: str, uid: str) -> list[Told]:
    """The events of a Canary, oldest first; none where reading them is not allowed."""
    try:
        found = api.items(path_of("v1/events", namespace), fieldSelector=f"involvedObject.uid={uid}")
    except ApiError as error:
        # Whoever may read Canaries need not be allowed to read events; the reason is then said without them.
        if error.status == http.client.FORBIDDEN:
            return []
        raise
    told = [
        Told(event.get("firstTimestamp") or event.get("eventTime") or "", event["message"], event.get("count") or 1)
        for event in found
    ]
    return sorted(told, key=lambda one: one.at)


def of_last_try(events: Sequence[Told]) -> list[Told]:
    """The events since a release began for the last time."""
    starts = [index for index, event in enumerate(events) if event.message.startswith(_BEGAN)]
    return list(events[starts[-1] :]) if starts else list(events)


def verdicts(events: Sequence[Told], metrics: Sequence[Object]) -> Iterator[Verdict]:
    """What is told about every check that failed, at the weight at which it did; checks that passed leave no event."""
    ended = any(_ENDED.match(event.message) for event in events)
    weight, found = 0, dict[tuple[str, int], Verdict]()
    for event in events:
        advanced = _ADVANCED.match(event.message)
        weight = int(advanced[1]) if advanced else weight
        one = _failure(event, weight, metrics)
        if one:
            before = found.get((one.check, weight))
            found[one.check, weight] = replace(one, failed=one.failed + (before.failed if before else 0))
    yield from _blamed(found.values()) if ended else found.values()


def _blamed(found: Iterable[Verdict]) -> Iterator[Verdict]:
    """Failures add up over all steps, so every one of them had its part in the end."""
    return (replace(one, decisive=True) for one in found)


def _failure(event: Told, weight: int, metrics: Sequence[Object]) -> Verdict | None:
    above, nothing, broken = (pattern.match(event.message) for pattern in (_ABOVE, _NOTHING, _BROKEN))
    failed = Verdict("", weight, 0, event.count, "", "", no_data=False)
    if above:
        check = above[1]
        return replace(failed, check=check, value=_amount(check, above[2]), limit=_limit(check, above[3]))
    if nothing:
        return replace(failed, check=nothing[1], value="no data", limit=_known(nothing[1], metrics), no_data=True)
    if broken:
        return replace(failed, check=broken[1], problem=" ".join(broken[2].split()))
    return None


def _known(check: str, metrics: Sequence[Object]) -> str:
    """The limit of a check, from the Canary."""
    highest = [one["thresholdRange"]["max"] for one in metrics if one["name"] == check and "thresholdRange" in one]
    return _limit(check, str(highest[0])) if highest else ""


def _amount(check: str, number: str) -> str:
    if check == "error-rate":
        return f"{float(number):.1f}%"
    return f"{float(number):.0f}ms" if check.startswith("latency-") else number


def _limit(check: str, number: str) -> str:
    if check == "error-rate":
        return str(Percent.parse(f"{float(number):g}%"))
    return str(Duration(round(float(number)))) if check.startswith("latency-") else number
