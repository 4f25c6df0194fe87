"""Following a Rollout until something is decided."""

import time
from collections.abc import Callable, Iterator

from components.operate.engines.argo_rollouts.state import RolloutState

from ..api import Api, path_of

__all__ = ["RolloutState", "follow", "read_rollout"]

_POLL_SECONDS = 0.25


def read_rollout(api: Api, namespace: str, name: str) -> RolloutState:
    """The state of a Rollout; an empty one when it does not exist."""
    found = api.find(path_of("argoproj.io/v1alpha1/rollouts", namespace, name))
    return RolloutState() if found is None else RolloutState.of(found)


def follow(read: Callable[[], RolloutState], seconds: float) -> Iterator[RolloutState]:
    """The state again and again, a few times a second, for so long; the caller leaves earlier."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield read()
        time.sleep(_POLL_SECONDS)
