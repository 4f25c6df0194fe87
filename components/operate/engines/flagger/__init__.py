"""Flagger: releases are Canaries; what their checks found is told by their events."""

import time
from typing import ClassVar

from ....access.client import Api, path_of
from ...contract import Operator, Refused, Release, State, why
from .actions import abortion, full_promotion, retrial
from .events import of_last_try, read_events, verdicts
from .state import CanaryState

_POLL_SECONDS = 1.0


class FlaggerOperator(Operator):
    """Reads and steers Canaries."""

    kind: ClassVar[str] = "flagger"
    collection: ClassVar[str] = "flagger.app/v1beta1/canaries"

    def read(self, api: Api, namespace: str, app: str) -> Release | None:
        state = self._find(api, namespace, app)
        if state is None:
            return None
        events = of_last_try(read_events(api, namespace, state.uid))
        found = tuple(verdicts(events, state.metrics)) if state.under_way or state.failed else ()
        reason = state.waits_for
        if state.failed:
            reason = why(found) or state.message
        return Release(
            app=app,
            namespace=namespace,
            state=state.state,
            version=state.version,
            revision=state.revision,
            step=state.step if state.under_way else 0,
            steps=len(state.weights),
            weight=100 if state.promoted else state.weight,
            promoted=state.promoted,
            aborted=state.failed,
            reason=reason,
            verdicts=found,
        )

    def approve(self, api: Api, namespace: str, app: str) -> None:
        state = self._existing(api, namespace, app)
        raise Refused(f"app '{app}' does not wait for an approval that can be given here: it is {state.state.value}")

    def promote(self, api: Api, namespace: str, app: str, full: bool) -> None:
        state = self._existing(api, namespace, app)
        _require_release(app, state)
        if not full:
            raise Refused(f"Flagger cannot end one step of app '{app}': --full promotes it without any further check")
        api.patch(self._path(namespace, app), full_promotion(True))
        try:
            while not self._existing(api, namespace, app).promoted:
                time.sleep(_POLL_SECONDS)
        finally:
            api.patch(self._path(namespace, app), full_promotion(False))

    def abort(self, api: Api, namespace: str, app: str) -> None:
        state = self._existing(api, namespace, app)
        _require_release(app, state)
        api.patch(f"{self._path(namespace, app)}/status", abortion(state.threshold))

    def retry(self, api: Api, namespace: str, app: str) -> None:
        state = self._existing(api, namespace, app)
        if not state.failed:
            raise Refused(f"app '{app}' was not aborted: it is {state.state.value}")
        api.patch(path_of("apps/v1/deployments", namespace, app), retrial(state.transition))

    def _path(self, namespace: str, app: str) -> str:
        return path_of(self.collection, namespace, app)

    def _find(self, api: Api, namespace: str, app: str) -> CanaryState | None:
        canary = api.find(self._path(namespace, app))
        if canary is None:
            return None
        target, primary = (
            api.find(path_of("apps/v1/deployments", namespace, name)) or {} for name in (app, f"{app}-primary")
        )
        return CanaryState.of(canary, target, primary)

    def _existing(self, api: Api, namespace: str, app: str) -> CanaryState:
        state = self._find(api, namespace, app)
        if state is None:
            raise Refused(f"app '{app}' is not deployed in namespace '{namespace}'")
        return state


def _require_release(app: str, state: CanaryState) -> None:
    if state.promoted:
        raise Refused(f"app '{app}' has no release in progress: version {state.version} gets all traffic")
    if state.failed:
        raise Refused(f"the release of app '{app}' was taken back already: `coalmine retry {app}` begins it again")
    if state.state is State.IN_PROGRESS and not state.under_way:
        raise Refused(f"Flagger has not begun the release of app '{app}' yet")
