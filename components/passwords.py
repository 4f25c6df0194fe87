"""Generated passwords as Pulumi resources: kept in the state, encrypted, until their rotation changes."""

from collections.abc import Iterable, Sequence

import pulumi
import pulumi_random

from .manifests.generated import Password, filled
from .manifests.meta import Manifest

Passwords = dict[str, pulumi.Output[str]]
"""Secret outputs by `<namespace>/<Secret>/<key>`."""


def generate(
    parent: pulumi.Resource, owner: str, stages: Iterable[Sequence[Manifest]]
) -> tuple[list[list[Manifest]], Passwords]:
    """The stages with a generated value in the place of every password, and these values."""
    made: Passwords = {}

    def generated(manifest: Manifest) -> Manifest:
        place = f"{manifest['metadata'].get('namespace', '')}/{manifest['metadata']['name']}"

        def value(key: str, password: Password) -> pulumi.Output[str]:
            made[f"{place}/{key}"] = _password(parent, owner, password)
            return made[f"{place}/{key}"]

        return filled(manifest, value)

    return [[generated(item) for item in stage] for stage in stages], made


def _password(parent: pulumi.Resource, owner: str, password: Password) -> pulumi.Output[str]:
    resource = pulumi_random.RandomPassword(
        f"{owner}/{password.name}",
        length=password.length,
        special=False,
        keepers={"rotation": str(password.rotation)},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return pulumi.Output.secret(resource.result)
