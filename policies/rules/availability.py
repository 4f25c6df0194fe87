"""Availability: whether an app survives what happens to single pods and nodes while a release goes on.

A Rollout has one replica where it says nothing. Where something scales it, the scaler's minimum is what counts: the
Rollout's own number is only where it starts. Sources: autoscaling/v2 (minReplicas is 1 where absent), KEDA v2
(minReplicaCount is 0 where absent).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..facts import Kind, KubeObject, Step, Unknown, at, dotted, number, shown
from ..rollouts import ROLLOUT, fix_in_app
from ..rule import Enforcement, Finding, Parameter, Settings, Severity, StackRule, Undecided, Violation

_REPLICAS = ("spec", "replicas")
_TARGET = ("spec", "scaleTargetRef")


@dataclass(frozen=True)
class _Minimum:
    """Where a kind of scaler keeps its minimum, and what it is where absent."""

    path: tuple[Step, ...]
    absent: int


_SCALERS = {
    Kind("autoscaling", "HorizontalPodAutoscaler"): _Minimum(("spec", "minReplicas"), 1),
    Kind("keda.sh", "ScaledObject"): _Minimum(("spec", "minReplicaCount"), 0),
}


def minimum_replicas(rollout: KubeObject, scalers: Sequence[KubeObject], settings: Settings) -> Iterator[Finding]:
    """At least `min` replicas, or a scaler that keeps at least so many."""
    near = [scaler for scaler in scalers if scaler.namespace == rollout.namespace]
    for scaler in near:
        hidden = _hidden_target(scaler)
        if hidden:
            yield Undecided(f"{hidden.path} of {scaler}")
            return
    own = [scaler for scaler in near if _scales(scaler, rollout)]
    for scaler in own:
        minimum = _SCALERS[scaler.kind]
        yield from _judge(rollout, scaler, minimum.path, minimum.absent, settings["min"])
    if not own:
        yield from _judge(rollout, rollout, _REPLICAS, 1, settings["min"])


def _hidden_target(scaler: KubeObject) -> Unknown | None:
    found = [scaler.at(*_TARGET), scaler.at(*_TARGET, "kind"), scaler.at(*_TARGET, "name")]
    return next((value for value in found if isinstance(value, Unknown)), None)


def _scales(scaler: KubeObject, rollout: KubeObject) -> bool:
    target = scaler.at(*_TARGET)
    return (at(target, "kind"), at(target, "name")) == (rollout.kind.name, rollout.name)


def _judge(
    rollout: KubeObject, holder: KubeObject, path: tuple[Step, ...], absent: int, limit: float
) -> Iterator[Finding]:
    given = holder.at(*path)
    if isinstance(given, Unknown):
        yield Undecided(f"{given.path} of {holder}")
        return
    replicas = number(absent if given is None else given)
    if replicas is not None and replicas >= limit:
        return
    place = dotted(path) if holder is rollout else f"{dotted(path)} of {holder}"
    value = f"absent, which means {absent}" if given is None else shown(given)
    found = f"{place} is {value}, the limit is {shown(limit)}"
    if rollout.app is None:
        yield Violation(found, f"set {place} to {shown(limit)} or more")
    else:
        key = "replicas" if holder is rollout else "scaling.min"
        yield Violation(found, fix_in_app(rollout.app, f"set it to {shown(limit)} or more", key))


RULES = (
    StackRule(
        id="minimum-replicas",
        code="V1",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="An app keeps enough replicas",
        why="With fewer, one lost node or zone takes a large share of the app down, and a small weight reaches no pod.",
        fix="Set the replicas, or the minimum of what scales them, to the limit or more.",
        kinds=(ROLLOUT,),
        context=tuple(_SCALERS),
        check=minimum_replicas,
        parameters=(Parameter("min", 3, 1, 1000, "fewest replicas, or fewest that an autoscaler may leave"),),
    ),
)
