"""Why a Rollout is degraded when none of its checks decided it. Source: argo-rollouts v1.9, rollout/sync.go."""

import http.client
from collections.abc import Sequence
from datetime import datetime, timedelta

from ....access.client import Api, ApiError, Object, path_of
from ....spec.values import Duration
from .state import ABORTED, RolloutState

_TIMED_OUT = "ProgressDeadlineExceeded"
_SAME_MOMENT = timedelta(seconds=5)
"""Times of the API are whole seconds, and the event is written a moment before the abort."""


def read_cause(api: Api, namespace: str, state: RolloutState) -> str:
    """The cause in words. An abort by the deadline leaves its trace in an event only, which is kept for an hour."""
    return cause(state, _events(api, namespace, state) if state.aborted else [])


def cause(state: RolloutState, events: Sequence[Object]) -> str:
    """The cause, from what the Rollout says and from the events of its abort."""
    reason = state.message.partition(": ")[0]
    said = [str(event.get("message", "")) for event in events if _at_abort(event, state)]
    if reason == _TIMED_OUT or any("timed out progressing" in message for message in said):
        return f"no progress for {Duration.of_seconds(state.deadline)}: its pods do not become ready"
    if reason != ABORTED or state.blamed:
        return state.blamed or state.message
    return "aborted by hand" if said else "aborted without a failed check: by hand, or because its pods were not ready"


def _events(api: Api, namespace: str, state: RolloutState) -> list[Object]:
    selector = f"involvedObject.uid={state.uid},reason={ABORTED}"
    try:
        return api.items(path_of("v1/events", namespace), fieldSelector=selector)
    except ApiError as error:
        # Whoever may read Rollouts need not be allowed to read events; the cause is then said without them.
        if error.status == http.client.FORBIDDEN:
            return []
        raise


def _at_abort(event: Object, state: RolloutState) -> bool:
    last = event.get("lastTimestamp") or event.get("eventTime")
    if not last or not state.aborted_at:
        return False
    return datetime.fromisoformat(last) >= datetime.fromisoformat(state.aborted_at) - _SAME_MOMENT
