"""What a platform says of itself: its versions, where people look, and the commands to look and to act.

All of it is derived from the stack and the objects. Nothing is secret: a command reads a password, and holds none.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence

from ..manifests.meta import Manifest
from ..observability.dashboard import all_dashboards
from ..spec.app import AppSpec
from ..spec.cluster import StackSpec
from .bundle import bundle_of
from .piece import Piece, Stages, watched_by

_ON_APPS = ("status", "watch", "approve", "promote", "abort", "retry")

Chosen = Sequence[tuple[Piece, Stages]]
"""The pieces of a stack, with their objects."""


def versions(stack: StackSpec, chosen: Chosen) -> dict[str, dict[str, str]]:
    """By piece, the tag of each of its images; of one without images, the versions of its upstream files."""
    bundle = bundle_of(stack)
    found = {}
    for piece, stages in chosen:
        named = {bundle.public(image) for stage in stages for item in stage for image in _images(item)}
        tags = {repository: tag for repository, _, tag in (one.rpartition(":") for one in sorted(named))}
        found[piece.name] = tags or {one.name: bundle.source(one).module.version for one in piece.sources}
    return {name: one for name, one in found.items() if one}


def _images(item: Manifest) -> Iterable[str]:
    if item["kind"] in ("Deployment", "DaemonSet", "StatefulSet"):
        pod = item["spec"]["template"]["spec"]
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            # A proxy's is `auto` until the mesh fills it in.
            if ":" in container["image"]:
                yield container["image"]


def urls(stack: StackSpec, chosen: Chosen) -> dict[str, str]:
    """By piece, where people reach it; `repository`: what the GitOps engine reads."""
    found = {piece.name: piece.url(stack) for piece, _ in chosen}
    found |= {"repository": stack.gitops.repository} if stack.gitops else {}
    return {name: one for name, one in found.items() if one}


def dashboards(stack: StackSpec, apps: Sequence[AppSpec], chosen: Chosen) -> dict[str, str]:
    """By title, where a dashboard is while the command `open` of its server runs; none without such a piece."""
    addresses = [piece.dashboards for piece, _ in chosen if piece.dashboards]
    shown = list(all_dashboards(watched_by(stack, apps))) if addresses else []
    return {one.title: f"{address}/d/{one.uid}" for address in addresses for one in shown}


def commands(stack: StackSpec, chosen: Chosen, name: str) -> dict[str, dict[str, str]]:
    """By piece, its commands by what they do; `apps`: those about the release of one. `name`: of the Pulumi stack."""
    context = f" --context {shlex.quote(stack.cluster.context)}" if stack.cluster.context else ""
    on_apps = {verb: f"coalmine {verb} --stack {name} APP" for verb in _ON_APPS}
    by_piece = {piece.name: _with(context, piece.commands(stack)) for piece, _ in chosen}
    return {**{piece: one for piece, one in by_piece.items() if one}, "apps": on_apps}


def _with(context: str, given: Mapping[str, str]) -> dict[str, str]:
    """Commands are given as what follows `kubectl`."""
    return {does: f"kubectl{context} {words}" for does, words in given.items()}
