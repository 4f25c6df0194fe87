"""Canary shape: how much of the traffic a new version gets, and how fast.

The meaning of the fields is that of the engine: in a Rollout, the weight before the first `setWeight` is 0, a step
that holds nothing is left as soon as it is done, and after the last step the new version gets everything. A Canary of
Flagger holds each weight for one interval, and stalls at a weight that is not above the one before.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from ..canaries import ANALYSIS, STEP_WEIGHTS, has_weights
from ..canaries import CANARY as FLAGGER
from ..canaries import weights as weights_of
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..examples import drop, put
from ..facts import KubeObject, Unknown, at, dotted, items, number, shown
from ..reading import read
from ..remedies import set_to
from ..rollouts import CANARY, ROLLOUT, STEPS, fix_in_app, full_weight, hold, tried_by_some
from ..rule import Change, Enforcement, Finding, ObjectRule, Parameter, Settings, Severity, Undecided, Violation


def first_step_weight(rollout: KubeObject, settings: Settings) -> Iterator[Finding]:
    """The first weight above 0 must not pass `max`.

    A canary that sets none promotes everyone at once, unless chosen requests or copies try the version before.
    """
    if rollout.kind == FLAGGER:
        yield from _judge_flaggers_first(rollout, settings["max"])
        return
    if rollout.at(*CANARY) is None:
        return
    whole = full_weight(rollout)
    if isinstance(whole, Undecided | Violation):
        yield whole
        return
    yield from _judge_first_weight(rollout, len(items(rollout.at(*STEPS))), whole, settings["max"])


def lower_first_weight(release: KubeObject, settings: Settings) -> Iterator[Change]:
    """The remedy: the first weight is the limit. A release without weights gets none."""
    if release.kind == FLAGGER:
        listed = read(release)(*STEP_WEIGHTS)
        first = next(listed.each, None) if listed.given else read(release)(*ANALYSIS, "stepWeight")
        if first is not None and first.given:
            yield set_to(first, settings["max"])
        return
    whole = full_weight(release)
    for step in read(release)(*STEPS).each:
        if step("setWeight").number and not isinstance(whole, Undecided | Violation):
            yield set_to(step("setWeight"), int(settings["max"] * whole / 100))
            return


def _judge_first_weight(rollout: KubeObject, steps: int, whole: float, limit: float) -> Iterator[Finding]:
    for index in range(steps):
        path = (*STEPS, index, "setWeight")
        weight = rollout.at(*path)
        if isinstance(weight, Unknown):
            yield Undecided(weight.path)
            return
        share = number(weight)
        if weight is not None and (share is None or share < 0):
            yield Violation(f"{dotted(path)} is {shown(weight)}", f"set it to a number from 0 to {shown(limit)}")
            return
        if share:
            if share * 100 > limit * whole:
                yield _too_high(rollout, dotted(path), share, whole, limit)
            return
    tried = tried_by_some(rollout)
    if isinstance(tried, Unknown):
        yield Undecided(tried.path)
    elif not tried:
        yield _no_weight(rollout, limit)


def _too_high(rollout: KubeObject, path: str, weight: float, whole: float, limit: float) -> Violation:
    of_whole = "" if whole == 100 else f" ({shown(weight)} of {shown(whole)})"
    found = f"the first weight is {shown(weight * 100 / whole)} %{of_whole}, the limit is {shown(limit)} %"
    if rollout.app is None:
        return Violation(found, f"set {path} to {shown(limit * whole / 100)} or less")
    return Violation(found, _first_in_app(rollout.app, limit))


def _no_weight(rollout: KubeObject, limit: float) -> Violation:
    found = f"no step sets a weight, so all traffic moves at once; the limit for a first weight is {shown(limit)} %"
    if rollout.app is None:
        return Violation(found, f"begin {dotted(STEPS)} with a setWeight of {shown(limit)} % or less")
    return Violation(found, _first_in_app(rollout.app, limit))


def _judge_flaggers_first(canary: KubeObject, limit: float) -> Iterator[Finding]:
    found = weights_of(canary)
    if isinstance(found, Undecided | Violation):
        yield found
    elif found and found[0] > limit:
        said = f"the first weight is {shown(found[0])} %, the limit is {shown(limit)} %"
        yield Violation(said, _first_in(canary, f"begin {dotted(STEP_WEIGHTS)} with {shown(limit)} or less", limit))
    elif not found and has_weights(canary):
        said = "it names neither weights nor iterations, so that Flagger begins no release"
        yield Violation(said, _first_in(canary, f"begin {dotted(STEP_WEIGHTS)} with {shown(limit)} or less", limit))


def _first_in(canary: KubeObject, otherwise: str, limit: float) -> str:
    return otherwise if canary.app is None else _first_in_app(canary.app, limit)


def _first_in_app(app: str, limit: float) -> str:
    return fix_in_app(app, f"set the first step's weight to {shown(limit)} or less", "delivery.steps[0].weight")


def weight_jump(rollout: KubeObject, settings: Settings) -> Iterator[Finding]:
    """From one weight to the next at most `max` points more, and at most `max_last` from the last one to everyone."""
    if rollout.kind == FLAGGER:
        found = weights_of(rollout)
        yield from [found] if isinstance(found, Undecided | Violation) else _judge_jumps(rollout, found, 100, settings)
        return
    if rollout.at(*CANARY) is None:
        return
    whole = full_weight(rollout)
    if isinstance(whole, Undecided | Violation):
        yield whole
        return
    weights = [_weight_at(rollout, index) for index in range(len(items(rollout.at(*STEPS))))]
    yield from _judge_jumps(rollout, [weight for weight in weights if weight is not None], whole, settings)


def _weight_at(rollout: KubeObject, index: int) -> float | Finding | None:
    """What a step sets; None where it sets no weight."""
    path = (*STEPS, index, "setWeight")
    weight = rollout.at(*path)
    if weight is None:
        return None
    if isinstance(weight, Unknown):
        return Undecided(weight.path)
    share = number(weight)
    if share is None or share < 0:
        return Violation(f"{dotted(path)} is {shown(weight)}", "set it to a number, 0 or more")
    return share


def _judge_jumps(
    rollout: KubeObject, weights: Sequence[float | Finding], whole: float, settings: Settings
) -> Iterator[Finding]:
    before = 0.0  # nobody yet: the first weight has a rule of its own; also after a weight that is not known
    for rank, weight in enumerate(weights):
        if isinstance(weight, Undecided | Violation):
            yield weight
            before = 0
            continue
        share = weight * 100 / whole
        if before:
            yield from _judge_jump(rollout, before, share, rank, settings)
        before = share
    if before:
        yield from _judge_jump(rollout, before, 100, len(weights), settings)


def _judge_jump(rollout: KubeObject, before: float, after: float, rank: int, settings: Settings) -> Iterator[Finding]:
    """`rank`: how many weights come before the one that is jumped to."""
    limit = settings["max_last" if after >= 100 else "max"]
    if after - before <= limit:
        return
    found = f"the weight jumps from {shown(before)} % to {shown(after)} %, the limit is {shown(limit)} points"
    if after >= 100:
        found += " for the last jump"
    if rollout.app is None:
        place = dotted(STEP_WEIGHTS if rollout.kind == FLAGGER else STEPS)
        yield Violation(found, f"set a weight between them in {place}")
    else:
        yield Violation(found, fix_in_app(rollout.app, "add a step between them", f"delivery.steps[{rank}]"))


def rising_weights(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """No weight is as low as the one before it, or lower."""
    if subject.kind == FLAGGER:
        found = weights_of(subject)
        if isinstance(found, Undecided | Violation):
            yield found
            return
        yield from _judge_rise(subject, list(enumerate(found)))
        return
    steps = subject.at(*STEPS)
    given = [_weight_at(subject, index) for index in range(len(items(steps)))]
    if isinstance(steps, Unknown):
        yield Undecided(steps.path)
    yield from (one for one in given if isinstance(one, Undecided))
    known = [(index, weight) for index, weight in enumerate(given) if isinstance(weight, int | float)]
    yield from _judge_rise(subject, known)


def _judge_rise(subject: KubeObject, found: Sequence[tuple[int, float]]) -> Iterator[Finding]:
    for (_, before), (index, weight) in pairwise(found):
        if weight <= before:
            path = (*STEP_WEIGHTS, index) if subject.kind == FLAGGER else (*STEPS, index, "setWeight")
            said = f"{dotted(path)} is {shown(weight)} after {shown(before)}"
            yield Violation(said, f"set it above {shown(before)}, or leave it out")


def held_weight(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Between a weight and the next one stands a pause, an analysis or an experiment."""
    if rollout.at(*CANARY) is None:
        return
    whole = full_weight(rollout)
    if isinstance(whole, Undecided | Violation):
        yield whole
        return
    waiting: int | None = None
    for index, step in enumerate(items(rollout.at(*STEPS))):
        held = hold(step)
        if isinstance(held, Unknown):
            yield Undecided(held.path)
        if held:
            waiting = None
        weight = at(step, "setWeight")
        if weight is not None and not isinstance(step, Unknown):
            yield from _not_held(rollout, waiting)
            waiting = None if _moves_nobody_more(weight, whole) else index
    yield from _not_held(rollout, waiting)


