"""Breaking the glass: somebody promotes a release without its checks, and answers for it.

It stands on the engine's object like an exemption from a policy, for some hours, so that the rules about skipping an
analysis let it pass and everybody sees it; an Event tells of it. Nothing takes it away: its end is in it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ..access.client import Api, ApiError, path_of
from ..record import record
from .contract import Operator, Refused

ANNOTATION = "exemptions.coalmine.dev/break-glass"
MOST_HOURS = 24
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
        for name, text in (("owner", owner), ("reason", reason)):
            if not text.strip() or len(text) > _LONGEST or not text.isprintable():
                raise Refused(f"the {name} must be one line of 1 to {_LONGEST} characters")
        until = now.astimezone(UTC) + timedelta(hours=hours)
        return cls(owner.strip(), reason.strip(), until.strftime(_WRITTEN))

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

    The Event comes first: what cannot be told of is not done. Raises ApiError.
    """
    path = path_of(operator.collection, namespace, app)
    found = api.find(path)
    if found is None:
        raise Refused(f"app '{app}' is not deployed in namespace '{namespace}'")
    before = (found["metadata"].get("annotations") or {}).get(ANNOTATION)
    api.create(path_of("v1/events", namespace), event(found, glass))
    api.patch(path, _annotated(glass.text))
    try:
        yield
    except (Refused, ApiError):
        api.patch(path, _annotated(before))
        raise


def _annotated(text: str | None) -> dict[str, Any]:
    return {"metadata": {"annotations": {ANNOTATION: text}}}


def event(of: dict[str, Any], glass: Glass) -> dict[str, Any]:
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
        "reason": "BreakGlass",
        "message": f"Promotion without checks: {glass}",
        "source": {"component": "coalmine"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
