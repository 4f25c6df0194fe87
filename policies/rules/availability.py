"""Availability: whether an app survives what happens to single pods and nodes while a release goes on.

A Rollout has one replica where it says nothing, and so has the Deployment that a Canary of Flagger watches. Where
something scales it, the scaler's minimum is what counts: its own number is only where it starts. A Knative Service
scales itself. Sources: autoscaling/v2 (minReplicas is 1 where absent), KEDA v2 (minReplicaCount is 0 where absent),
Knative Serving (min-scale is 0 where absent).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..canaries import CANARY as FLAGGER
from ..examples import AUTOSCALER, DEPLOYMENT, put
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..facts import Kind, KubeObject, Step, Unknown, at, dotted, number, shown
from ..rollouts import ROLLOUT, fix_in_app
from ..rule import Enforcement, Finding, Parameter, Settings, Severity, StackRule, Undecided, Violation
from ..stack import Stack

_REPLICAS = ("spec", "replicas")
_TARGET = ("spec", "scaleTargetRef")
_WATCHED = ("spec", "targetRef")
_DEPLOYMENT = Kind("apps", "Deployment")
_KNATIVE = Kind("serving.knative.dev", "Service")
_MIN_SCALE = ("spec", "template", "metadata", "annotations", "autoscaling.knative.dev/min-scale")
_MAX_SCALE = "autoscaling.knative.dev/max-scale"


@dataclass(frozen=True)
class _Minimum:
    """Where a kind of scaler keeps its minimum, and what it is where absent."""

    path: tuple[Step, ...]
    absent: int


_SCALERS = {
    Kind("autoscaling", "HorizontalPodAutoscaler"): _Minimum(("spec", "minReplicas"), 1),
    Kind("keda.sh", "ScaledObject"): _Minimum(("spec", "minReplicaCount"), 0),
}


def minimum_replicas(subject: KubeObject, others: Stack, settings: Settings) -> Iterator[Finding]:
    """At least `min` replicas, or a scaler that keeps at least so many."""
    near = others.near(subject, *_SCALERS, _DEPLOYMENT, _KNATIVE)
    scaled = _scaled(subject, near)
    if isinstance(scaled, Unknown):
        yield Undecided(f"{scaled.path} of {subject}")
        return
    scalers = [other for other in near if other.kind in _SCALERS]
    for scaler in scalers:
        hidden = _hidden(scaler, _TARGET)
        if hidden:
            yield Undecided(f"{hidden.path} of {scaler}")
            return
    own = [scaler for scaler in scalers if scaled and _scales(scaler, scaled)]
    for scaler in own:
        minimum = _SCALERS[scaler.kind]
        yield from _judge(subject, scaler, minimum.path, minimum.absent, settings["min"])
    if scaled and scaled.kind == _KNATIVE:
        yield from _judge(subject, scaled, _MIN_SCALE, 0, settings["min"])
    elif scaled and not own:
        yield from _judge(subject, scaled, _REPLICAS, 1, settings["min"])


def _scaled(subject: KubeObject, near: Sequence[KubeObject]) -> KubeObject | Unknown | None:
    """What has the replicas: a Rollout itself; what a Canary watches, None where that is not in this stack."""
    if subject.kind != FLAGGER:
        return subject
    watched = subject.at(*_WATCHED)
    names = (at(watched, "kind"), at(watched, "name"))
    found = (other for other in near if (other.kind.name, other.name) == names)
    return _hidden(subject, _WATCHED) or next(found, None)


def fixed_replicas(canary: KubeObject, others: Stack, _settings: Settings) -> Iterator[Finding]:
    """The Deployment that a Canary watches names no replicas."""
    target = _scaled(canary, others.near(canary, _DEPLOYMENT))
    if isinstance(target, Unknown):
        yield Undecided(f"{target.path} of {canary}")
        return
    replicas = target.at(*_REPLICAS) if target else None
    if isinstance(replicas, Unknown):
        yield Undecided(f"{replicas.path} of {target}")
    elif target and replicas is not None:
        found = f"{dotted(_REPLICAS)} of {target} is set, so each update starts pods that Flagger did not ask for"
        yield Violation(found, "leave it out, and let a HorizontalPodAutoscaler say how many there are")


def _hidden(holder: KubeObject, reference: tuple[Step, ...]) -> Unknown | None:
    """The part of a reference that only the update knows."""
    found = [holder.at(*reference), holder.at(*reference, "kind"), holder.at(*reference, "name")]
    return next((value for value in found if isinstance(value, Unknown)), None)


def _scales(scaler: KubeObject, scaled: KubeObject) -> bool:
    target = scaler.at(*_TARGET)
    return (at(target, "kind"), at(target, "name")) == (scaled.kind.name, scaled.name)


def _judge(
    subject: KubeObject, holder: KubeObject, path: tuple[Step, ...], absent: int, limit: float
) -> Iterator[Finding]:
    written = holder.at(*path)
    given = _counted(written) if path == _MIN_SCALE else written
    if isinstance(given, Unknown):
        yield Undecided(f"{given.path} of {holder}")
        return
    replicas = number(absent if given is None else given)
    if replicas is not None and replicas >= limit:
        return
    place = dotted(path) if holder is subject else f"{dotted(path)} of {holder}"
    value = f"absent, which means {absent}" if given is None else shown(given)
    found = f"{place} is {value}, the limit is {shown(limit)}"
    if subject.app is None:
        yield Violation(found, f"set {place} to {shown(limit)} or more")
    else:
        yield Violation(found, fix_in_app(subject.app, f"set it to {shown(limit)} or more", _key(holder)))


def _counted(given: Any) -> Any:
    """The number that an annotation's text is."""
    return int(given) if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 10 else given