def _moves_nobody_more(weight: Any, whole: float) -> bool:
    """No traffic, or all of it: there is nothing to wait for."""
    share = number(weight)
    return share is not None and (share == 0 or share >= whole)


def _not_held(rollout: KubeObject, waiting: int | None) -> Iterator[Finding]:
    if waiting is None:
        return
    path = (*STEPS, waiting, "setWeight")
    weight = rollout.at(*path)
    if isinstance(weight, Unknown):
        yield Undecided(weight.path)
        return
    found = f"{dotted(path)} ({shown(weight)}) is left at once: neither a pause nor an analysis follows it"
    yield Violation(found, "put a pause with a duration, or better an analysis, right after it")


RULES = (
    ObjectRule(
        id="first-step-weight",
        code="S2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The first weight of a canary is small",
        why="The first step meets every defect that tests missed; its weight is the share of users who meet it too.",
        fix="Begin the canary with a step whose weight is at most the limit, or hold a cohort or copies first.",
        kinds=(ROLLOUT, FLAGGER),
        source="Google, The Site Reliability Workbook, chapter 16 (canary population)",
        passes=((GOOD,), (GOOD_CANARY,)),
        fails=(
            (put(GOOD, "spec.strategy.canary.steps[0].setWeight", 20),),
            (put(GOOD, "spec.strategy.canary.steps", []),),
            (put(GOOD_CANARY, "spec.analysis.stepWeights[0]", 20),),
        ),
        check=first_step_weight,
        remedy=lower_first_weight,
        parameters=(
            Parameter("max", 10, 1, 100, "largest share of the traffic that the first step may send, in percent"),
        ),
    ),
    ObjectRule(
        id="weight-jump",
        code="S3",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The weight of a canary rises in small jumps",
        why="What breaks only under load breaks at a jump; the jump is the share of users who did not have it before.",
        fix="Put further weights between two that are too far apart.",
        kinds=(ROLLOUT, FLAGGER),
        source="Google, The Site Reliability Workbook, chapter 16 (canary population)",
        passes=((GOOD,), (GOOD_CANARY,)),
        fails=(
            (put(GOOD, "spec.strategy.canary.steps[3].setWeight", 45),),
            (put(GOOD, "spec.strategy.canary.steps[6].setWeight", 40),),
            (put(GOOD_CANARY, "spec.analysis.stepWeights[1]", 40),),
        ),
        check=weight_jump,
        parameters=(
            Parameter("max", 30, 1, 100, "largest jump from one weight to the next, in percentage points"),
            Parameter("max_last", 50, 1, 100, "largest jump from the last weight to everyone, in percentage points"),
        ),
    ),
    ObjectRule(
        id="weights-rise",
        code="S4",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The weights of a canary rise",
        why="A weight that does not rise tells nothing new; Flagger never goes on from one.",
        fix="Give every step a weight above the one before.",
        kinds=(ROLLOUT, FLAGGER),
        source="Flagger v1.36, pkg/controller/scheduler.go",
        passes=((GOOD,), (GOOD_CANARY,)),
        fails=(
            (put(GOOD, "spec.strategy.canary.steps[3].setWeight", 5),),
            (put(GOOD_CANARY, "spec.analysis.stepWeights[1]", 5),),
        ),
        check=rising_weights,
    ),
    ObjectRule(
        id="weight-held",
        code="S6",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Each weight is followed by a pause or an analysis",
        why="A weight that nothing holds is left as soon as it is set, so nobody can see what it does.",
        fix="Follow each setWeight with a pause, an analysis or an experiment before the next one.",
        kinds=(ROLLOUT,),
        source="Argo Rollouts, docs/features/canary.md",
        passes=((GOOD,),),
        fails=((drop(drop(GOOD, "spec.strategy.canary.steps[2]"), "spec.strategy.canary.steps[1]"),),),
        check=held_weight,
    ),
)
