"""Rollback safety: whether a release that goes wrong is taken back without anyone asking.

The meaning of the fields is that of Argo Rollouts: a Rollout that passes its progress deadline is only marked as
degraded and stays where it is, unless `progressDeadlineAbort` is true. Flagger always takes such a release back; what
it leaves behind where a Canary is deleted, unless `revertOnDeletion` is true, is an app without pods.
"""

from collections.abc import Iterator

from ..canaries import CANARY as FLAGGER
from ..facts import KubeObject, Unknown, dotted
from ..rollouts import ROLLOUT
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, Undecided, Violation

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
    """`revertOnDeletion` should be true, except in what this project makes: there the Services go with the Canary too."""
    if canary.app is not None:
        return
    revert = canary.at(*_REVERT)
    if isinstance(revert, Unknown):
        yield Undecided(revert.path)
    elif revert is not True:
        found = f"{dotted(_REVERT)} is not true, so its Deployment stays without pods where the Canary is deleted"
        yield Violation(found, f"set {dotted(_REVERT)} to true")


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
        check=deadline_abort,
    ),
    ObjectRule(
        id="revert-on-deletion",
        code="R6",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Deleting a Canary gives the app its pods back",
        why="Between releases Flagger keeps the Deployment at no pods, and deletes those that serve with the Canary.",
        fix="Set revertOnDeletion to true, and delete the Canary before its Deployment: it waits for that one. An app of "
        "this project is deleted as a whole, and needs it not.",
        kinds=(FLAGGER,),
        check=revert_on_deletion,
    ),
)
