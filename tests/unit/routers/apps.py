"""Apps on a router: what they compile to, and what is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.compile import Compiled
from tests.specs import Project, changed, compiled_app, example_app, stack_keys

Engine = str | Mapping[str, Any]
"""An engine as a stack names it, "" for the usual one."""

CHECKS = {"checks": [{"kind": "error_rate", "max": "1%"}]}
WEIGHTS = {"steps": [{"weight": 10, "hold": "1m"}, {"weight": 50, "hold": "1m"}]}
BLUE_GREEN = {"strategy": "blue-green", "hold": "5m"}
INTERNAL = {"headers": {"x-internal": {"exact": "yes"}}}
AB = {"strategy": "ab", "cohort": INTERNAL, "hold": "5m"}
COPIES = {"strategy": "mirror", "copies": {"methods": "all"}, "hold": "5m"}
STICKY = {**WEIGHTS, "session_affinity": {"cookie": "c"}}
DRIFTING = {**WEIGHTS, "session_affinity": {"cookie": "c", "stable_may_drift": True}}
"""Who got the new version keeps it, and nobody else."""
INSIDE = {"hosts": ["shop.shop"]}
"""Traffic in a mesh, sent to the app's own Service."""


def app(delivery: Mapping[str, Any] = WEIGHTS, traffic: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The example's app with another release, and with no more than a host unless its traffic is given."""
    reached = traffic or {"hosts": ["shop.example.com"]}
    return changed(changed(example_app(), "delivery", to={"analysis": CHECKS, **delivery}), "traffic", to=dict(reached))


def stack(router: str | Mapping[str, Any], engine: Engine = "argo-rollouts") -> dict[str, Any]:
    """A stack with a router and an engine."""
    chosen = {"engine": engine, "router": router, "metrics": "prometheus"}
    return changed(stack_keys(), "delivery", to=chosen)


def compiled(root: Path, router: str | Mapping[str, Any], spec: Mapping[str, Any], engine: Engine = "") -> Compiled:
    """One valid app on a router."""
    return compiled_app(root, spec, stack(router, engine or "argo-rollouts"))


def refused(root: Path, router: str | Mapping[str, Any], spec: Mapping[str, Any], engine: Engine = "") -> list[str]:
    """What is wrong with an app on a router, each as `path: message`."""
    project = Project(root)
    project.stack(stack(router, engine or "argo-rollouts"))
    project.apps(dict(spec))
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def latency(longest: str) -> dict[str, Any]:
    """A release with one latency check."""
    return {**WEIGHTS, "analysis": {"checks": [{"kind": "latency", "quantile": "p99", "max": longest}]}}