def _key(holder: KubeObject) -> str:
    """The key of the app that this became: for Flagger a fixed number is a range that has one number in it."""
    if holder.kind == _KNATIVE:
        return "replicas" if holder.at(*_MIN_SCALE) == holder.at(*_MIN_SCALE[:-1], _MAX_SCALE) else "scaling.min"
    fixed = holder.kind not in _SCALERS or holder.at("spec", "minReplicas") == holder.at("spec", "maxReplicas")
    return "replicas" if fixed else "scaling.min"


RULES = (
    StackRule(
        id="minimum-replicas",
        code="V1",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="An app keeps enough replicas",
        why="With fewer, one lost node or zone takes a large share of the app down, and a small weight reaches no pod.",
        fix="Set the replicas, or the minimum of what scales them, to the limit or more.",
        kinds=(ROLLOUT, FLAGGER),
        context=(*_SCALERS, _DEPLOYMENT, _KNATIVE),
        source="kube-linter, minimum-three-replicas; Kubernetes, docs/tasks/run-application/configure-pdb",
        passes=((GOOD,), (GOOD_CANARY, DEPLOYMENT, AUTOSCALER)),
        fails=((put(GOOD, "spec.replicas", 2),), (GOOD_CANARY, DEPLOYMENT, put(AUTOSCALER, "spec.minReplicas", 1))),
        check=minimum_replicas,
        parameters=(Parameter("min", 3, 1, 1000, "fewest replicas, or fewest that an autoscaler may leave"),),
    ),
    StackRule(
        id="replicas-left-to-flagger",
        code="V7",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="What Flagger scales names no replicas",
        why="Flagger scales the canary to nothing between releases; an update that sets a number starts it again.",
        fix="Leave replicas out of the Deployment, and say in an autoscaler how many there are.",
        kinds=(FLAGGER,),
        context=(_DEPLOYMENT,),
        source="https://github.com/fluxcd/flagger/issues/1504 and 1157",
        passes=((GOOD_CANARY, DEPLOYMENT),),
        fails=((GOOD_CANARY, put(DEPLOYMENT, "spec.replicas", 3)),),
        check=fixed_replicas,
    ),
)
