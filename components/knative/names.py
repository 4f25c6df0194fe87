"""Names that Knative gives a meaning, and those that it keeps for itself.

Source: knative.dev/serving v0.44, pkg/apis/serving/k8s_validation.go and register.go, pkg/apis/autoscaling/register.go.
"""

from collections.abc import Mapping

API = "serving.knative.dev/v1"
KIND = "Service"
"""What runs the pods; Kubernetes has a kind of that name too."""

PORT_NAMES: Mapping[str, str] = {"http": "http1", "http1": "http1", "h2c": "h2c"}
"""By the name of an app's port, that of a revision's, which says what is spoken."""

ITS_PORTS = frozenset({8008, 8012, 8013, 8022, 9090, 9091})
"""Of the proxy that stands beside every app's container."""
ITS_VARIABLES = frozenset({"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"})
ITS_FOLDERS = frozenset({"/", "/dev", "/dev/log"})

SCALE_CLASS = "autoscaling.knative.dev/class"
SCALE_METRIC = "autoscaling.knative.dev/metric"
SCALE_TARGET = "autoscaling.knative.dev/target"
MIN_SCALE = "autoscaling.knative.dev/min-scale"
MAX_SCALE = "autoscaling.knative.dev/max-scale"
DEADLINE = "serving.knative.dev/progress-deadline"

SAID_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys((SCALE_CLASS, SCALE_METRIC, SCALE_TARGET), "'replicas' or 'scaling'"),
    **dict.fromkeys((MIN_SCALE, "autoscaling.knative.dev/minScale"), "'replicas' or 'scaling'"),
    **dict.fromkeys((MAX_SCALE, "autoscaling.knative.dev/maxScale"), "'replicas' or 'scaling'"),
    **dict.fromkeys((DEADLINE, "serving.knative.dev/progressDeadline"), "delivery.rollback.deadline"),
}
"""Annotations of pods that are made here, and what they are made of."""

OF_CONTAINERS = ("runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile")
"""What a pod's security context says of all its containers, and Knative takes of each of them alone."""
