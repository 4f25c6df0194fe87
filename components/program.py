"""What the Pulumi program does around its components: reads the configuration, checks the cluster, opens providers."""

from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes

from .compile import StackCheck
from .discovery import discover
from .platform.checks import problems
from .reach import UnreachableError, require
from .spec.cluster import ClusterSpec
from .spec.errors import SpecError
from .spec.load import NAMESPACE, LoadedStack, parse_stack


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


def providers(cluster: ClusterSpec) -> tuple[pulumi_kubernetes.Provider, pulumi_kubernetes.Provider]:
    """The cluster's provider, and the one for CRDs, which takes over those that an earlier stack left there."""
    ordinary = pulumi_kubernetes.Provider(cluster.name, **_access(cluster))
    definitions = pulumi_kubernetes.Provider(
        f"{cluster.name}-definitions", upsert_existing_objects=True, **_access(cluster)
    )
    return ordinary, definitions


def _access(cluster: ClusterSpec) -> dict[str, Any]:
    kubeconfig = str(Path(cluster.kubeconfig).expanduser()) if cluster.kubeconfig else None
    return {"kubeconfig": kubeconfig, "context": cluster.context, "cluster_identifier": cluster.name}
