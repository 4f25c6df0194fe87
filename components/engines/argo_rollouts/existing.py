"""Pods of a Deployment that others made: a Rollout refers to it, and takes over from it.

The controller makes pods of its own from the Deployment's template, and scales the Deployment to zero once all of them
answer. From then on each new template of the Deployment is a release. Source: argo-rollouts v1.9,
docs/migrating.md and rollout/templateref.go.
"""

from collections.abc import Iterator

from ...contracts import OwnedField
from ...manifests.meta import Manifest
from ...plan import Plan
from ...spec.base import Finding


def from_existing(plan: Plan) -> Manifest:
    """What a Rollout says instead of a selector and a template; the selector is that of the Deployment."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": plan.name}
    # Not `progressively`: until all new pods answer, none of the old ones goes.
    return {"workloadRef": {**reference, "scaleDown": "onsuccess"}}


def given_up(plan: Plan) -> OwnedField:
    """What whoever made the Deployment leaves to the controller from now on."""
    return OwnedField("apps", "Deployment", plan.namespace, plan.name, "spec.replicas")


def existing_problems(plan: Plan) -> Iterator[Finding]:
    """Path and message of what cannot be done without knowing the pods."""
    if not plan.existing:
        return
    for stage in plan.stages:
        if stage.experiment:
            message = "needs the pods' own labels, which 'existing' does not tell: leave it out, or write the pods here"
            yield (*stage.path, "experiment"), message
