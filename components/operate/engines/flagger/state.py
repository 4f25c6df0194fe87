"""What a Canary says, and the two objects that run its pods: a Knative Service's are itself and a revision.

Source: flagger v1.36, CanaryStatus and pkg/controller/scheduler.go.
"""

from ....access.client import Object
from ....record import record
from ....spec.labels import REVISION_LABEL, VERSION_LABEL
from ....spec.values import Duration
from ...contract import State

_DECIDED = ("Initialized", "Succeeded", "Failed")
_ROLLED_OUT = ("Promoting", "Finalising")
_HELD_BY = {"Waiting": ("confirm-rollout", "beginning"), "WaitingPromotion": ("confirm-promotion", "promotion")}
"""Of every phase in which a gate holds a release, the type of its webhook, and what it has not agreed to."""
_UNDER_WAY = ("Progressing", *_HELD_BY, *_ROLLED_OUT)


@record
class CanaryState:
    """The state of a Canary.

    Fields: `revision`, `version`: labels of the pod template that is wanted, and of one that others wrote Flagger's own
    digest, "" as long as it has none; `stable_revision`: of the pods that get the traffic; `phase`: Flagger's word, ""
    before the first; `message`: of its condition; `canary_weight`: percent that the status says, 0 once the checks are
    over; `weights`: of all steps, none in a release that has one step and counts looks; `looks`: how many of these
    passed; `threshold`: how many failed checks end a release; `unchecked`: whether releases are promoted without any
    check; `interval`: between two looks, in Flagger's own writing; `deadline`: seconds without progress that end a
    release; `changed`: when the wanted pod template was written last, `transition`: when the status was, `entered`:
    when the phase began, as the API writes times, "" if not known; `metrics`, `webhooks`: the checks and the addresses
    that are asked, as the Canary names them; `uid`: of the object; `target`: the kind of what it watches.
    """

    revision: str = ""
    version: str = ""
    stable_revision: str = ""
    phase: str = ""
    message: str = ""
    canary_weight: int = 0
    weights: tuple[int, ...] = ()
    looks: int = 0
    threshold: int = 1
    unchecked: bool = False
    interval: str = "60s"
    deadline: int = 600
    changed: str = ""
    transition: str = ""
    entered: str = ""
    metrics: tuple[Object, ...] = ()
    webhooks: tuple[Object, ...] = ()
    uid: str = ""
    target: str = "Deployment"

    @classmethod
    def of(cls, canary: Object, target: Object, primary: Object) -> "CanaryState":
        """Reads the Canary, what it watches and the copy it made; either may be missing, as {}."""
        spec, status = canary["spec"], canary.get("status") or {}
        analysis = spec.get("analysis") or {}
        conditions = status.get("conditions") or [{}]
        revision, stable = _label(target, REVISION_LABEL), _label(primary, REVISION_LABEL)
        changed = _template_written(target)
        if not revision:
            revision, stable = _digest(status, changed), status.get("lastPromotedSpec") or ""
        return cls(
            revision=revision,
            version=_label(target, VERSION_LABEL) or _tag(target),
            stable_revision=stable,
            phase=status.get("phase", ""),
            message=conditions[0].get("message", ""),
            canary_weight=status.get("canaryWeight", 0),
            weights=tuple(analysis.get("stepWeights") or ()),
            looks=status.get("iterations", 0),
            threshold=analysis.get("threshold", 1),
            unchecked=bool(spec.get("skipAnalysis")),
            interval=analysis.get("interval") or "60s",
            deadline=spec.get("progressDeadlineSeconds") or 600,
            changed=changed,
            transition=_transition(status),
            entered=_entered(status),
            metrics=tuple(analysis.get("metrics") or ()),
            webhooks=tuple(analysis.get("webhooks") or ()),
            uid=canary["metadata"].get("uid", ""),
            target=target_kind(canary),
        )

    @property
    def seen(self) -> bool:
        """Whether Flagger has looked since the wanted version was last changed; times of the API are whole seconds.

        After a failure it writes the status at every look, even at the one that is about to begin the next release.
        """
        return not self.changed or self.changed < (self.entered if self.phase == "Failed" else self.transition)

    @property
    def promoted(self) -> bool:
        """Whether the version that is wanted gets all traffic: promoted, or wanted again after another one failed."""
        return self.phase in _DECIDED and self.revision == self.stable_revision != ""

    @property
    def failed(self) -> bool:
        """Whether the release of the version that is wanted was taken back."""
        return self.phase == "Failed" and self.revision != self.stable_revision and self.seen

    @property
    def under_way(self) -> bool:
        """Whether Flagger releases the version that is wanted."""
        return self.phase in _UNDER_WAY and self.seen

    @property
    def held(self) -> bool:
        """Whether a gate keeps the release from beginning: whatever is in the status is overwritten when it agrees."""
        return self.phase == "Waiting" and self.seen

    @property
    def rolled_out(self) -> bool:
        """Whether all checks are over, and the stable pods are replaced."""
        return self.phase in _ROLLED_OUT

    @property
    def state(self) -> State:
        """How the release stands; never what was said about an older version.

        A gate is no approval: it is an address that goes on being asked, and no command of ours ends that.
        """
        if self.promoted:
            return State.HEALTHY
        return State.DEGRADED if self.failed else State.IN_PROGRESS

    @property
    def weight(self) -> int:
        """Percent of the traffic that the version that is wanted gets."""
        if self.promoted or self.phase == "Finalising":
            return 100
        # The status says 0 as soon as the checks are over; the routes are changed when the stable pods are ready.
        return self.weights[-1] if self.phase == "Promoting" and self.weights else self.canary_weight

    @property
    def waits_for(self) -> str:
        """What the release waits for, in words; "" where nothing needs to be said."""
        if self.promoted or self.failed:
            return ""
        if not self.seen or self.phase not in _UNDER_WAY:
            return f"Flagger has not seen the last change yet, it looks every {self.interval}"
        if self.phase in _HELD_BY:
            return self._held_by(*_HELD_BY[self.phase])
        if self.rolled_out:
            return "all checks passed, its pods replace the stable ones"
        return "it is promoted without any check" if self.unchecked else ""

    def _held_by(self, webhook: str, end: str) -> str:
        """Several of one type are asked in turn; the status does not say which of them did not agree."""
        names = [str(one.get("name", "")) for one in self.webhooks if one.get("type") == webhook]
        gate = f"gate {' or '.join(names)}" if names else "a gate"
        return f"{gate} has not agreed to its {end} yet, Flagger asks again every {self.interval}"

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.weights) or 1

    @property
    def step(self) -> int:
        """From 1; 0 before the first weight is set."""
        begun = sum(weight <= self.weight for weight in self.weights)
        return begun if self.weights else int(self.looks > 0 or self.rolled_out)

    @property
    def interval_seconds(self) -> float:
        """The time between two looks of Flagger."""
        return Duration.parse(self.interval).seconds


