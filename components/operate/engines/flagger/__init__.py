"""Flagger: releases are Canaries; what their checks found is told by their events."""

import time
from collections.abc import Mapping
from typing import ClassVar

from ....access.client import Api, Object, path_of
from ....spec.values import Duration
from ...contract import Operator, Refused, Release, Verdict, why
from .actions import abortion, full_promotion, retrial
from .checks import cause, stands_still, verdicts
from .events import of_last_try, read_events
from .state import CanaryState, target_kind

_KNATIVE = "Service"
_TARGETS: Mapping[str, str] = {
    "Deployment": "apps/v1/deployments",
    "DaemonSet": "apps/v1/daemonsets",
    _KNATIVE: "serving.knative.dev/v1/services",
}
"""Where the kinds are that a Canary of ours may watch."""
_REVISIONS = "serving.knative.dev/v1/revisions"
_STABLE_REVISION = "flagger.app/primary-revision"
"""Annotation of a Knative Service. Source: flagger v1.41, pkg/canary/knative_controller.go."""
_POLL_SECONDS = 1.0
_TICKS = 2
"""How many looks of Flagger a promotion by hand may take, beside the time that its pods take to get ready."""


class FlaggerOperator(Operator):
    """Reads and steers Canaries."""

    kind: ClassVar[str] = "flagger"
    collection: ClassVar[str] = "flagger.app/v1beta1/canaries"

    def read(self, api: Api, namespace: str, app: str) -> Release | None:
        state = self._find(api, namespace, app)
        if state is None:
            return None
        found, reason = _told(api, namespace, state)
        return Release(
            app=app,
            namespace=namespace,
            state=state.state,
            version=state.version,
            revision=state.revision,
            step=state.step if state.under_way else 0,
            steps=state.steps,
            weight=state.weight,
            promoted=state.promoted,
            aborted=state.failed,
            reason=reason,
            verdicts=found,
        )

    def approve(self, api: Api, namespace: str, app: str) -> None:
        state = self._existing(api, namespace, app)
        stands = ": ".join(filter(None, (state.state.value, state.waits_for)))
        raise Refused(f"app '{app}' does not wait for an approval that can be given here: it is {stands}")

    def promote(self, api: Api, namespace: str, app: str, full: bool) -> None:
        state = self._existing(api, namespace, app)
        _require_checks(app, state)
        if not full:
            raise Refused(f"Flagger cannot end one step of app '{app}': --full promotes it without any further check")
        path = self._path(namespace, app)
        api.patch(path, full_promotion(True))
        try:
            self._await_promotion(api, namespace, app, state)
        finally:
            api.patch(path, full_promotion(False))

    def abort(self, api: Api, namespace: str, app: str) -> None:
        state = self._existing(api, namespace, app)
        _require_checks(app, state)
        if state.unchecked:
            # Left by a promotion that was cut off: Flagger would promote before it counts failures.
            api.patch(self._path(namespace, app), full_promotion(False))
        api.patch(f"{self._path(namespace, app)}/status", abortion(state.threshold))

    def retry(self, api: Api, namespace: str, app: str) -> None:
        state = self._existing(api, namespace, app)
        # Also what came after a failure and was never begun: Flagger passes over it where stable pods are not ready.
        if state.phase != "Failed" or state.promoted:
            raise Refused(f"app '{app}' was not aborted: it is {state.state.value}")
        api.patch(path_of(_TARGETS[state.target], namespace, app), retrial(state.transition))

    def _await_promotion(self, api: Api, namespace: str, app: str, begun: CanaryState) -> None:
        """Until it is promoted, for the time that Flagger may take. Raises Refused where it is not."""
        seconds = begun.deadline + _TICKS * begun.interval_seconds
        deadline = time.monotonic() + seconds
        while not (state := self._existing(api, namespace, app)).promoted:
            if state.failed:
                raise Refused(f"the release of app '{app}' was taken back: its pods did not become ready")
            if time.monotonic() > deadline:
                waited = Duration.of_seconds(round(seconds))
                raise Refused(f"Flagger did not promote app '{app}' within {waited}: its pods are not ready")
            time.sleep(_POLL_SECONDS)

    def _path(self, namespace: str, app: str) -> str:
        return path_of(self.collection, namespace, app)

    def _find(self, api: Api, namespace: str, app: str) -> CanaryState | None:
        canary = api.find(self._path(namespace, app))
        if canary is None:
            return None
        targets = _TARGETS[target_kind(canary)]
        target = api.find(path_of(targets, namespace, app)) or {}
        if target_kind(canary) == _KNATIVE:
            return CanaryState.of(canary, target, _stable_revision(api, namespace, target))
        return CanaryState.of(canary, target, api.find(path_of(targets, namespace, f"{app}-primary")) or {})

    def _existing(self, api: Api, namespace: str, app: str) -> CanaryState:
        state = self._find(api, namespace, app)
        if state is None:
            raise Refused(f"app '{app}' is not deployed in namespace '{namespace}'")
        return state


def _stable_revision(api: Api, namespace: str, service: Object) -> Object:
    """What runs the stable pods of a Knative Service, in the form of the Service; {} where nothing does yet."""
    name = ((service.get("metadata") or {}).get("annotations") or {}).get(_STABLE_REVISION)
    revision = api.find(path_of(_REVISIONS, namespace, name)) if name else None
    # A revision is a template that was kept.
    return {"spec": {"template": revision}} if revision else {}


def _told(api: Api, namespace: str, state: CanaryState) -> tuple[tuple[Verdict, ...], str]:
    """What the checks found, and why the release stands where it does."""
    if not (state.under_way or state.failed):
        return (), state.waits_for
    events = of_last_try(read_events(api, namespace, state.uid))
    found = tuple(verdicts(events, state))
    reason = why(found) or cause(events, state) if state.failed else state.waits_for or stands_still(events)
    return found, reason


def _require_checks(app: str, state: CanaryState) -> None:
    """Refuses a release whose checks are over, or have not begun."""
    if state.promoted:
        stable = state.version or state.revision
        raise Refused(f"app '{app}' has no release in progress: version {stable} gets all traffic")
    if state.failed:
        raise Refused(f"the release of app '{app}' was taken back already: `coalmine retry {app}` begins it again")
    if not state.under_way:
        raise Refused(f"the release of app '{app}' has not begun: {state.waits_for}")
    if state.held:
        instead = "Flagger forgets whatever is asked of it until the gate agrees; deploy the version before instead"
        raise Refused(f"the release of app '{app}' has not begun: it waits for a gate, and {instead}")
    if state.rolled_out:
        raise Refused(f"the release of app '{app}' is decided: {state.waits_for}")
