"""What a Canary and its two Deployments say. Source: flagger v1.36, CanaryStatus and pkg/controller/scheduler.go."""

from dataclasses import dataclass

from ....access.client import Object
from ....spec.labels import REVISION_LABEL, VERSION_LABEL
from ...contract import State

_UNDER_WAY = ("Progressing", "Waiting", "WaitingPromotion", "Promoting", "Finalising")
_WAITING = ("Waiting", "WaitingPromotion")


@dataclass(frozen=True)
class CanaryState:
    """The state of a Canary.

    Fields: `revision`, `version`: labels of the pod template that is wanted; `stable_revision`: of the pods that get
    the traffic; `phase`: Flagger's word, "" before the first; `message`: of its condition; `weight`: percent of the
    traffic that the canary gets; `weights`: of all steps; `failed_checks`, `threshold`: how many, and how many end it;
    `transition`: when the status changed last, as the API writes times; `metrics`: the checks as the Canary names them;
    `uid`: of the object.
    """

    revision: str = ""
    version: str = ""
    stable_revision: str = ""
    phase: str = ""
    message: str = ""
    weight: int = 0
    weights: tuple[int, ...] = ()
    failed_checks: int = 0
    threshold: int = 1
    transition: str = ""
    metrics: tuple[Object, ...] = ()
    uid: str = ""

    @classmethod
    def of(cls, canary: Object, target: Object, primary: Object) -> "CanaryState":
        """Reads the Canary, the Deployment that it watches and the one it made; either may be missing, as {}."""
        analysis, status = canary["spec"].get("analysis") or {}, canary.get("status") or {}
        conditions = status.get("conditions") or [{}]
        return cls(
            revision=_label(target, REVISION_LABEL),
            version=_label(target, VERSION_LABEL),
            stable_revision=_label(primary, REVISION_LABEL),
            phase=status.get("phase", ""),
            message=conditions[0].get("message", ""),
            weight=status.get("canaryWeight", 0),
            weights=tuple(analysis.get("stepWeights") or ()),
            failed_checks=status.get("failedChecks", 0),
            threshold=analysis.get("threshold", 1),
            transition=status.get("lastTransitionTime") or "",
            metrics=tuple(analysis.get("metrics") or ()),
            uid=canary["metadata"].get("uid", ""),
        )

    @property
    def promoted(self) -> bool:
        """Whether the version that is wanted gets all traffic."""
        return self.phase in ("Initialized", "Succeeded") and self.revision == self.stable_revision != ""

    @property
    def failed(self) -> bool:
        """Whether the release of the version that is wanted was taken back."""
        return self.phase == "Failed" and self.revision != self.stable_revision

    @property
    def under_way(self) -> bool:
        """Whether Flagger releases something."""
        return self.phase in _UNDER_WAY

    @property
    def state(self) -> State:
        """How the release stands; never what was said about an older version."""
        if self.promoted:
            return State.HEALTHY
        if self.failed:
            return State.DEGRADED
        return State.WAITING if self.phase in _WAITING else State.IN_PROGRESS

    @property
    def waits_for(self) -> str:
        """Why nothing moves; "" where something does."""
        if self.phase in _WAITING:
            return "a gate that must be opened"
        return "" if self.under_way or self.promoted else "Flagger has not seen the last change yet"

    @property
    def step(self) -> int:
        """From 1; 0 before the first weight is set."""
        return sum(weight <= self.weight for weight in self.weights)


def _label(deployment: Object, name: str) -> str:
    template = (deployment.get("spec") or {}).get("template") or {}
    return str(((template.get("metadata") or {}).get("labels") or {}).get(name, ""))
