"""How long a release stays at each share of the traffic, as far as its objects tell.

In a Rollout a step is left when it is done: a pause after its duration, an analysis after its last measurement, an
experiment after its duration. Flagger stays at each weight, and at each iteration, for one interval.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .analyses import METRICS, seconds_of, used_templates
from .canaries import ANALYSIS, weights
from .canaries import CANARY as FLAGGER
from .durations import seconds
from .facts import KubeObject, Unknown
from .reading import Hidden, Place, read
from .rollouts import STEPS, full_weight
from .rule import Undecided, Violation
from .stack import Stack

_EVERYONE = 100.0


@dataclass(frozen=True)
class Stay:
    """Some time at one share of the traffic.

    share: of all traffic, in percent. seconds: how long at least. certain: whether it is no longer. analysed: whether
    something is measured that can end the release. place: where it is said.
    """

    share: float
    seconds: float
    certain: bool
    analysed: bool
    place: str


def stays(release: KubeObject, stack: Stack) -> Iterator[Stay]:
    """The stays of a release in their order. Raises Hidden. None where the weights cannot be read.

    stack: holds the templates of its analyses.
    """
    yield from _flaggers(release) if release.kind == FLAGGER else _of_steps(release, stack)


def _flaggers(canary: KubeObject) -> Iterator[Stay]:
    analysis = read(canary)(*ANALYSIS)
    found = weights(canary)
    if isinstance(found, Undecided):
        raise Hidden(found.path, canary)
    interval = seconds(analysis("interval").text)
    if isinstance(found, Violation) or interval is None:
        return
    iterations = analysis("iterations").number
    for share in found or [_EVERYONE] * int(min(iterations or 0, 1000)):
        yield Stay(share, interval, True, True, analysis.here)


def _of_steps(rollout: KubeObject, stack: Stack) -> Iterator[Stay]:
    whole = full_weight(rollout)
    if isinstance(whole, Undecided):
        raise Hidden(whole.path, rollout)
    if isinstance(whole, Violation):
        return
    background = bool(read(rollout)("spec", "strategy", "canary", "analysis", "templates").value)
    share = 0.0
    for step in read(rollout)(*STEPS).each:
        weight = step("setWeight").number
        share = share if weight is None else min(max(weight, 0.0) * 100 / whole, _EVERYONE)
        if step("pause").given:
            length = _length(step("pause", "duration"))
            yield Stay(share, length or 0, length is not None, background, step.here)
        if step("analysis").given:
            length = _measured(step("analysis", "templates"), stack)
            yield Stay(share, length or 0, length is not None, True, step.here)
        if step("experiment").given:
            length = _length(step("experiment", "duration"))
            yield Stay(share, length or 0, length is not None, True, step.here)


def _length(duration: Place) -> float | None:
    """A pause's `30` or `30s`; None where it waits for somebody, or cannot be read."""
    if isinstance(duration.value, str) and duration.value.isdecimal():
        return duration.count
    return duration.number if duration.number is not None else seconds(duration.value)


def _measured(references: Place, stack: Stack) -> float | None:
    """The longest metric of an analysis; None where its templates do not tell."""
    longest, certain = 0.0, True
    for one in used_templates([place.value for place in references.each], references.owner.namespace, stack):
        if isinstance(one, Unknown):
            raise Hidden(one.path, references.owner)
        if not isinstance(one, KubeObject):
            certain = False
            continue
        for metric in read(one)(*METRICS).each:
            length = seconds_of(metric.value)
            if isinstance(length, Unknown):
                raise Hidden(length.path, one)
            certain = certain and length is not None
            longest = max(longest, length or 0.0)
    return longest if certain else None
