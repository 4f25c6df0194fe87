"""The Secrets that Flagger's alerts need, with the credentials of the channels."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..compile import parts
from ..contracts_of.flagger import Credential, FlaggerChannel, secret_name
from ..listeners import told
from ..manifests.meta import Manifest
from ..plan import build_plan
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
