"""The pods of a release, wherever they are described, and what selects them."""

from collections.abc import Mapping
from typing import Any

from .canaries import CANARY as FLAGGER
from .facts import Kind, KubeObject
from .reading import Place, read
from .stack import Stack

DEPLOYMENT = Kind("apps", "Deployment")
DAEMON_SET = Kind("apps", "DaemonSet")
KNATIVE = Kind("serving.knative.dev", "Service")
SERVICE = Kind("", "Service")
BUDGET = Kind("policy", "PodDisruptionBudget")
AUTOSCALERS = {
    Kind("autoscaling", "HorizontalPodAutoscaler"): (("spec", "minReplicas"), 1.0),
    Kind("keda.sh", "ScaledObject"): (("spec", "minReplicaCount"), 0.0),
}
"""Where each kind keeps its minimum, and what it is where absent."""
WORKLOADS = (DEPLOYMENT, DAEMON_SET, KNATIVE)
_NAMED = {kind.name: kind for kind in WORKLOADS}


def workload(release: KubeObject, stack: Stack) -> Place | None:
    """What holds a release's pods: a Rollout, or what it or a Canary refers to; None where the stack lacks that."""
    if release.kind == FLAGGER:
        return _referred(read(release)("spec", "targetRef"), release, stack)
    reference = read(release)("spec", "workloadRef")
    return _referred(reference, release, stack) if reference.given else read(release)


def _referred(reference: Place, release: KubeObject, stack: Stack) -> Place | None:
    kind = _NAMED.get(reference("kind").text)
    found = stack.named(kind, release.namespace, reference("name").text) if kind else None
    return read(found) if found else None


def template(release: KubeObject, stack: Stack) -> Place | None:
    """The template of a release's pods; None where the stack lacks it."""
    found = workload(release, stack)
    return found("spec", "template") if found else None


def autoscalers(scaled: KubeObject, stack: Stack) -> list[KubeObject]:
    """What scales an object. Raises Hidden."""
    found = []
    for one in stack.near(scaled, *AUTOSCALERS):
        target = read(one)("spec", "scaleTargetRef")
        # KEDA takes a reference without a kind for a Deployment.
        if (target("kind").text or DEPLOYMENT.name, target("name").text) == (scaled.kind.name, scaled.name):
            found.append(one)
    return found


def replicas(holder: KubeObject, stack: Stack) -> float | None:
    """The fewest pods that it has: its scaler's minimum, or its own number; None where that is no number."""
    scalers = autoscalers(holder, stack)
    if scalers:
        path, absent = AUTOSCALERS[scalers[0].kind]
        given = read(scalers[0])(*path)
        return given.number if given.given else absent
    given = read(holder)("spec", "replicas")
    return given.number if given.given else 1.0


def labels(place: Place) -> dict[str, Any]:
    """The labels of a pod template. Raises Hidden where one of them is unknown."""
    given = place("metadata", "labels")
    return {key: given(key).value for key in given.keys}


def selected(selector: Place, labelled: Mapping[str, Any]) -> bool:
    """Whether a label selector takes labels; one that is absent takes nothing, an empty one everything."""
    if not isinstance(selector.value, dict):
        return False
    wanted = selector("matchLabels")
    if any(labelled.get(key) != wanted(key).value for key in wanted.keys):
        return False
    return all(_met(one, labelled) for one in selector("matchExpressions").each)


def _met(expression: Place, labelled: Mapping[str, Any]) -> bool:
    key, operator = expression("key").text, expression("operator").text
    values = [one.value for one in expression("values").each]
    tests = {
        "In": key in labelled and labelled[key] in values,
        "NotIn": labelled.get(key) not in values,
        "Exists": key in labelled,
        "DoesNotExist": key not in labelled,
    }
    return tests.get(operator, False)
