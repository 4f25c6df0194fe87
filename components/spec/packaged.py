"""A workload that exists as a Helm chart or a Kustomize overlay: where it is, and what of it stays out."""

from typing import Annotated, Any

from .base import Strict
from .names import NameRule

RelativePath = Annotated[
    str, NameRule(r"(?!/)[^\s\x00]+", 1024, "a path from the app's own file, like '../charts/shop'")
]
ObjectReference = Annotated[
    str, NameRule(r"[A-Z][A-Za-z0-9]*/[^/\s]+", 400, "an object as kind and name, like 'Service/shop'")
]


class HelmChart(Strict):
    """A Helm chart of which one Deployment is released; the app's `replicas` or `scaling` say how many pods it has."""

    path: RelativePath
    """The chart's folder, from the app's file; it lies below the project's folder, with the charts it depends on."""
    values: dict[str, Any] = {}
    """Values over the chart's own; a stack's overrides merge into them."""
    without: list[ObjectReference] = []
    """Objects that are left out, like `Service/shop`: what the release does itself, or somebody else."""


class Kustomization(Strict):
    """A Kustomize overlay of which one Deployment is released, as with a chart."""

    path: RelativePath
    """The overlay's folder, from the app's file; it lies below the project's folder."""
    without: list[ObjectReference] = []
    """Objects that are left out, like `Service/shop`."""
