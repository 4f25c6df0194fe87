"""Stand-in for pulumi-resource-kubernetes: DiffConfig, when a provider and all its resources are replaced."""

from __future__ import annotations

from dataclasses import dataclass

from ..wire.errors import PluginError
from ..wire.values import UNKNOWN, Object
from .kubeconfig import Config, active_server, load
from .settings import provider_inputs


@dataclass(frozen=True)
class ProviderDiff:
    """The changed arguments, and those of them that replace the provider."""

    changed: list[str]
    replaces: list[str]


def diff_config(old_inputs: Object, new_inputs: Object) -> ProviderDiff:
    """What changes between plain provider inputs, as the official provider's heuristic decides."""
    olds, news = provider_inputs(old_inputs), provider_inputs(new_inputs)
    changed = sorted(name for name in olds.keys() | news.keys() if olds.get(name) != news.get(name))
    old_id, new_id = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
    if old_id and new_id:
        return ProviderDiff(changed, ["clusterIdentifier"] if old_id != new_id else [])
    if old_id or new_id:
        return ProviderDiff(changed, [])
    if news.get("kubeconfig") is UNKNOWN:
        return ProviderDiff(["kubeconfig"], ["kubeconfig"])
    if _server(olds) != _server(news):
        return ProviderDiff(changed, changed)
    if "kubeconfig" in changed and _config(olds) == _config(news):
        changed.remove("kubeconfig")
    return ProviderDiff(changed, [])


def _config(inputs: Object) -> Config | None:
    try:
        return load(str(inputs.get("kubeconfig") or ""))
    except PluginError:
        return None


def _server(inputs: Object) -> str | None:
    config = _config(inputs)
    if config is None:
        return None
    try:
        return active_server(config, str(inputs.get("context") or ""), str(inputs.get("cluster") or ""))
    except PluginError:
        return None
