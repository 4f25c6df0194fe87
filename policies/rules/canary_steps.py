"""Canary shape: what the steps of a release have to say together, and how long they take.

A pause without a duration waits for a person. Flagger holds each weight, and each iteration, for one interval.
"""

from collections.abc import Iterator

from ..canaries import ANALYSIS, weights
from ..canaries import CANARY as FLAGGER
from ..durations import seconds
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..examples import TEMPLATE as GOOD_TEMPLATE
from ..examples import drop, made, put
from ..facts import Kind, KubeObject, Unknown, shown
from ..reading import Place, decided, read
from ..remedies import setting
from ..rollouts import CANARY, CLUSTER_TEMPLATE, KINDS_OF_STEPS, ROLLOUT, STEPS, TEMPLATE, full_weight, tried_by_some
from ..rule import (
    Enforcement,
    Finding,
    ObjectRule,
    Parameter,
    Settings,
    Severity,
    StackRule,
    Undecided,
    Violation,
)
from ..stack import Stack
from ..stays import stays

_EXPERIMENT = Kind("argoproj.io", "Experiment")
_STEP0 = "spec.strategy.canary.steps[0]"


@decided
def enough_weights(subject: KubeObject, settings: Settings) -> Iterator[Finding]:
    """At least `min` different weights between nothing and everything, where traffic is moved by weights."""
    if subject.kind == FLAGGER:
        found = weights(subject)
        if isinstance(found, Undecided | Violation):
            yield found
            return
        given = {one for one in found if one < 100}
    else:
        whole = full_weight(subject)
        if isinstance(whole, Undecided | Violation):
            yield whole
            return
        numbers = [step("setWeight").number for step in read(subject)(*STEPS).each]
        given = {one for one in numbers if one is not None and 0 < one < whole}
        tried = tried_by_some(subject)
        if not given and isinstance(tried, Unknown):
            yield Undecided(tried.path)
            return
    if given and len(given) < settings["min"]:
        said = f"traffic is moved in {len(given)} weights below everything, the limit is {shown(settings['min'])}"
        yield Violation(said, "put further weights between the first one and everyone")


