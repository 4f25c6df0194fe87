"""SMI's TrafficSplit as Argo Rollouts uses it: the controller makes it, beside a Service of all pods of ours.

Source: argo-rollouts v1.9, docs/features/traffic-management/smi.md.
"""

from .contracts_of.argo_rollouts import RolloutsRouting
from .manifests.support import service
from .plan import Plan


def routing(plan: Plan) -> RolloutsRouting:
    """The stanza, and the Service that the app is called by."""
    split = {"rootService": plan.name, "trafficSplitName": plan.name}
    return RolloutsRouting({"smi": split}, [service(plan.app, plan.name)], [])
