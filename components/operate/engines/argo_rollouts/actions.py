"""What is patched to steer a Rollout, exactly as `kubectl argo rollouts` does it.

Source: argo-rollouts v1.9, pkg/kubectl-argo-rollouts/cmd/{promote,abort,retry}.
"""

from ....access.client import Object
from ....record import record

ABORT: Object = {"status": {"abort": True}}
RETRY: Object = {"status": {"abort": False}}


@record
class Patches:
    """Merge patches; None where nothing is to be changed. Fields: `status`: of the subresource; `spec`: afterwards."""

    status: Object | None = None
    spec: Object | None = None


def promotion(rollout: Object, full: bool) -> Patches:
    """Ends the current pause, else the current step; `full`: goes to the end without steps, pauses and checks."""
    spec = {"spec": {"paused": False}} if rollout["spec"].get("paused") else None
    status = rollout.get("status") or {}
    if full:
        done = status.get("currentPodHash") == status.get("stableRS")
        return Patches(None if done else {"status": {"promoteFull": True}}, spec)
    return Patches(_step_patch(rollout["spec"]["strategy"], status), spec)


def _step_patch(strategy: Object, status: Object) -> Object | None:
    canary = strategy.get("canary")
    following = None if canary is None else _following(canary.get("steps") or [], status)
    if canary is not None and _is_inconclusive(status):
        # Without leaving the step the analysis would only be run again.
        return {"status": {"pauseConditions": None, "controllerPause": False, **following}} if following else None
    if status.get("pauseConditions"):
        return {"status": {"pauseConditions": None}}
    return {"status": {"pauseConditions": None, **following}} if following else None


def _is_inconclusive(status: Object) -> bool:
    run = (status.get("canary") or {}).get("currentStepAnalysisRunStatus") or {}
    paused = bool(status.get("pauseConditions")) and bool(status.get("controllerPause"))
    return run.get("status") == "Inconclusive" and paused


def _following(steps: list[Object], status: Object) -> Object | None:
    """The index of the step after the current one, as part of a status; None without steps."""
    return {"currentStepIndex": min((status.get("currentStepIndex") or 0) + 1, len(steps))} if steps else None
