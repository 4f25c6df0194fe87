"""Rollouts and AnalysisRuns as the controller leaves them, recorded from argo-rollouts v1.9 and cut short."""

from typing import Any

from components.access.client import Object

STABLE, CANARY = "6b7c8d9f5d", "7f4c9b6c44"
STEPS: list[Object] = [
    {"setWeight": 5},
    {"analysis": {"templates": [{"templateName": "shop"}]}},
    {"setWeight": 25},
    {"analysis": {"templates": [{"templateName": "shop"}]}},
    {"pause": {"duration": "5s"}},
    {"setWeight": 50},
    {"pause": {}},
]
ABORTED_AT = "2026-11-23T12:00:30Z"


def rollout(phase: str, message: str = "", *, observed: str = "4", spec: Object | None = None, **status: Any) -> Object:
    """A Rollout of version 1.5.0 whose stable version is 1.4.0, in a phase."""
    labels = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/version": "1.5.0", "version": "1.5.0-abc"}
    return {
        "metadata": {"name": "shop", "namespace": "shop", "generation": 4, "uid": "u-1", "labels": labels},
        "spec": {
            "progressDeadlineSeconds": 600,
            "template": {"metadata": {"labels": labels}},
            "strategy": {"canary": {"steps": STEPS}},
            **(spec or {}),
        },
        "status": {
            "observedGeneration": observed,
            "phase": phase,
            "message": message,
            "currentPodHash": CANARY,
            "stableRS": STABLE,
            **status,
        },
    }


def at_step(index: int, weight: int, **status: Any) -> Object:
    """A Rollout in the middle of a release."""
    weights = {"canary": {"weight": weight}, "stable": {"weight": 100 - weight}}
    status.setdefault("canary", {"weights": weights})
    phase, message = status.pop("phase", "Progressing"), status.pop("message", "more replicas need to be updated")
    return rollout(phase, message, currentStepIndex=index, **status)


def promoted() -> Object:
    """A Rollout whose release went through."""
    return rollout("Healthy", stableRS=CANARY, currentStepIndex=len(STEPS))


def aborted(detail: str = "", by: str = "controller") -> Object:
    """A Rollout that was aborted, for what the controller says; `by`: who wrote the abort, "" where nobody knows."""
    message = "RolloutAborted: Rollout aborted update to revision 2" + (f": {detail}" if detail else "")
    made = at_step(0, 0, phase="Degraded", message=message, abort=True, abortedAt=ABORTED_AT)
    written: dict[str, Object] = {"controller": {"f:observedGeneration": {}, "f:phase": {}}, "kubectl": {}}
    if by:
        written[by]["f:abort"] = {}
    made["metadata"]["managedFields"] = [
        {"manager": manager, "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": fields}}
        for manager, fields in written.items()
    ]
    return made


FAILED_CHECK = (
    'Step-based analysis phase error/failed: Metric "error-rate" assessed Failed due to failed (1) > limit (0)'
)


def measured(phase: str, value: str = "", message: str = "") -> Object:
    """One measurement."""
    return {"phase": phase, **({"value": value} if value else {}), **({"message": message} if message else {})}


def result(name: str, phase: str, *measurements: Object) -> Object:
    """What a metric came to."""
    counts = {
        key: sum(one["phase"] == key.title() for one in measurements) for key in ("successful", "failed", "error")
    }
    counts = {key: number for key, number in counts.items() if number}
    return {"name": name, "phase": phase, "measurements": list(measurements), **counts}


def run(step: int, phase: str, *results: Object, created: int = 0) -> Object:
    """An AnalysisRun of a step, made some seconds after noon."""
    query = "histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket[10s])))"
    return {
        "metadata": {
            "labels": {"rollouts-pod-template-hash": CANARY, "step-index": str(step)},
            "creationTimestamp": f"2026-11-23T12:00:{created:02}Z",
            "ownerReferences": [{"kind": "Rollout", "name": "shop"}],
        },
        "spec": {
            "metrics": [
                {"name": "error-rate", "successCondition": _condition("0.01")},
                {
                    "name": "latency-p99",
                    "successCondition": _condition("300"),
                    "provider": {"prometheus": {"query": query}},
                },
            ]
        },
        "status": {"phase": phase, "metricResults": list(results)},
    }


def run_at_switch(kind: str, phase: str, *results: Object) -> Object:
    """An AnalysisRun of a blue-green release. `kind`: PrePromotion or PostPromotion."""
    made = run(0, phase, *results)
    made["metadata"]["labels"] = {"rollouts-pod-template-hash": CANARY, "rollout-type": kind}
    return made


def _condition(limit: str) -> str:
    return f"len(result) == 1 && !isNaN(result[0]) && result[0] <= {limit}"
