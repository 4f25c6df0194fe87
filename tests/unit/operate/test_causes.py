"""Why a release is degraded when no check decided it."""

from components.operate.engines.argo_rollouts.causes import cause
from components.operate.engines.argo_rollouts.state import RolloutState

from .objects import aborted, rollout

TIMED_OUT = 'ReplicaSet "shop-7f4c9b6c44" has timed out progressing.'


def test_the_deadline_is_told_from_an_abort_by_hand_by_who_wrote_it() -> None:
    assert cause(RolloutState.of(aborted())) == "no progress for 10m: its pods do not become ready"
    assert cause(RolloutState.of(aborted(by="kubectl"))) == "aborted by hand"


def test_where_nobody_knows_who_wrote_it_nothing_is_claimed() -> None:
    said = cause(RolloutState.of(aborted(by="")))
    assert said == "aborted without a failed check: by hand, or because its pods were not ready"


def test_a_deadline_that_does_not_abort_is_said() -> None:
    state = RolloutState.of(rollout("Degraded", f"ProgressDeadlineExceeded: {TIMED_OUT}"))
    assert cause(state) == "no progress for 10m: its pods do not become ready"


def test_what_the_controller_blames_is_said_where_no_run_is_left() -> None:
    detail = "Step-based analysis phase error/failed: Metric assessed Failed"
    assert cause(RolloutState.of(aborted(detail))) == detail


def test_an_invalid_spec_is_said_as_it_is() -> None:
    message = 'InvalidSpec: The Rollout "shop" is invalid: spec.strategy: Required value'
    assert cause(RolloutState.of(rollout("Degraded", message))) == message
