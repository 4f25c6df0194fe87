"""Argo Rollouts: releases are Rollouts, their checks AnalysisRuns."""

from collections.abc import Sequence
from typing import ClassVar

from ....access.client import Api, Object, path_of
from ...contract import Operator, Refused, Release, State, Verdict, why
from .actions import ABORT, RETRY, Patches, promotion
from .causes import cause
from .checks import failed, of_last_try, read_runs, until_step, verdicts
from .state import RolloutState


class ArgoRolloutsOperator(Operator):
    """Reads and steers Rollouts."""

    kind: ClassVar[str] = "argo-rollouts"
    collection: ClassVar[str] = "argoproj.io/v1alpha1/rollouts"

    def read(self, api: Api, namespace: str, app: str) -> Release | None:
        rollout = api.find(self._path(namespace, app))
        if rollout is None:
            return None
        state = RolloutState.of(rollout)
        found = _checked(state, read_runs(api, namespace, app, state.pod_hash) if state.pod_hash else [])
        reason = _waits_for(state)
        if state.state is State.DEGRADED:
            reason = why(found) or cause(state)
        return _release(app, namespace, state, found, reason)

    def approve(self, api: Api, namespace: str, app: str) -> None:
        rollout, state = self._existing(api, namespace, app)
        if state.state is not State.WAITING:
            raise Refused(f"app '{app}' does not wait for approval: it is {state.state.value}")
        self._change(api, namespace, app, promotion(rollout, full=False))

    def promote(self, api: Api, namespace: str, app: str, full: bool) -> None:
        rollout, state = self._existing(api, namespace, app)
        _require_release(app, state)
        self._change(api, namespace, app, promotion(rollout, full))

    def abort(self, api: Api, namespace: str, app: str) -> None:
        _, state = self._existing(api, namespace, app)
        _require_release(app, state)
        self._change(api, namespace, app, Patches(status=ABORT))

    def retry(self, api: Api, namespace: str, app: str) -> None:
        _, state = self._existing(api, namespace, app)
        if not (state.current and state.aborted):
            raise Refused(f"app '{app}' was not aborted: it is {state.state.value}")
        self._change(api, namespace, app, Patches(status=RETRY))

    def _path(self, namespace: str, app: str) -> str:
        return path_of(self.collection, namespace, app)

    def _existing(self, api: Api, namespace: str, app: str) -> tuple[Object, RolloutState]:
        rollout = api.find(self._path(namespace, app))
        if rollout is None:
            raise Refused(f"app '{app}' is not deployed in namespace '{namespace}'")
        return rollout, RolloutState.of(rollout)

    def _change(self, api: Api, namespace: str, app: str, patches: Patches) -> None:
        path = self._path(namespace, app)
        if patches.status is not None:
            api.patch(f"{path}/status", patches.status)
        if patches.spec is not None:
            api.patch(path, patches.spec)


def _require_release(app: str, state: RolloutState) -> None:
    if state.stable:
        stable = state.version or state.revision
        raise Refused(f"app '{app}' has no release in progress: version {stable} gets all traffic")
    if state.current and state.aborted:
        raise Refused(f"the release of app '{app}' was taken back already: `coalmine retry {app}` begins it again")


def _checked(state: RolloutState, runs: Sequence[Object]) -> tuple[Verdict, ...]:
    if not state.current:
        return ()
    # An abort sets the step back to the first one, and so says nothing about which steps were reached.
    found = of_last_try(runs if state.aborted or state.stable else until_step(runs, state.step))
    if found and failed(found[-1]) and state.aborted and not state.blamed:
        return ()  # It ended an earlier try; this one was aborted for another reason.
    return tuple(verdicts(found, state.weights))


def _waits_for(state: RolloutState) -> str:
    if not state.current:
        return "the controller has not seen the last change yet"
    if state.state is State.IN_PROGRESS and state.experiment and not state.aborted:
        return f"an experiment compares fresh pods of both versions, {state.experiment} % of the requests each"
    return state.awaited if state.state is State.WAITING else ""


def _release(app: str, namespace: str, state: RolloutState, found: tuple[Verdict, ...], reason: str) -> Release:
    under_way = state.current and not state.aborted and not state.stable
    return Release(
        app=app,
        namespace=namespace,
        state=state.state,
        version=state.version,
        revision=state.revision,
        step=state.stage if under_way else 0,
        steps=state.stages,
        weight=100 if state.stable else state.weight,
        promoted=state.stable,
        aborted=state.current and state.aborted,
        reason=reason,
        verdicts=found,
    )
