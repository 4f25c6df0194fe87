"""What the Pulumi program does around its components: reads the configuration, checks the cluster, opens providers."""

from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes

from .adoption import Existing
from .compile import StackCheck
from .discovery import discover
from .guard import Guard
from .platform.checks import problems
from .reach import UnreachableError, require
from .spec.cluster import ClusterSpec
from .spec.errors import SpecError
from .spec.load import NAMESPACE, LoadedStack, parse_stack

_DELETE_SECONDS = 300.0


def read_stack() -> LoadedStack:
    """The running stack's configuration, valid and with its apps.

    Raises pulumi.RunError with every problem at once, one line each: `file: path: message`. In an update, not in a
    preview, it also says where the cluster cannot be reached, before any resource is touched.
    """
    discover()
    stack_file = f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
    try:
        loaded = parse_stack(raw_config(), stack_file, Path(pulumi.runtime.get_root_directory()), StackCheck())
        found = problems(loaded)
        if found:
            raise SpecError(found)
        if not pulumi.runtime.is_dry_run():
            require(loaded.spec.cluster.kubeconfig, loaded.spec.cluster.context)
    except (SpecError, UnreachableError) as error:
        raise pulumi.RunError(str(error)) from None
    return loaded


def raw_config() -> dict[str, Any]:
    """Every `coalmine:` key of the stack, as Pulumi read it; keys nobody knows are among them and get refused."""
    config = pulumi.Config(NAMESPACE)
    prefix = f"{NAMESPACE}:"
    keys = sorted(key.removeprefix(prefix) for key in pulumi.runtime.config.CONFIG.get() if key.startswith(prefix))
    return {key: _value(config, key) for key in keys}


def _value(config: pulumi.Config, key: str) -> Any:
    try:
        return config.get_object(key)
    except pulumi.ConfigTypeError:
        # A bare word or number where a mapping is expected: the model says so, with the key's name.
        return config.get(key)


class ClusterProvider(pulumi_kubernetes.Provider):  # type: ignore[misc]
    """The provider of one cluster's objects.

    It takes over what exists already, so `guard` refuses beforehand what this stack did not make.
    """

    def __init__(self, cluster: ClusterSpec) -> None:
        kubeconfig = str(Path(cluster.kubeconfig).expanduser()) if cluster.kubeconfig else None
        super().__init__(
            cluster.name,
            kubeconfig=kubeconfig,
            context=cluster.context,
            cluster_identifier=cluster.name,
            upsert_existing_objects=True,
        )
        existing = Existing(kubeconfig, cluster.context, optional=pulumi.runtime.is_dry_run())
        self.guard = Guard(cluster.name, existing, _DELETE_SECONDS)
