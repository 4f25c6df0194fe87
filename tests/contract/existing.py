"""What others made that an app takes its pods from: it is none of the app's objects, and objects name it."""

from typing import Any

from components.plan import Plan
from components.spec.workload import KINDS


def of_others(plan: Plan) -> list[dict[str, Any]]:
    """The object, as far as the app says what it is; none where the app has pods of its own."""
    if not plan.existing:
        return []
    metadata = {"namespace": plan.namespace, "name": plan.name}
    return [{"apiVersion": "apps/v1", "kind": KINDS[plan.app.workload.kind], "metadata": metadata, "spec": {}}]