@decided
def pause_ends(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A pause has a duration, or the Rollout names an owner and tells somebody that it waits."""
    told = [key for key in read(rollout)("metadata", "annotations").keys if "subscribe.on-rollout-paused." in key]
    if told and rollout.owner:
        return
    for step in read(rollout)(*STEPS).each:
        pause = step("pause")
        if isinstance(pause.value, dict) and not pause("duration").given:
            said = f"{pause.here} has no duration, and nobody is named who ends it or told that it waits"
            yield Violation(said, "set a duration, or label the Rollout with its owner and subscribe a channel to it")


@decided
def total_duration(subject: KubeObject, stack: Stack, settings: Settings) -> Iterator[Finding]:
    """All steps together last from `min` to `max` minutes; waiting for a person is not counted."""
    if subject.kind == ROLLOUT and not read(subject)(*CANARY).given:
        return
    held = list(stays(subject, stack))
    if not held:
        return
    total = sum(one.seconds for one in held) / 60
    open_ended = any(not one.certain for one in held)
    if total > settings["max"]:
        said = f"its steps last {shown(round(total, 1))} minutes, the limit is {shown(settings['max'])}"
        yield Violation(said, "shorten the pauses, or the intervals of what is measured")
    elif total < settings["min"] and not open_ended:
        said = f"its steps last {shown(round(total, 1))} minutes, and at least {shown(settings['min'])} are asked for"
        yield Violation(said, "hold the weights longer, so that slow defects show")


@decided
def highest_weight(canary: KubeObject, settings: Settings) -> Iterator[Finding]:
    """Steps up to the highest weight end at `max` at most."""
    analysis = read(canary)(*ANALYSIS)
    if not analysis("stepWeight").given or analysis("stepWeights").given or analysis("iterations").number:
        return
    highest = analysis("maxWeight")
    share, value = highest.or_default(100)
    if share is None or share > settings["max"]:
        said = f"{highest.here} is {value}, the limit is {shown(settings['max'])}"
        yield Violation(said, f"set {highest.here} to {shown(settings['max'])}")


@decided
def one_kind_per_step(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A step says one thing."""
    for step in read(rollout)(*STEPS).each:
        said = [kind for kind in KINDS_OF_STEPS if step(kind).given]
        if len(said) > 1:
            yield Violation(
                f"{step.here} holds {' and '.join(said)}, of which one is done", "make a step of its own of each"
            )


@decided
def pods_follow_weight(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A weight does not rise above the pods that an earlier setCanaryScale fixed."""
    replicas = read(rollout)("spec", "replicas")
    fixed: float | None = None
    for step in read(rollout)(*STEPS).each:
        scale = step("setCanaryScale")
        if scale.given:
            fixed = _fixed(scale, replicas.number)
        weight = step("setWeight").number
        if weight is not None and fixed is not None and weight > fixed:
            said = f"{step('setWeight').here} is {shown(weight)}, while the pods stay at {shown(fixed)} %"
            yield Violation(said, "put a setCanaryScale with matchTrafficWeight: true before it")


def _fixed(scale: Place, replicas: float | None) -> float | None:
    """The share of pods that stays whatever the weight, in percent; None where they follow it, or nothing tells."""
    if scale("matchTrafficWeight").value is True:
        return None
    if scale("weight").number is not None:
        return scale("weight").number
    pods = scale("replicas").number
    return pods * 100 / replicas if pods is not None and replicas else None


@decided
def experiment_ends(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """An experiment has a duration, or an analysis that has to complete."""
    if subject.kind == _EXPERIMENT:
        yield from _judge_experiment(read(subject)("spec"))
        return
    for step in read(subject)(*STEPS).each:
        if step("experiment").given:
            yield from _judge_experiment(step("experiment"))


def _judge_experiment(experiment: Place) -> Iterator[Finding]:
    if experiment("duration").given:
        return
    if any(one("requiredForCompletion").value is True for one in experiment("analyses").each):
        return
    said = f"{experiment.here} has neither a duration nor an analysis that is required for its completion"
    yield Violation(said, f"set {experiment.here}.duration, or requiredForCompletion on one of its analyses")


@decided
def step_divides(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """stepWeight is above 0 and divides maxWeight."""
    analysis = read(canary)(*ANALYSIS)
    step, highest = analysis("stepWeight"), analysis("maxWeight")
    if not step.given or analysis("stepWeights").given:
        return
    last = 100.0 if not highest.given else highest.number
    if step.number is None or last is None or step.number <= 0 or last % step.number:
        said = f"{step.here} is {step.shown}, which does not divide {shown(last)}, the highest weight"
        yield Violation(said, f"set it to a whole part of {highest.here}, or list the weights in stepWeights")


@decided
def plain_interval(canary: KubeObject, settings: Settings) -> Iterator[Finding]:
    """Flagger's intervals are whole minutes or seconds, and at least `min`."""
    analysis = read(canary)(*ANALYSIS)
    given = [analysis("interval"), *(one("interval") for one in analysis("metrics").each)]
    for one in given:
        found = _flaggers_seconds(one.text)
        if one.given and found is None:
            said = f"{one.here} is not a number with m or s, which Flagger takes for 60 s without a word"
            yield Violation(said, f"write {one.here} like 1m or 30s")
        elif one is given[0] and found is not None and found < settings["min"]:
            said = f"{one.here} is {shown(found)} s, which Flagger takes for {shown(settings['min'])} s"
            yield Violation(said, f"set it to {shown(settings['min'])}s or more")


def _flaggers_seconds(text: str) -> float | None:
    return seconds(text) if text[:-1].isdecimal() and text[-1:] in ("m", "s") else None


@decided
def traefik_steps(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """stepWeightPromotion is not used with Traefik."""
    promotion = read(canary)(*ANALYSIS, "stepWeightPromotion")
    if read(canary)("spec", "provider").text == "traefik" and promotion.number:
        yield Violation(f"{promotion.here} is {promotion.shown} with Traefik, which never ends", "leave it out")


RULES = (
    ObjectRule(
        id="enough-weights",
        code="S5",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Traffic is moved in several weights",
        why="Each weight is a chance to stop; with one or two, a defect that needs load is met by everyone at once.",
        source="Argo Rollouts, docs/features/canary.md; Flagger, docs/usage/deployment-strategies.md",
        fix="Move the traffic by at least as many weights as the limit says before everyone gets the new version.",
        kinds=(ROLLOUT, FLAGGER),
        check=enough_weights,
        parameters=(Parameter("min", 3, 1, 50, "fewest different weights below all traffic"),),
        passes=((GOOD,), (GOOD_CANARY,)),
        fails=(
            (put(GOOD, "spec.strategy.canary.steps", [{"setWeight": 5}, {"pause": {"duration": "5m"}}]),),
            (put(GOOD_CANARY, "spec.analysis.stepWeights", [5, 50]),),
        ),
    ),
    ObjectRule(
        id="pause-ends",
        code="S7",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="A pause ends by itself, or somebody knows of it",
        why="A release that waits for a person whom nobody told keeps two versions in production for days.",
        source="Argo Rollouts, docs/features/canary.md (pause) and docs/features/notifications.md",
        fix="Give the pause a duration, or label the Rollout with its owner and subscribe a channel to its pauses.",
        kinds=(ROLLOUT,),
        check=pause_ends,
        passes=(
            (GOOD,),
            (
                put(
                    put(put(GOOD, f"{_STEP0}", {"pause": {}}), "metadata.labels", {"coalmine.dev/owner": "shop"}),
                    "metadata.annotations",
                    {"notifications.argoproj.io/subscribe.on-rollout-paused.slack": "shop"},
                ),
            ),
        ),
        fails=((put(GOOD, f"{_STEP0}", {"pause": {}}),),),
    ),
    StackRule(
        id="release-duration",
        code="S8",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="A release takes neither too little time nor too much",
        why="Leaks and full caches show after minutes; a release of many hours meets the next one.",
        source="Google, The Site Reliability Workbook, chapter 16 (canary time)",
        fix="Choose pauses, intervals and counts so that all steps last as long as the limits say.",
        kinds=(ROLLOUT, FLAGGER),
        context=(TEMPLATE, CLUSTER_TEMPLATE),
        check=total_duration,
        parameters=(
            Parameter("min", 10, 0, 10_080, "shortest release, in minutes"),
            Parameter("max", 120, 1, 43_200, "longest release, in minutes, without waiting for a person"),
        ),
        passes=((GOOD, GOOD_TEMPLATE), (put(GOOD_CANARY, "spec.analysis.interval", "5m"),)),
        fails=(
            (put(GOOD, "spec.strategy.canary.steps", [{"setWeight": 5}, {"pause": {"duration": "30s"}}]),),
            (put(GOOD, f"{_STEP0}", {"pause": {"duration": "3h"}}), GOOD_TEMPLATE),
            (put(GOOD_CANARY, "spec.analysis.interval", "10s"),),
        ),
    ),
    ObjectRule(
        id="highest-weight",
        code="S9",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Flagger's highest weight leaves half of the traffic",
        why="Above half, the pods of the old version are no longer enough for a way back without a pause.",
        source="Flagger, docs/usage/how-it-works.md (canary analysis)",
        fix="Set maxWeight, which is 100 where absent, to the limit.",
        kinds=(FLAGGER,),
        check=highest_weight,
        remedy=setting("max", *ANALYSIS, "maxWeight"),
        parameters=(Parameter("max", 50, 1, 100, "highest weight before everyone, in percent"),),
        passes=(
            (
                put(
                    put(drop(GOOD_CANARY, "spec.analysis.stepWeights"), "spec.analysis.stepWeight", 10),
                    "spec.analysis.maxWeight",
                    50,
                ),
            ),
        ),
        fails=((put(drop(GOOD_CANARY, "spec.analysis.stepWeights"), "spec.analysis.stepWeight", 10),),),
    ),
    ObjectRule(
        id="one-kind-per-step",
        code="S10",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A step says one thing",
        why="The controller does one of two things that a step holds, and checks only some pairs.",
        source="Argo Rollouts v1.9, pkg/apis/rollouts/validation/validation.go",
        fix="Write each kind of step as an entry of its own.",
        kinds=(ROLLOUT,),
        check=one_kind_per_step,
        passes=((GOOD,),),
        fails=((put(GOOD, f"{_STEP0}.setCanaryScale", {"replicas": 2}),),),
    ),
    ObjectRule(
        id="pods-follow-weight",
        code="S11",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A weight has the pods to serve it",
        why="A number of canary pods of its own stays when the weight grows: few pods get many requests.",
        source="Argo Rollouts, docs/features/canary.md (setCanaryScale)",
        fix="Put a setCanaryScale with matchTrafficWeight: true before the weight rises.",
        kinds=(ROLLOUT,),
        check=pods_follow_weight,
        passes=((GOOD,), (put(GOOD, f"{_STEP0}", {"setCanaryScale": {"weight": 50}}),)),
        fails=(
            (put(GOOD, f"{_STEP0}", {"setCanaryScale": {"weight": 5}}),),
            (put(GOOD, f"{_STEP0}", {"setCanaryScale": {"replicas": 1}}),),
        ),
    ),
    ObjectRule(
        id="experiment-ends",
        code="S12",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="An experiment ends",
        why="Without a duration or an analysis that has to complete, an experiment runs for ever.",
        source="Argo Rollouts, docs/features/experiment.md",
        fix="Set a duration, or requiredForCompletion on one of its analyses.",
        kinds=(ROLLOUT, _EXPERIMENT),
        check=experiment_ends,
        passes=(
            (put(GOOD, f"{_STEP0}", {"experiment": {"duration": "5m", "templates": []}}),),
            (
                made(
                    "argoproj.io/v1alpha1",
                    "Experiment",
                    "shop",
                    {
                        "templates": [],
                        "analyses": [{"name": "a", "templateName": "shop", "requiredForCompletion": True}],
                    },
                ),
            ),
        ),
        fails=(
            (
                put(
                    GOOD,
                    f"{_STEP0}",
                    {"experiment": {"templates": [], "analyses": [{"name": "a", "templateName": "shop"}]}},
                ),
            ),
            (made("argoproj.io/v1alpha1", "Experiment", "shop", {"templates": []}),),
        ),
    ),
    ObjectRule(
        id="step-divides-highest-weight",
        code="S13",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Flagger's step divides its highest weight",
        why="50 by steps of 20 reaches 60, and a step of 0 never begins.",
        source="Flagger v1.36, pkg/controller/scheduler.go",
        fix="Choose a step that divides maxWeight, or list the weights in stepWeights.",
        kinds=(FLAGGER,),
        check=step_divides,
        passes=((put(drop(GOOD_CANARY, "spec.analysis.stepWeights"), "spec.analysis.stepWeight", 10),),),
        fails=(
            (put(drop(GOOD_CANARY, "spec.analysis.stepWeights"), "spec.analysis.stepWeight", 30),),
            (put(drop(GOOD_CANARY, "spec.analysis.stepWeights"), "spec.analysis.stepWeight", 0),),
        ),
    ),
    ObjectRule(
        id="plain-interval",
        code="S14",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Flagger's intervals are what they say",
        why="An interval that Flagger cannot read becomes 60 s, and one below 10 s becomes 10 s, without a word.",
        source="Flagger v1.36, pkg/apis/flagger/v1beta1/canary.go (GetAnalysisInterval)",
        fix="Write whole minutes or seconds, 10 s or more.",
        kinds=(FLAGGER,),
        check=plain_interval,
        parameters=(Parameter("min", 10, 10, 3600, "shortest interval of the analysis, in seconds"),),
        passes=((GOOD_CANARY,),),
        fails=(
            (put(GOOD_CANARY, "spec.analysis.interval", "1m30s"),),
            (put(GOOD_CANARY, "spec.analysis.interval", "5s"),),
            (put(GOOD_CANARY, "spec.analysis.metrics[0].interval", "1h"),),
        ),
    ),
    ObjectRule(
        id="traefik-promotes-at-once",
        code="S15",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="With Traefik a promotion has no steps",
        why="stepWeightPromotion with Traefik goes round for ever.",
        source="https://github.com/fluxcd/flagger/issues/1692",
        fix="Leave stepWeightPromotion out.",
        kinds=(FLAGGER,),
        check=traefik_steps,
        passes=((put(GOOD_CANARY, "spec.provider", "traefik"),),),
        fails=((put(put(GOOD_CANARY, "spec.provider", "traefik"), "spec.analysis.stepWeightPromotion", 10),),),
    ),
)
