"""A Kubernetes Job: the check's query is a shell script, and whether it succeeds decides.

Source: argo-rollouts v1.9, metricproviders/job and docs/analysis/job.md.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.argo_rollouts import RolloutsMetrics
from ..manifests.meta import Manifest, without_nothing
from ..spec.names import ObjectName
from ..spec.values import Image, Quantity


class JobProvider(MetricProvider, RolloutsMetrics):
    """Runs a script in a pod of its own, in the app's namespace; it has to end within one interval."""

    kind: Literal["job"] = "job"
    image: Image
    """Image with `/bin/sh` and what the scripts need."""
    secret: ObjectName | None = None
    """Secret in the app's namespace whose keys become environment variables."""
    service_account: ObjectName = "default"
    """ServiceAccount of the pod, whose token it does not get."""
    cpu: Quantity = Quantity("100m")
    """CPU that is reserved for it."""
    memory: Quantity = Quantity("128Mi")
    """Memory that is reserved for it, and its limit."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "job", "image": "ghcr.io/example/smoke-test:1.2.0"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {"query": "exec smoke-test http://{{service}}.{{namespace}}"}
    bounds: ClassVar[frozenset[str]] = frozenset()

    def rollouts_metric(self, question: Question) -> Manifest:
        template = {
            # A proxy beside it would keep the Job from ending.
            "metadata": {"labels": {"sidecar.istio.io/inject": "false"}},
            "spec": {
                "restartPolicy": "Never",
                "serviceAccountName": self.service_account,
                "automountServiceAccountToken": False,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65532,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [self._container(question.text)],
            },
        }
        # One try that ends in time: a script that hangs is a failed check.
        spec = {"backoffLimit": 0, "activeDeadlineSeconds": question.window.whole_seconds, "template": template}
        return {"provider": {"job": {"spec": spec}}}

    def _container(self, script: str) -> Manifest:
        resources = {
            "requests": {"cpu": str(self.cpu), "memory": str(self.memory)},
            "limits": {"memory": str(self.memory)},
        }
        context = {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        return without_nothing(
            {
                "name": "check",
                "image": str(self.image),
                "command": ["/bin/sh", "-ec", script],
                "envFrom": [{"secretRef": {"name": self.secret}}] if self.secret else None,
                "resources": resources,
                "securityContext": context,
            }
        )
