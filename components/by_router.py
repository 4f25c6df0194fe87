"""An app that several routers lead to: which part of its traffic is whose."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .contracts import Router
from .plan import Plan
from .refusals import mesh_hosts
from .spec.base import Finding


def shares(plan: Plan, routers: Sequence[Router]) -> list[Plan]:
    """The plan as each router gets it: with all hosts, unless some work inside the cluster and others at its edge.

    Then the names of the app's own Service belong to those inside, which route what is sent to it anyway, and all other
    hosts to those at the edge.
    """
    if not _mixed(routers):
        return [plan for _ in routers]
    own = mesh_hosts(plan, plan.name)
    inside = [host for host in plan.traffic.hosts if host in own] or [own[-1]]
    outside = [host for host in plan.traffic.hosts if host not in own]
    return [_with_hosts(plan, inside if router.inside else outside) for router in routers]


def share_problems(plan: Plan, routers: Sequence[Router]) -> Iterator[Finding]:
    """A router at the edge that no host is left for."""
    if _mixed(routers) and all(host in mesh_hosts(plan, plan.name) for host in plan.traffic.hosts):
        edge = next(router.kind for router in routers if not router.inside)
        message = f"'{edge}' needs a host that users outside the cluster reach, and these are names inside it"
        yield ("traffic", "hosts"), f"{message}: add one, or take '{edge}' out of traffic.routers"


def _mixed(routers: Sequence[Router]) -> bool:
    return len({router.inside for router in routers}) > 1


def _with_hosts(plan: Plan, hosts: list[str]) -> Plan:
    traffic = plan.traffic.model_copy(update={"hosts": hosts})
    return replace(plan, app=plan.app.model_copy(update={"traffic": traffic}))
