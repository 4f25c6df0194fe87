"""Breaking the glass: somebody promotes a release without its checks, and answers for it.

Whoever skips a check is told of by an Event. With a reason it also stands on the engine's object like an exemption from
a policy, for some hours, so that the rules about skipping an analysis let it pass and everybody sees it. Nothing takes
it away: its end is in it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ..access.client import Api, ApiError, path_of
from ..record import record
from .contract import TELLER, Operator, Refused

ANNOTATION = "exemptions.coalmine.dev/break-glass"
MOST_HOURS = 24
BREAK_GLASS, STEP_ENDED = "BreakGlass", "StepEnded"
"""The reasons of the Events, which end in `Refused` where it was not done."""
_WITHOUT_CHECKS, _STEP_WITHOUT_CHECKS = "Promotion without checks", "A step is ended without its checks"
_LONGEST = 500
_WRITTEN = "%Y-%m-%dT%H:%M:%SZ"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z")


@record
class Glass:
    """Who broke it, why, and until when: a moment such as `2026-12-01T18:00:00Z`."""

    owner: str
    reason: str
    until: str

    @classmethod
    def broken(cls, owner: str, reason: str, hours: int, now: datetime) -> "Glass":
        """From now on, for so many hours. Raises Refused for a text that is empty, long or of several lines."""
        until = now.astimezone(UTC) + timedelta(hours=hours)
        return cls(_line("owner", owner), _line("reason", reason), until.strftime(_WRITTEN))

    @property
    def text(self) -> str:
        """What the annotation holds."""
        return json.dumps({"owner": self.owner, "reason": self.reason, "until": self.until})

    def __str__(self) -> str:
        return f"broken by {self.owner} until {self.until}: {self.reason}"


def in_force(api: Api, operator: Operator, namespace: str, app: str, now: datetime) -> Glass | None:
    """What stands on an app's object and is not over; None where nothing does, or nothing that can be read."""
    found = api.find(path_of(operator.collection, namespace, app))
    annotations = (found or {}).get("metadata", {}).get("annotations") or {}
    try:
        given = json.loads(annotations.get(ANNOTATION, ""))
        glass = Glass(*(given[name] for name in ("owner", "reason", "until")))
        over = not _MOMENT.fullmatch(glass.until) or datetime.fromisoformat(glass.until) <= now
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return None if over else glass


@contextmanager
def break_glass(api: Api, operator: Operator, namespace: str, app: str, glass: Glass) -> Iterator[None]:
    """Writes it on the app's object, and tells of it. Inside, the release is promoted; refused, it is taken off again.

    Raises ApiError.
    """
    path = path_of(operator.collection, namespace, app)
    with _told(api, operator, namespace, app, BREAK_GLASS, f"{_WITHOUT_CHECKS}: {glass}") as found:
        before = (found["metadata"].get("annotations") or {}).get(ANNOTATION)
        api.patch(path, _annotated(glass.text))
        try:
            yield
        except (Refused, ApiError):
            api.patch(path, _annotated(before))
            raise


@contextmanager
def without_reason(api: Api, operator: Operator, namespace: str, app: str, owner: str, *, full: bool) -> Iterator[None]:
    """Tells that somebody skips the checks of all steps (`full`) or of one, and nothing else. Raises ApiError."""
    reason, act = (BREAK_GLASS, _WITHOUT_CHECKS) if full else (STEP_ENDED, _STEP_WITHOUT_CHECKS)
    said = f"{act}: by {_line('owner', owner)}, who gave no reason"
    with _told(api, operator, namespace, app, reason, said):
        yield


@contextmanager
def _told(
    api: Api, operator: Operator, namespace: str, app: str, reason: str, message: str
) -> Iterator[dict[str, Any]]:
    """An Event tells of what is done inside, another one that it was refused. Gives the app's object.

    The Event comes first: what cannot be told of is not done.
    """
    found = api.find(path_of(operator.collection, namespace, app))
    if found is None:
        raise Refused(f"app '{app}' is not deployed in namespace '{namespace}'")
    events = path_of("v1/events", namespace)
    api.create(events, event(found, reason, message))
    try:
        yield found
    except Refused as refusal:
        api.create(events, event(found, f"{reason}Refused", f"{message}: not done: {refusal}"))
        raise


def _line(name: str, text: str) -> str:
    if not text.strip() or len(text) > _LONGEST or not text.isprintable():
        raise Refused(f"the {name} must be one line of 1 to {_LONGEST} characters")
    return text.strip()


def _annotated(text: str | None) -> dict[str, Any]:
    return {"metadata": {"annotations": {ANNOTATION: text}}}


def event(of: dict[str, Any], reason: str, message: str) -> dict[str, Any]:
    """The Event about an object."""
    metadata = of["metadata"]
    now = datetime.now(UTC).strftime(_WRITTEN)
    about = {"apiVersion": of["apiVersion"], "kind": of["kind"], "name": metadata["name"]}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{metadata['name']}-break-glass-", "namespace": metadata["namespace"]},
        "involvedObject": {**about, "namespace": metadata["namespace"], "uid": metadata.get("uid", "")},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "source": {"component": TELLER},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
