"""Stand-in for pulumi-resource-kubernetes: the provider's configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..wire.errors import UnsupportedError
from ..wire.values import Object

PREFIX = "kubernetes:config:"
_UNREACHABLE_VARIABLE = "PULUMI_K8S_DELETE_UNREACHABLE"
_SERVER_SIDE_VARIABLE = "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY"
_ARGUMENTS = (
    "cluster clusterIdentifier context deleteUnreachable enableConfigMapMutable enablePatchForce enableSecretMutable "
    "enableServerSideApply kubeconfig namespace skipUpdateUnreachable upsertExistingObjects"
)
# The engine's own, and those about warnings that the stand-in never gives.
_WITHOUT_EFFECT = "pluginDownloadURL version suppressDeprecationWarnings suppressHelmHookWarnings"
_SAYS_NOTHING = ("", "false", "{}", "None")


@dataclass(frozen=True)
class Settings:
    """The configuration; empty strings mean that nothing was given.

    Fields: kubeconfig (contents or path), context and cluster (names in it), namespace (default for namespaced
    kinds), config_map_mutable and secret_mutable (data changes update instead of replacing), patch_force (take
    over fields of other managers), upsert (adopt objects that exist), delete_unreachable (forget objects of a
    cluster that is gone), skip_update_unreachable (leave them as they are).
    """

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    config_map_mutable: bool = False
    secret_mutable: bool = False
    patch_force: bool = False
    upsert: bool = False
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False


def from_variables(variables: Mapping[str, str]) -> Settings:
    """The settings from Configure's variables; raises UnsupportedError for what the stand-in lacks."""
    values = {name.removeprefix(PREFIX): value for name, value in variables.items()}
    refuse_unsupported(values)

    def flag(name: str, variable: str) -> bool:
        return values.get(name, os.environ.get(variable, "")).lower() == "true"

    return Settings(
        kubeconfig=_text(values.get("kubeconfig", "")),
        context=values.get("context", ""),
        cluster=values.get("cluster", ""),
        namespace=values.get("namespace", ""),
        config_map_mutable=flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
        secret_mutable=flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
        patch_force=flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        upsert=flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
        delete_unreachable=flag("deleteUnreachable", _UNREACHABLE_VARIABLE),
        skip_update_unreachable=flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
    )


def refuse_unsupported(values: Mapping[str, object]) -> None:
    """Raise UnsupportedError for a provider argument whose behaviour the stand-in does not have."""
    known = {*_ARGUMENTS.split(), *_WITHOUT_EFFECT.split()}
    for name, value in sorted(values.items()):
        if name not in known and str(value) not in _SAYS_NOTHING:
            raise UnsupportedError(f"the kubernetes provider's argument {name}")
    server_side = values.get("enableServerSideApply", os.environ.get(_SERVER_SIDE_VARIABLE, ""))
    if str(server_side).lower() == "false":
        raise UnsupportedError("the kubernetes provider's argument enableServerSideApply: false")


def _text(value: str) -> str:
    # Pulumi encodes a string argument as JSON where the provider asks for it; a path or YAML is no JSON string.
    if value.startswith('"'):
        decoded = json.loads(value)
        return decoded if isinstance(decoded, str) else value
    return value


def provider_inputs(inputs: Object) -> Object:
    """The provider's own arguments among its inputs."""
    return {name: value for name, value in inputs.items() if not name.startswith("__") and name != "version"}
