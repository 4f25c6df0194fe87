"""What is patched to steer a Canary; Flagger has no commands, so its own inputs are used.

Source: flagger v1.36, pkg/controller/scheduler.go: what the next tick of an analysis looks at.
"""

from ....access.client import Object

RETRIED = "coalmine.dev/retried-after"
"""Annotation of the pod template that makes it a new one, which Flagger begins to release."""


def full_promotion(wanted: bool) -> Object:
    """Promote at the next tick without any check, until it is taken back: else it would hold for later releases too.

    The field is removed then, not set to false: Flagger itself leaves it out wherever it writes a Canary.
    """
    return {"spec": {"skipAnalysis": True if wanted else None}}


def abortion(threshold: int) -> Object:
    """As many failed checks as end a release: the next tick takes it back."""
    return {"status": {"failedChecks": threshold}}


def retrial(aborted_at: str) -> Object:
    """A changed pod template, which is what begins a release; another one for every abort."""
    return {"spec": {"template": {"metadata": {"annotations": {RETRIED: aborted_at}}}}}
