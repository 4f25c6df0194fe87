"""Why a Rollout is degraded when none of its checks decided it. Source: argo-rollouts v1.9, rollout/sync.go."""

from ....spec.values import Duration
from .state import ABORTED, RolloutState

_TIMED_OUT = "ProgressDeadlineExceeded"


def cause(state: RolloutState) -> str:
    """The cause in words.

    Of an abort by the deadline the controller does not keep the reason, as it does of every other one: that nobody else
    aborted it must do.
    """
    reason = state.message.partition(": ")[0]
    if reason == _TIMED_OUT or (reason == ABORTED and not state.blamed and state.own_abort):
        return f"no progress for {Duration.of_seconds(state.deadline)}: its pods do not become ready"
    if reason != ABORTED or state.blamed:
        return state.blamed or state.message
    if state.own_abort is None:
        return "aborted without a failed check: by hand, or because its pods were not ready"
    return "aborted by hand"
