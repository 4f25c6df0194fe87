"""The contract of a platform piece; each piece is one file in pieces/ with a `PIECE`, and is found by being there."""

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from ..manifests.meta import Manifest
from ..record import record
from ..spec.app import AppSpec
from ..spec.cluster import StackSpec
from ..spec.registry import kinds
from .sources import Source

if TYPE_CHECKING:
    from ..observability.watched import Watched

Stages = Sequence[Sequence[Manifest]]
"""Objects in creation order: every stage waits until the one before it is there and ready."""

CLUSTER_DEFINITIONS = "CustomResourceDefinition"


@record
class Piece:
    """Something that the platform installs.

    Fields: `name`: that of its file, of its Pulumi component, and the prefix of its objects' names; `token`: the
    component's Pulumi type; `serves`: family and kind of the choice, in `delivery` or `gitops`, that needs it, None
    where any stack may want it;
    `namespaces`: the namespaces it lives in, with their labels; `stages`: its objects; `for_apps`: those that depend on
    the stack's apps, which come last; `problems`: path and message of what cannot work on this stack; `sources`: the
    upstream files that its objects come from, as in the newest bundle; `watching`: its objects instead of `stages`,
    where it watches the stack's apps; `reports`: a series that its controller reports to Prometheus as long as it runs;
    `commands`: what follows `kubectl` to look at it or to act, by what it does; `dashboards`: where
    it shows them, while its command `open` runs; `url`: where people reach it, None where nobody said.

    The key of its name in `platform` says whether a stack wants it installed.
    """

    name: str
    token: str
    serves: tuple[str, str] | None
    namespaces: Callable[[StackSpec], Mapping[str, Mapping[str, str]]]
    stages: Callable[[StackSpec], Stages]
    for_apps: Callable[[StackSpec, Sequence[AppSpec]], Sequence[Manifest]] = field(default=lambda _stack, _apps: ())
    problems: Callable[[StackSpec], Sequence[tuple[str, str]]] = field(default=lambda _stack: ())
    sources: Sequence[Source] = ()
    watching: "Callable[[Watched], Stages] | None" = None
    reports: str = ""
    commands: Callable[[StackSpec], Mapping[str, str]] = field(default=lambda _stack: {})
    dashboards: str = ""
    url: Callable[[StackSpec], str | None] = field(default=lambda _stack: None)

    def all_stages(self, stack: StackSpec, apps: Sequence[AppSpec]) -> Stages:
        """Every object that the platform installs for it."""
        first = self.watching(watched_by(stack, apps)) if self.watching else self.stages(stack)
        last = self.for_apps(stack, apps)
        return [*first, *([last] if last else [])]


_FAMILIES = ("engine", "router", "metrics", "gitops")
"""Whose variants a piece may serve."""


def chosen(stack: StackSpec, family: str) -> Iterable[str]:
    """The kinds that a stack chooses of a family; of engines and routers there may be several, of `gitops` none."""
    if family == "gitops":
        return (stack.gitops.kind,) if stack.gitops else ()
    several = {"engine": stack.delivery.engines, "router": stack.delivery.routers}
    return several[family] if family in several else (getattr(stack.delivery, family).kind,)


@cache
def piece_names() -> tuple[str, ...]:
    """The names of all pieces, in alphabetical order: those of their files, with `-` for `_`; none is loaded."""
    package = import_module(".pieces", __package__)
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__)))


@cache
def piece(name: str) -> Piece:
    """A piece by its name. Raises ImportError where there is none."""
    found: Piece = import_module(f".pieces.{name.replace('-', '_')}", __package__).PIECE
    return found


def pieces_of(stack: StackSpec) -> Iterator[Piece]:
    """The pieces that the platform installs on a stack."""
    idle = {kind for family in _FAMILIES for kind in kinds(family) if kind not in chosen(stack, family)}
    for name in piece_names():
        # One that is named like a variant serves that variant: most are never loaded.
        if name in idle or not getattr(stack.platform, name.replace("-", "_")).install:
            continue
        found = piece(name)
        if found.serves is None or found.serves[1] in chosen(stack, found.serves[0]):
            yield found


def watched_by(stack: StackSpec, apps: Iterable[AppSpec]) -> "Watched":
    """A stack with its apps, as the pieces that it installs watch it."""
    # Here: few runs of the program make rules and dashboards.
    from ..observability.watched import watched

    return watched(stack, apps, {piece.name: piece.reports for piece in pieces_of(stack) if piece.reports})


def restricted_pod(user: int, group: int | None = None, *, owns_volumes: bool = False) -> Manifest:
    """The security context of a pod that the `restricted` standard admits.

    `user`, `group`: ids that it runs as, the same one unless given; `owns_volumes`: whether its volumes belong to the
    group.
    """
    own = user if group is None else group
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": own,
        **({"fsGroup": own} if owns_volumes else {}),
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def restricted_container() -> Manifest:
    """The security context of a container that the `restricted` standard admits, with nothing written to its image."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def pod_security(level: str) -> dict[str, str]:
    """The label that makes a namespace refuse pods above a Pod Security Standard.

    Source: kubernetes.io/docs/concepts/security/pod-security-admission.
    """
    return {"pod-security.kubernetes.io/enforce": level}
