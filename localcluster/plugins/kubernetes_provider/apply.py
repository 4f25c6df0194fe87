"""Stand-in for pulumi-resource-kubernetes: server-side apply, and what is said when a field has another owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..wire.errors import PluginError
from ..wire.values import Object
from .client import ApiError
from .cluster import Cluster

_CONFLICT_HELP: Final = (
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"
    "#handle-field-conflicts-on-existing-resources"
)


def server_side_apply(cluster: Cluster, obj: Object, query: Mapping[str, str]) -> Object:
    """Apply the object with a query that names the field manager; raises PluginError."""
    try:
        return cluster.apply(obj, dict(query))
    except ApiError as error:
        if error.code != 409:
            raise
        raise PluginError(
            f"server-side apply field conflict detected. See {_CONFLICT_HELP} for troubleshooting help.\n"
            f'The resource managed by field manager "{query["fieldManager"]}" had an apply conflict: {error}'
        ) from error
