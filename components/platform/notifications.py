"""What the platform keeps for notifications: the controller's configuration, and Secrets with the credentials."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from ..compile import parts
from ..contracts_of.argo_rollouts import secret_key
from ..contracts_of.flagger import Credential, FlaggerChannel, secret_name
from ..engines.argo_rollouts.notifications import CONFIG_MAP, SECRET, configuration
from ..listeners import channels_of, told
from ..manifests.meta import Manifest
from ..plan import build_plan
from ..render import to_yaml
from ..spec.app import AppSpec
from ..spec.cluster import StackSpec


def alert_secrets(stack: StackSpec, apps: Iterable[AppSpec]) -> list[Manifest]:
    """The Secrets that Flagger's alerts need, one for each channel and namespace; none without credentials."""
    if not stack.channel_credentials:
        return []
    found: dict[tuple[str, str], Manifest] = {}
    for app in apps:
        engine, _, _ = parts(stack.delivery, app.delivery.engine)
        if engine.channel_contract is FlaggerChannel:
            for one in told(build_plan(app), engine, stack.delivery):
                place = (app.namespace, secret_name(one.name))
                found[place] = _secret(*place, _contents(stack, one.name, FlaggerChannel.of(one.channel)))
    return [found[place] for place in sorted(found)]


def _contents(stack: StackSpec, name: str, channel: FlaggerChannel) -> Mapping[str, Any]:
    given = stack.channel_credentials.get(name, {})
    return {
        key: given[value.role] if isinstance(value, Credential) else value
        for key, value in channel.flagger_secret().items()
    }


def _secret(namespace: str, name: str, contents: Mapping[str, Any]) -> Manifest:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(contents)}


def controller_config(stack: StackSpec, namespace: str) -> list[Manifest]:
    """The ConfigMap of the engine `argo-rollouts`: services, texts and triggers; none where there is no channel."""
    said = configuration(channels_of(stack.delivery), stack.cluster.name)
    if not said:
        return []
    data = {key: _text(value) for key, value in said.items()}
    metadata = {"name": CONFIG_MAP, "namespace": namespace}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]


def _text(value: Any) -> str:
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
