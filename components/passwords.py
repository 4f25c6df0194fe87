"""Generated passwords as Pulumi resources, kept in the state, encrypted, until their rotation changes; and credentials.

They are no outputs of a component or stack: Pulumi's Python SDK writes those into its debug messages as they are.
"""

from collections.abc import Iterable, Sequence

import pulumi

from .manifests.generated import Hidden, Password, filled
from .manifests.meta import Manifest


def with_passwords(parent: pulumi.Resource, owner: str, stages: Iterable[Sequence[Manifest]]) -> list[list[Manifest]]:
    """The stages with a generated value in the place of every password, and the contents of every credential."""

    def value(hidden: Hidden) -> pulumi.Output[str]:
        return generated(hidden) if isinstance(hidden, Password) else pulumi.Output.secret(hidden.contents)

    def generated(password: Password) -> pulumi.Output[str]:
        # Only here: few pieces have a password, and its resources are a tenth of what every other start loads.
        import pulumi_random

        resource = pulumi_random.RandomPassword(
            f"{owner}/{password.name}",
            length=password.length,
            special=False,
            keepers={"rotation": str(password.rotation)},
            opts=pulumi.ResourceOptions(parent=parent),
        )
        return pulumi.Output.secret(resource.result)

    return [[filled(item, value) for item in stage] for stage in stages]
