"""Rollback safety: whether a release that goes wrong is taken back without anyone asking.

The meaning of the fields is that of Argo Rollouts: a Rollout that passes its progress deadline is only marked as
degraded and stays where it is, unless `progressDeadlineAbort` is true. Flagger always takes such a release back; what
it leaves behind where a Canary is deleted, unless `revertOnDeletion` is true, is an app without pods.

After a blue-green switch the traffic goes back only as long as the old pods are there; when they go, the analysis is
ended, and nothing fails. Source: argo-rollouts v1.9, docs/features/bluegreen.md.
"""

from collections.abc import Iterator

from ..analyses import METRICS, listed, seconds_of, used_templates
from ..canaries import CANARY as FLAGGER
from ..examples import BLUE_GREEN as GOOD_SWITCH
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..examples import TEMPLATE as GOOD_TEMPLATE
from ..examples import drop, put
from ..facts import KubeObject, Unknown, dotted, number, shown
from ..remedies import setting
from ..rollouts import BLUE_GREEN, CLUSTER_TEMPLATE, ROLLOUT, TEMPLATE
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, StackRule, Undecided, Violation
from ..stack import Stack
from ..switches import STAY, stay_of

_ABORT = ("spec", "progressDeadlineAbort")
_REVERT = ("spec", "revertOnDeletion")


def deadline_abort(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """`progressDeadlineAbort` must be true."""
    abort = rollout.at(*_ABORT)
    if isinstance(abort, Unknown):
        yield Undecided(abort.path)
    elif abort is not True:
        found = f"{dotted(_ABORT)} is not true, so a release that gets stuck keeps its share of the traffic"
        yield Violation(found, f"set {dotted(_ABORT)} to true")


def revert_on_deletion(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """`revertOnDeletion` should be true, except in this project's: there the Services go with the Canary too."""
    if canary.app is not None:
        return
    revert = canary.at(*_REVERT)
    if isinstance(revert, Unknown):
        yield Undecided(revert.path)
    elif revert is not True:
        found = f"{dotted(_REVERT)} is not true, so its Deployment stays without pods where the Canary is deleted"
        yield Violation(found, f"set {dotted(_REVERT)} to true")


def old_pods_stay(rollout: KubeObject, templates: Stack, _settings: Settings) -> Iterator[Finding]:
    """The old pods of a switch stay longer than the analysis after it, as far as its templates tell."""
    stay = stay_of(rollout)
    references = listed(rollout.at(*BLUE_GREEN, "postPromotionAnalysis", "templates"))
    if not references:
        return
    if isinstance(stay, Unknown):
        yield Undecided(stay.path)
        return
    for one in used_templates(references, rollout.namespace, templates):
        if isinstance(one, Unknown):
            yield Undecided(one.path)
        elif isinstance(one, KubeObject):
            yield from _judge_stay(one, number(stay) or 0)


def _judge_stay(template: KubeObject, stay: float) -> Iterator[Finding]:
    for metric in listed(template.at(*METRICS)):
        seconds = seconds_of(metric)
        if isinstance(seconds, Unknown):
            yield Undecided(seconds.path)
        elif seconds is not None and seconds >= stay:
            found = f"the old pods go after {shown(stay)} s, and {template} measures until {shown(seconds)} s"
            yield Violation(found, f"set {dotted(STAY)} above {shown(seconds)}")


RULES = (
    ObjectRule(
        id="deadline-abort",
        code="R1",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="A release that gets stuck is taken back",
        why="Pods of a broken version often never become ready; without an abort the release stays half done for ever.",
        fix="Set progressDeadlineAbort to true.",
        kinds=(ROLLOUT,),
        source="Argo Rollouts, docs/features/specification.md (progressDeadlineAbort)",
        passes=((GOOD,),),
        fails=((drop(GOOD, "spec.progressDeadlineAbort"),), (put(GOOD, "spec.progressDeadlineAbort", False),)),
        check=deadline_abort,
        remedy=setting(True, *_ABORT),
    ),
    ObjectRule(
        id="revert-on-deletion",
        code="R6",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Deleting a Canary gives the app its pods back",
        why="Between releases Flagger keeps the Deployment at no pods, and deletes those that serve with the Canary.",
        fix="Set revertOnDeletion to true, and delete the Canary before its Deployment, which it waits for. What this "
        "project makes is deleted as a whole, and does without.",
        kinds=(FLAGGER,),
        source="Flagger, docs/usage/how-it-works.md (canary finalizers)",
        passes=((GOOD_CANARY,),),
        fails=((put(GOOD_CANARY, "spec.revertOnDeletion", False),),),
        check=revert_on_deletion,
        remedy=setting(True, *_REVERT),
    ),
    StackRule(
        id="old-pods-stay",
        code="R9",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="After a switch the old pods stay until its analysis has ended",
        why="The engine ends an analysis with the old pods: whatever it would have found, nobody goes back.",
        fix="Set scaleDownDelaySeconds above the time from the start of the analysis to its last measurement.",
        kinds=(ROLLOUT,),
        context=(TEMPLATE, CLUSTER_TEMPLATE),
        source="Argo Rollouts, docs/features/bluegreen.md (scaleDownDelaySeconds)",
        passes=((GOOD_SWITCH, GOOD_TEMPLATE),),
        fails=((put(GOOD_SWITCH, "spec.strategy.blueGreen.scaleDownDelaySeconds", 60), GOOD_TEMPLATE),),
        check=old_pods_stay,
    ),
)
