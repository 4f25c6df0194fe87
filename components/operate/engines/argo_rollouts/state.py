"""What a Rollout says about itself. Source: argo-rollouts v1.9, RolloutStatus and utils/rollout/rolloututil.go."""

from ....access.client import Object
from ....record import record
from ....spec.labels import REVISION_LABEL, VERSION_LABEL
from ...contract import State

ABORTED = "RolloutAborted"
"""Reason of the condition of an abort."""

_WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
"""The annotation with the generation of what `workloadRef` names."""
_INCONCLUSIVE = "InconclusiveAnalysisRun"
_DEADLINE_SECONDS = 600
"""What the controller takes where a Rollout names no deadline."""


@record
class RolloutState:
    """The state of a Rollout.

    Fields: `revision`: the pod template's label `version`, and of pods that others wrote the hash; `version`: what
    people call it; `current`: whether the controller has seen this spec; `phase`: Healthy, Progressing, Paused or
    Degraded, "" before the first; `message`; `aborted`; `step`: index of the current step; `weights`: percent in force
    at every step; `weight`: percent of the traffic that the router was told to send to the canary, and without a router
    of the pods; `pod_hash`, `stable_hash`: of the newest and of the stable ReplicaSet; `stage`: how many weights were
    begun, `stages`: how many there are; `pauses`: the controller's reasons for a pause; `unpausing`: whether it was
    told to go on and has not done so yet; `held`: whether the spec itself says paused; `endless`: whether the current
    pause has no end; `deadline`: seconds without progress after which it gives up; `own_abort`: whether the controller
    decided the abort, and nobody by hand; None where the API server does not say; `experiment`: percent of the requests
    that the pods of each version get in the experiment at this step, 0 where there is none.
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
    version: str = ""
    stage: int = 0
    stages: int = 0
    pauses: tuple[str, ...] = ()
    unpausing: bool = False
    held: bool = False
    endless: bool = False
    deadline: int = _DEADLINE_SECONDS
    own_abort: bool | None = None
    experiment: int = 0

    @classmethod
    def of(cls, rollout: Object) -> "RolloutState":
        """Reads the object."""
        metadata, spec, status = rollout["metadata"], rollout["spec"], rollout.get("status") or {}
        labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
        steps = (spec["strategy"].get("canary") or {}).get("steps") or []
        pauses = tuple(str(pause.get("reason", "")) for pause in status.get("pauseConditions") or [])
        step = status.get("currentStepIndex") or 0
        pod_hash = status.get("currentPodHash", "")
        return cls(
            revision=pod_hash if "workloadRef" in spec else labels.get(REVISION_LABEL, ""),
            version=labels.get(VERSION_LABEL, ""),
            current=_is_current(rollout),
            phase=status.get("phase", ""),
            message=status.get("message", ""),
            aborted=bool(status.get("abort")),
            step=step,
            weights=_weights(steps),
            weight=_weight(spec["strategy"], status),
            pod_hash=pod_hash,
            stable_hash=status.get("stableRS", ""),
            stage=sum(_is_stage(one) for one in steps[: step + 1]),
            stages=sum(_is_stage(one) for one in steps),
            pauses=pauses,
            unpausing=bool(status.get("controllerPause")) and not pauses,
            held=bool(spec.get("paused")),
            experiment=_experiment(steps[step]) if step < len(steps) else 0,
            endless=_endless(spec["strategy"], step),
            deadline=spec.get("progressDeadlineSeconds") or _DEADLINE_SECONDS,
            own_abort=_own_abort(metadata),
        )

    @property
    def state(self) -> State:
        """How the release stands; never what the controller said about an older spec."""
        if not self.current or self.unpausing:
            return State.IN_PROGRESS
        if self.phase == "Paused":
            return State.WAITING if self.awaited else State.IN_PROGRESS
        return {"Healthy": State.HEALTHY, "Degraded": State.DEGRADED}.get(self.phase, State.IN_PROGRESS)

    @property
    def awaited(self) -> str:
        """What a paused release needs from people; "" where its pause ends by itself."""
        if self.held:
            return "it was paused by hand"
        if _INCONCLUSIVE in self.pauses:
            return "a check came to no clear result"
        return "this step ends when it is approved" if self.pauses and self.endless else ""

    @property
    def blamed(self) -> str:
        """What the controller says it aborted for; "" after an abort by hand or by the deadline."""
        reason, _, text = self.message.partition(": ")
        return text.partition(": ")[2] if reason == ABORTED else ""

    @property
    def stable(self) -> bool:
        """Whether the newest version is the stable one: there is no release under way."""
        return self.current and self.pod_hash == self.stable_hash != ""

    def promoted(self, revision: str) -> bool:
        """Whether that revision is the stable one, and healthy."""
        return self.stable and self.revision == revision and self.phase == "Healthy"

    def taken_back(self, revision: str) -> bool:
        """Whether that revision was aborted and gets no traffic."""
        back = self.aborted and self.weight == 0 and self.phase == "Degraded"
        return self.current and self.revision == revision and back

    def decided(self, revision: str) -> bool:
        """Whether that revision was promoted or taken back."""
        return self.promoted(revision) or self.taken_back(revision)


def _is_current(rollout: Object) -> bool:
    """Whether the controller has seen the spec, and the pods where those are others'."""
    metadata, status = rollout["metadata"], rollout.get("status") or {}
    seen = status.get("observedGeneration") == str(metadata["generation"])
    if "workloadRef" not in rollout["spec"]:
        return seen
    written = (metadata.get("annotations") or {}).get(_WORKLOAD_GENERATION, "")
    return seen and status.get("workloadObservedGeneration") == written != ""


def _is_stage(step: Object) -> bool:
    return "setWeight" in step or "experiment" in step


def _experiment(step: Object) -> int:
    """The share of each version's fresh pods; 0 for another step."""
    return max((one.get("weight") or 0 for one in (step.get("experiment") or {}).get("templates") or []), default=0)


def _weights(steps: list[Object]) -> tuple[int, ...]:
    """Of a canary the last weight that was set; of an experiment its own."""
    found: list[int] = []
    weight = 0
    for step in steps:
        weight = step.get("setWeight", weight)
        found.append(_experiment(step) or weight)
    return tuple(found)


def _weight(strategy: Object, status: Object) -> int:
    weights = (status.get("canary") or {}).get("weights") or {}
    pods = status.get("replicas") or 0
    if weights or not pods or "canary" not in strategy or (strategy["canary"] or {}).get("trafficRouting"):
        return int((weights.get("canary") or {}).get("weight", 0))
    # Behind one Service every pod gets its share; rounded up, because 0 means that no request reaches the new version.
    return -(-100 * (status.get("updatedReplicas") or 0) // pods)


def _endless(strategy: Object, step: int) -> bool:
    """Whether a pause at this step lasts until somebody ends it."""
    if "blueGreen" in strategy:
        return not strategy["blueGreen"].get("autoPromotionSeconds")
    steps = (strategy.get("canary") or {}).get("steps") or []
    pause = steps[step].get("pause") if step < len(steps) else None
    return pause is not None and not pause.get("duration")


def _own_abort(metadata: Object) -> bool | None:
    """Whether `status.abort` was written by whoever writes the rest of the status."""
    written = [(entry.get("fieldsV1") or {}).get("f:status") or {} for entry in metadata.get("managedFields") or []]
    by = [fields for fields in written if "f:abort" in fields]
    return any("f:observedGeneration" in fields for fields in by) if by else None
