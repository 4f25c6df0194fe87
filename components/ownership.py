"""Who owns which field, told to every tool that writes objects: Pulumi, Argo CD, Flux.

Rules name paths, never field managers: a controller may write under several managers, and one that has not written
yet has none. Sources: argo-cd.readthedocs.io/en/stable/user-guide/diffing and .../sync-options;
fluxcd.io/flux/components/kustomize/kustomizations (`ignore`, from Flux 2.9) and .../helm/helmreleases (drift).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .contracts import OwnedField
from .manifests.meta import Manifest
from .record import record

DIGEST_ANNOTATION = "coalmine.dev/owned-fields"
"""On an object with owned fields: `path=digest` of what the program wrote there, `,` between them."""


@record
class Ownership:
    """What controllers own in the objects of one app or of many, in the order of the objects."""

    fields: tuple[OwnedField, ...]

    @property
    def pulumi(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """(kind, name) -> the paths for Pulumi's `ignoreChanges`."""
        objects = sorted({(field.kind, field.name) for field in self.fields})
        return {key: tuple(f.path for f in self.fields if (f.kind, f.name) == key) for key in objects}

    @property
    def argo_cd(self) -> Manifest:
        """The part of an Argo CD Application's `spec`: what is no difference, and that a sync leaves it alone too."""
        rules = [
            {
                # Argo CD writes Applications without empty values: an empty group would be its change, and its field.
                **({"group": one.group} if one.group else {}),
                "kind": one.kind,
                "namespace": one.namespace,
                "name": one.name,
                "jsonPointers": [_pointer(field.path) for field in fields],
            }
            for one, fields in self._by_object()
        ]
        options = ["RespectIgnoreDifferences=true"]
        return {"ignoreDifferences": rules, "syncPolicy": {"syncOptions": options}} if rules else {}

    @property
    def flux_kustomization(self) -> Manifest:
        """The part of a Flux Kustomization's `spec`: what its server-side apply leaves out once the object exists."""
        rules = self._flux_rules()
        return {"ignore": rules} if rules else {}

    @property
    def flux_helm_release(self) -> Manifest:
        """The part of a Flux HelmRelease's `spec`: what is no drift."""
        rules = self._flux_rules()
        return {"driftDetection": {"mode": "enabled", "ignore": rules}} if rules else {}

    def _flux_rules(self) -> list[Manifest]:
        # Flux takes regular expressions here, and an empty group for any group.
        return [
            {
                "paths": [_pointer(field.path) for field in fields],
                "target": {
                    "group": _whole(one.group),
                    "kind": _whole(one.kind),
                    "namespace": _whole(one.namespace),
                    "name": _whole(one.name),
                },
            }
            for one, fields in self._by_object()
        ]

    def _by_object(self) -> list[tuple[OwnedField, list[OwnedField]]]:
        """One field of every object, and all of them."""
        found: dict[tuple[str, str, str, str], list[OwnedField]] = {}
        for field in self.fields:
            found.setdefault((field.group, field.kind, field.namespace, field.name), []).append(field)
        return [(fields[0], fields) for fields in found.values()]


def together(apps: Iterable[Ownership]) -> Ownership:
    """What controllers own in all of these."""
    return Ownership(tuple(field for one in apps for field in one.fields))


def marked(manifest: Manifest, paths: Sequence[str]) -> Manifest:
    """The object with a digest of what stands at each owned path; as it is where nothing stands at any.

    An ignored path keeps its old value in Pulumi's state, so the digest alone tells that the program's value changed.
    """
    digests = [f"{path}={_digest(value)}" for path in paths if (value := _at(manifest, path)) is not None]
    if not digests:
        return manifest
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), DIGEST_ANNOTATION: ",".join(digests)}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def dropped(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The owned paths at which two versions of an object, both with digests, say different things.

    A path that only one of them has is handed over to a controller, or taken back from it: nothing is dropped.
    """
    was, now = _digests(old), _digests(new)
    return [path for path, digest in now.items() if was.get(path, digest) != digest]


def _digests(manifest: Mapping[str, Any]) -> dict[str, str]:
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    pairs = (entry.partition("=") for entry in str(annotations.get(DIGEST_ANNOTATION, "")).split(",") if entry)
    return {path: digest for path, _, digest in pairs}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _at(manifest: Mapping[str, Any], path: str) -> Any:
    place: Any = manifest
    for part in path.split("."):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place


def _pointer(path: str) -> str:
    """`spec.http` as a JSON pointer (RFC 6901)."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path.split("."))


def _whole(text: str) -> str:
    # Only a dot means something else in an expression, of all that names of objects and kinds may have.
    return f"^{re.sub(r'[.]', '[.]', text)}$"