def target_kind(canary: Object) -> str:
    """The kind of what a Canary watches."""
    return str((canary["spec"].get("targetRef") or {}).get("kind", "Deployment"))


def _transition(status: Object) -> str:
    return status.get("lastTransitionTime") or ""


def _entered(status: Object) -> str:
    conditions = status.get("conditions") or [{}]
    return conditions[0].get("lastUpdateTime") or ""


def _digest(status: Object, changed: str) -> str:
    """Flagger's digest of the pod template that is wanted, where it has looked at it since it was last written."""
    if changed >= _transition(status):
        return ""
    # After a failure it looks on, and takes up anything but the failed version and the one that is promoted.
    back = status.get("phase") == "Failed" and changed >= _entered(status)
    return status.get("lastPromotedSpec" if back else "lastAppliedSpec") or ""


def _tag(workload: Object) -> str:
    """The version in the image of the pods, "" where it has none."""
    containers = (((workload.get("spec") or {}).get("template") or {}).get("spec") or {}).get("containers") or [{}]
    name = str(containers[0].get("image", "")).partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2]


def _label(deployment: Object, name: str) -> str:
    template = (deployment.get("spec") or {}).get("template") or {}
    return str(((template.get("metadata") or {}).get("labels") or {}).get(name, ""))


def _template_written(target: Object) -> str:
    """When anybody last wrote the pod template.

    Who scales only is no writer of it, also where a node selector does, nor is who moves a Knative Service's traffic:
    Flagger sends the whole object then, with an empty date inside the template.
    """
    entries = (target.get("metadata") or {}).get("managedFields") or []
    specs = ((entry, (entry.get("fieldsV1") or {}).get("f:spec", {})) for entry in entries)
    written = ((entry, spec.get("f:template")) for entry, spec in specs if "f:traffic" not in spec)
    owned = [entry for entry, template in written if template is not None and not _scales_only(template)]
    return max((str(entry.get("time", "")) for entry in owned), default="")


def _scales_only(template: Object) -> bool:
    return template.keys() == {"f:spec"} and template["f:spec"].keys() == {"f:nodeSelector"}
