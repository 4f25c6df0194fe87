"""Names and labels that every object of an app shares."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..spec.app import AppSpec
from ..spec.labels import NAME_LABEL, OWNER_LABEL

Manifest = dict[str, Any]
"""A Kubernetes object as plain data."""


def pod_labels(app: AppSpec) -> dict[str, str]:
    """The labels of an app's pods that say whose they are."""
    return {NAME_LABEL: app.name, OWNER_LABEL: app.owner}


def object_labels(app: AppSpec) -> dict[str, str]:
    """The labels of every object of an app; those that users give stay off the pods, where each is a new version."""
    return {**app.labels, **pod_labels(app)}


def manifest(
    api_version: str, kind: str, name: str, app: AppSpec, body: Mapping[str, Any], **metadata: Any
) -> Manifest:
    """An object of an app in the app's namespace; `body` holds what stands beside `metadata`."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": app.namespace, "labels": object_labels(app), **metadata},
        **body,
    }


def without_nothing(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something: None and empty containers are left out, false and 0 stay."""
    return {key: value for key, value in fields.items() if value is not None and value != {} and value != []}


def named_by_content(name: str, content: Any) -> str:
    """A name that changes with what an object holds.

    For an object in which a controller owns a list that users may change too: the change makes another object, where
    in the same one it would be dropped.
    """
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return f"{name}-{digest}"
