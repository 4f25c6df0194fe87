"""Stand-in for pulumi-resource-kubernetes: what a readiness rule says, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ...wire.values import Object
from ..kinds import Gvk


@dataclass(frozen=True)
class Status:
    """Whether the object is ready; `message` says what is missing, `details` are the object's own complaints."""

    ready: bool
    message: str = ""
    details: tuple[str, ...] = ()


READY = Status(True)


class Look(Protocol):
    """The cluster, to a readiness rule."""

    def get(self, gvk: Gvk, namespace: str, name: str) -> Object:
        """One live object."""

    def list(self, gvk: Gvk, namespace: str, selector: str) -> list[Object]:
        """Live objects by label selector."""

    def serves(self, gvk: Gvk) -> bool:
        """Whether the API server serves the kind."""


Rule = Callable[[Object, float, Look], Status]


def conditions(live: Object) -> dict[str, dict[str, Any]]:
    """The status conditions by type."""
    found = (live.get("status") or {}).get("conditions") or []
    return {str(condition.get("type")): condition for condition in found}


def holds(live: Object, condition: str) -> bool:
    """Whether the condition is "True"."""
    return bool(conditions(live).get(condition, {}).get("status") == "True")


def complaints(live: Object, *good: str) -> tuple[str, ...]:
    """The messages of conditions that should hold and do not, as `[Reason] message`."""
    found = conditions(live)
    bad = [found[name] for name in good if name in found and found[name].get("status") != "True"]
    return tuple(f"[{condition.get('reason', '')}] {condition.get('message', '')}" for condition in bad)


def is_observed(live: Object) -> bool:
    """Whether the controller has seen the object's latest generation."""
    observed = (live.get("status") or {}).get("observedGeneration") or 0
    return bool(observed >= live["metadata"].get("generation", 0))
