"""Canaries, their Deployments and events as Flagger leaves them, recorded from flagger v1.36 and cut short."""

from typing import Any

from components.access.client import Object

OLD, NEW = "1.4.0-aaa", "1.5.0-bbb"
BEGAN_AT, ENTERED_AT = "2026-11-24T12:00:00Z", "2026-11-24T12:00:30Z"
METRICS = [
    {"name": "error-rate", "templateRef": {"name": "shop-error-rate"}, "thresholdRange": {"max": 1.0}},
    {"name": "latency-p99", "templateRef": {"name": "shop-latency-p99"}, "thresholdRange": {"max": 300.0}},
]
BEGAN = "New revision detected! Scaling up shop.shop"
ERRORS = "Halt shop.shop advancement error-rate 4.93 > 1"
SLOW = "Halt shop.shop advancement latency-p99 812.40 > 300"
SILENT = "Halt advancement no values found for custom metric: error-rate: no values found"
REFUSED = 'Metric query failed for error-rate: request failed: Post "http://prometheus:9090":\n connection refused'
PRE_GATE = "Halt shop.shop advancement pre-rollout check smoke-test failed not now\n"
GATE = "Halt shop.shop advancement external check incident failed one is open"
STOPPED = ("Rollback check stop passed", "Rolling back shop.shop manual webhook invoked")
NOT_READY = "canary deployment shop.shop not ready: waiting for rollout to finish: 0 of 2 new replicas are updated"
FAILED = "Canary failed! Scaling down shop.shop"


def threshold(count: int) -> str:
    """What is told when so many failed checks end a release."""
    return f"Rolling back shop.shop failed checks threshold reached {count}"


def advanced(weight: int) -> str:
    """What is told of a new weight."""
    return f"Advance shop.shop canary weight {weight}"


def canary(phase: str, weight: int = 0, *, written: str = ENTERED_AT, **spec: Any) -> Object:
    """A Canary in a phase since half a minute after noon; `written`: when its status was written last."""
    analysis = {"interval": "60s", "threshold": 2, "stepWeights": [5, 25, 50], "metrics": METRICS}
    status: Object = {"phase": phase, "canaryWeight": weight, "lastTransitionTime": written}
    status["conditions"] = [{"message": f"it is {phase}", "lastUpdateTime": ENTERED_AT}]
    return {
        "metadata": {"name": "shop", "namespace": "shop", "uid": "u-1", "labels": {"app.kubernetes.io/name": "shop"}},
        "spec": {"analysis": analysis, "progressDeadlineSeconds": 600, **spec},
        "status": status if phase else {},
    }


def deployment(revision: str, written: str = BEGAN_AT) -> Object:
    """A Deployment of a version whose pod template was written at a time, and which was scaled later."""
    labels = {"version": revision, "app.kubernetes.io/version": revision.partition("-")[0]}
    fields = [
        {"time": written, "fieldsV1": {"f:spec": {"f:template": {}}}},
        {"time": "2026-11-24T12:59:59Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"time": "2026-11-24T12:59:59Z", "fieldsV1": {"f:status": {}}},
    ]
    return {"metadata": {"managedFields": fields}, "spec": {"template": {"metadata": {"labels": labels}}}}


def event(message: str, second: int, count: int = 1, first: int | None = None) -> Object:
    """An event that was written last some seconds after noon."""
    began = second if first is None else first
    return {
        "metadata": {"name": f"shop.{second:04}"},
        "message": message,
        "count": count,
        "firstTimestamp": f"2026-11-24T12:{began // 60:02}:{began % 60:02}Z",
        "lastTimestamp": f"2026-11-24T12:{second // 60:02}:{second % 60:02}Z",
    }
