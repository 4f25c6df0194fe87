"""The Platform component: every piece that a stack's choices need, each as a component of its own."""

from collections.abc import Sequence

import pulumi

from ..manifests.meta import Manifest
from ..passwords import with_passwords
from ..resources import Rules, register
from ..spec.app import AppSpec
from ..spec.cluster import StackSpec
from ..spec.origin import NAMESPACE
from . import outputs
from .git_sources import git_orders, git_sources
from .namespaces import namespaces
from .piece import Piece, Stages, pieces_of
from .sources import SourceError

_NOT_AWAITED = frozenset({"PersistentVolumeClaim"})
"""A volume that is bound at its first use waits for a pod, which waits for the volume's resource."""

_PROTECTED = frozenset({"Namespace", "PersistentVolumeClaim"})
"""What takes data or running apps with it when it goes."""


class Installed(pulumi.ComponentResource):
    """One piece of the platform; its Pulumi type is the piece's own."""

    def __init__(self, token: str, name: str, stages: Stages, rules: Rules, opts: pulumi.ResourceOptions) -> None:
        super().__init__(token, name, None, opts)
        register(self, name, with_passwords(self, name, stages), rules)
        self.register_outputs({})


class Platform(pulumi.ComponentResource):
    """Namespaces, the release engine, the router and the metrics server of one cluster.

    Order: namespaces; then, of every piece, its CRDs, identities and permissions, controllers, and what it has for the
    apps; then what a GitOps engine is told of the repository. Apps come after all.
    CRDs outlive their stack, because deleting them deletes every object of their kind; so do namespaces, by choice.
    Outputs: `pieces`: the names of what is installed; `bundle`, and `versions` of each piece; `urls`: where people
    reach what has an address; `commands` to look and to act, by piece, and those about `apps`; `dashboards`: by title,
    where they are. Raises pulumi.RunError where a pinned upstream release cannot be found or rendered.
    """

    def __init__(
        self,
        name: str,
        stack: StackSpec,
        apps: Sequence[AppSpec],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        # First of all: where something cannot be had, nothing is made.
        chosen = _chosen(stack, apps)
        super().__init__("coalmine:index:Platform", name, None, opts)
        protected = _PROTECTED if stack.platform.protect else frozenset[str]()
        kept = frozenset({"Namespace"} if stack.platform.keep_namespaces else ())
        rules = Rules(ignored={}, not_awaited=_NOT_AWAITED, protected=protected, kept=kept)
        first = Installed(
            "coalmine:index:Namespaces",
            "namespaces",
            [namespaces(stack, apps), _alert_secrets(stack, apps)],
            rules,
            pulumi.ResourceOptions(parent=self),
        )
        installed = [
            Installed(piece.token, piece.name, stages, rules, pulumi.ResourceOptions(parent=self, depends_on=[first]))
            for piece, stages in chosen
        ]
        sources = git_sources(stack, apps)
        if sources:
            options = pulumi.ResourceOptions(parent=self, depends_on=[first, *installed])
            Installed("coalmine:index:GitSources", "git-sources", [sources, git_orders(stack)], rules, options)
        self.pieces = pulumi.Output.from_input([piece.name for piece, _ in chosen])
        self.bundle = pulumi.Output.from_input(stack.platform.bundle)
        self.versions = pulumi.Output.from_input(outputs.versions(stack, chosen))
        self.urls = pulumi.Output.from_input(outputs.urls(stack, chosen))
        self.commands = pulumi.Output.from_input(outputs.commands(stack, chosen, pulumi.get_stack()))
        self.dashboards = pulumi.Output.from_input(outputs.dashboards(stack, apps, chosen))
        self.register_outputs(
            {
                "pieces": self.pieces,
                "bundle": self.bundle,
                "versions": self.versions,
                "urls": self.urls,
                "commands": self.commands,
                "dashboards": self.dashboards,
            }
        )


def _alert_secrets(stack: StackSpec, apps: Sequence[AppSpec]) -> list[Manifest]:
    if not stack.channel_credentials:
        return []
    # Only here: what they are made of belongs to an engine that most stacks do without.
    from .alert_secrets import alert_secrets

    return alert_secrets(stack, apps)


def _chosen(stack: StackSpec, apps: Sequence[AppSpec]) -> list[tuple[Piece, Stages]]:
    """The stack's pieces with their objects. Raises pulumi.RunError with everything that cannot be had."""
    found: list[tuple[Piece, Stages]] = []
    wrong: list[str] = []
    for piece in pieces_of(stack):
        try:
            found.append((piece, piece.all_stages(stack, apps)))
        except SourceError as error:
            place = f"stacks/Pulumi.{pulumi.get_stack()}.yaml: {NAMESPACE}:{error.path}: " if error.path else ""
            wrong.append(f"{place}{piece.name}: {error}")
    if wrong:
        raise pulumi.RunError("\n".join(wrong))
    return found
