"""What the platform keeps for Argo Rollouts' notifications: their configuration, and the Secret with credentials."""

from collections.abc import Iterator
from typing import Any

import yaml

from ..contracts_of.argo_rollouts import secret_key
from ..engines.argo_rollouts.notifications import CONFIG_MAP, SECRET, configuration
from ..listeners import channels_of
from ..manifests.meta import Manifest
from ..spec.cluster import StackSpec


def controller_config(stack: StackSpec, namespace: str) -> list[Manifest]:
    """The ConfigMap of the engine `argo-rollouts`: services, texts and triggers; none where there is no channel."""
    said = configuration(channels_of(stack.delivery), stack.cluster.name)
    if not said:
        return []
    data = {key: _text(value) for key, value in said.items()}
    metadata = {"name": CONFIG_MAP, "namespace": namespace}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]


def _text(value: Any) -> str:
    # Only here: every run loads this file, and few have a channel.
    from ..render import to_yaml

    return to_yaml(value) if isinstance(value, dict) else yaml.safe_dump(value, sort_keys=False, width=10**9)


def with_credentials(item: Manifest, stack: StackSpec) -> Manifest:
    """The controller's Secret with the credentials of the stack; any other object, and without any, as it is."""
    if item["metadata"]["name"] != SECRET or not stack.channel_credentials:
        return item
    return {**item, "stringData": dict(_keys(stack))}


def _keys(stack: StackSpec) -> Iterator[tuple[str, Any]]:
    for name, given in sorted(stack.channel_credentials.items()):
        yield from ((secret_key(name, role), text) for role, text in sorted(given.items()))


def problems(stack: StackSpec) -> Iterator[tuple[str, str]]:
    """Channels that would be silent: nobody but the platform may write their configuration."""
    engine_is_ours = "argo-rollouts" not in stack.delivery.engines or stack.platform.argo_rollouts.install
    if not engine_is_ours and configuration(channels_of(stack.delivery), stack.cluster.name):
        why = "the platform writes the configuration of channels only for an Argo Rollouts that it installs"
        yield "delivery.channels", f"{why}; set platform.argo_rollouts.install to true, or leave the channels out"
