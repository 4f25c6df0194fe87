"""Generated passwords as Pulumi resources, kept in the state, encrypted, until their rotation changes; and credentials.

They are no outputs of a component or stack: Pulumi's Python SDK writes those into its debug messages as they are.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pulumi

from .manifests.generated import Hidden, Password, filled
from .manifests.meta import Manifest


def with_passwords(parent: pulumi.Resource, owner: str, stages: Iterable[Sequence[Manifest]]) -> list[list[Manifest]]:
    """The stages with a generated value in the place of every password, and the contents of every credential."""

    def value(hidden: Hidden) -> pulumi.Output[str]:
        return generated(hidden) if isinstance(hidden, Password) else pulumi.Output.secret(hidden.contents)

    made: dict[str, Any] = {}

    def generated(password: Password) -> pulumi.Output[str]:
        # Only here: few pieces have a password, and its resources are a tenth of what every other start loads.
        import pulumi_random

        if password.name not in made:
            made[password.name] = pulumi_random.RandomPassword(
                f"{owner}/{password.name}",
                length=password.length,
                special=False,
                keepers={"rotation": str(password.rotation)},
                opts=pulumi.ResourceOptions(parent=parent),
            )
        resource = made[password.name]
        return pulumi.Output.secret(resource.bcrypt_hash if password.hashed else resource.result)

    return [[filled(item, value) for item in stage] for stage in stages]
