"""The state of a Rollout, and following it until something is decided."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..api import Api, Object, path_of

_POLL_SECONDS = 0.25
HASH_LABEL = "rollouts-pod-template-hash"
REVISION_LABEL = "version"


@dataclass(frozen=True)
class RolloutState:
    """What a Rollout says about itself. Source: argo-rollouts v1.9, RolloutStatus.

    Fields: `revision`: the pod template's label `version`; `current`: whether the controller has seen this spec;
    `phase`: Healthy, Progressing, Paused or Degraded; `message`; `aborted`; `step`: index of the current step;
    `weights`: percent in force at every step; `weight`: percent of the traffic that the router was told to send to
    the canary; `pod_hash`, `stable_hash`: of the newest and of the stable ReplicaSet.
    """

    revision: str = ""
    current: bool = False
    phase: str = ""
    message: str = ""
    aborted: bool = False
    step: int = 0
    weights: tuple[int, ...] = ()
    weight: int = 0
    pod_hash: str = ""
    stable_hash: str = ""

    @classmethod
    def of(cls, rollout: Object) -> "RolloutState":
        """Reads the object."""
        metadata, spec, status = rollout["metadata"], rollout["spec"], rollout.get("status") or {}
        weights = (status.get("canary") or {}).get("weights") or {}
        return cls(
            revision=spec["template"]["metadata"].get("labels", {}).get(REVISION_LABEL, ""),
            current=status.get("observedGeneration") == str(metadata["generation"]),
            phase=status.get("phase", ""),
            message=status.get("message", ""),
            aborted=bool(status.get("abort")),
            step=status.get("currentStepIndex") or 0,
            weights=_weights(spec["strategy"]["canary"].get("steps", [])),
            weight=(weights.get("canary") or {}).get("weight", 0),
            pod_hash=status.get("currentPodHash", ""),
            stable_hash=status.get("stableRS", ""),
        )

    def promoted(self, revision: str) -> bool:
        """Whether that revision is the stable one, and healthy."""
        same = self.pod_hash == self.stable_hash != ""
        return self.current and self.revision == revision and same and self.phase == "Healthy"

    def taken_back(self, revision: str) -> bool:
        """Whether that revision was aborted and gets no traffic."""
        back = self.aborted and self.weight == 0 and self.phase == "Degraded"
        return self.current and self.revision == revision and back

    def decided(self, revision: str) -> bool:
        """Whether that revision was promoted or taken back."""
        return self.promoted(revision) or self.taken_back(revision)


def _weights(steps: list[Object]) -> tuple[int, ...]:
    found: list[int] = []
    for step in steps:
        found.append(step.get("setWeight", found[-1] if found else 0))
    return tuple(found)


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
