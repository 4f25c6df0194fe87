"""ConfigMaps that belong to a version, and the pods that read just them.

Their names end in a hash of their data, and their data cannot change: old pods, those that a release goes back to among
them, find what they were started with. So they outlive the version: Pulumi, Argo CD and Flux leave them there.
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..spec.app import AppSpec
from ..spec.configuration import references_in
from .meta import Manifest, manifest

_KEPT = {
    # Sources: argo-cd.readthedocs.io/en/stable/user-guide/sync-options, .../compare-options;
    # fluxcd.io/flux/components/kustomize/kustomizations (garbage collection).
    "argocd.argoproj.io/sync-options": "Prune=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
    # Flagger would copy it for its stable pods, under a name of its own; they can read this one, which stays as it is.
    "flagger.app/config-tracking": "disabled",
}


def config_maps(app: AppSpec) -> list[Manifest]:
    """The ConfigMaps of this version, each with a name that no other data has."""
    return [
        manifest("v1", "ConfigMap", name, app, {"immutable": True, "data": dict(data)}, annotations=dict(_KEPT))
        for name, data in ((config_name(app, key, data), data) for key, data in app.workload.config.items())
    ]


def config_name(app: AppSpec, name: str, data: Mapping[str, str]) -> str:
    """What a ConfigMap of the app is called with just this data."""
    digest = hashlib.sha256(json.dumps(dict(data), sort_keys=True).encode()).hexdigest()[:10]
    return f"{app.name}-{name}-{digest}"


def versioned(template: Manifest, app: AppSpec) -> Manifest:
    """The template with the full name wherever a ConfigMap of the app or a Secret with a version is read."""
    work = app.workload
    if not work.config and not work.secret_versions:
        return template
    names: dict[str, dict[str, str]] = {
        "config": {key: config_name(app, key, data) for key, data in work.config.items()},
        "secret": {name: f"{name}-{version}" for name, version in work.secret_versions.items()},
    }
    made = copy.deepcopy(template)
    for kind, path, field in references_in(template):
        place: Any = made
        for part in path:
            place = place[part]
        place[field] = names[kind].get(place[field], place[field])
    return made
