"""The events that Flagger writes about a Canary, read back in the order in which they were written last.

A Canary's status only counts failures; which check failed, with which value, and why a release was taken back, stands
in events, which are kept for an hour. Two things of the events' own make it harder: an event with the same words is
written once and counted, and of more than ten different ones in ten minutes only the latest words are kept, behind
`(combined from similar events)`. Source: flagger v1.36, pkg/controller/events.go; client-go v0.27,
tools/record/events_cache.go.
"""

import http.client
import re
from collections.abc import Sequence
from dataclasses import replace

from ....access.client import Api, ApiError, path_of
from ....record import record
from ...contract import TELLER

_BEGAN = "New revision detected!"
_COMBINED = re.compile(r"\(combined from similar events\): ")


@record
class Told:
    """One event.

    Fields: `first`, `last`: when it was written; `message`; `count`: how often, 0 where that is not known of these
    words, or not of the try that is looked at.
    """

    first: str
    last: str
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
    # The end of an event's name counts on with the time, which tells apart those of one second.
    found.sort(key=lambda event: (event.get("lastTimestamp") or "", event.get("metadata", {}).get("name", "")))
    return [
        Told(
            first=event.get("firstTimestamp") or "",
            last=event.get("lastTimestamp") or "",
            message=_COMBINED.sub("", event["message"]),
            count=0 if _COMBINED.match(event["message"]) else event.get("count") or 1,
        )
        for event in found
        if (event.get("source") or {}).get("component") != TELLER
    ]


def of_last_try(events: Sequence[Told]) -> list[Told]:
    """The events since a release began for the last time; how often words were said that are older is not known."""
    starts = [index for index, event in enumerate(events) if event.message.startswith(_BEGAN)]
    if not starts:
        return list(events)
    began = events[starts[-1]].last
    later = events[starts[-1] :]
    return [event if event.first >= began else replace(event, count=0) for event in later]
