"""Asks the real API server whether it takes an object as it is, by strict validation and without keeping it."""

from collections.abc import Iterator

import yaml

from components.platform.sources import KEDA_SCALED_OBJECTS, fetch, locate
from localcluster.api import Api, ApiError, Object
from localcluster.tools import module_dir
from localcluster.tools.toolchain import go_program
from tests import definitions as of_routers

from .kept import altered
from .objects import apply_all, object_path

STRICT = {"dryRun": "All", "fieldValidation": "Strict"}


def definitions() -> Iterator[Object]:
    """The definitions of the kinds that the engines, the autoscaler and the routers add."""
    # No program is built of this one, so that an empty cache does not have it yet.
    fetch(str(go_program()), [KEDA_SCALED_OBJECTS])
    files = (
        module_dir("argo-rollouts") / "manifests/install.yaml",
        module_dir("flagger") / "charts/flagger/crds/crd.yaml",
        module_dir("istiod") / "manifests/charts/base/files/crd-all.gen.yaml",
        locate(KEDA_SCALED_OBJECTS) / KEDA_SCALED_OBJECTS.paths[0],
    )
    for file in files:
        for item in yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            if item and item["kind"] == "CustomResourceDefinition":
                yield item
    yield from of_routers.definitions()


def dry_run(api: Api, manifest: Object) -> str:
    """What the API server says against an object; empty where it would take it."""
    return _tried(api, manifest)[0]


def dry_run_whole(api: Api, manifest: Object) -> str:
    """The same, and what the API server would keep otherwise than it was sent."""
    said, kept = _tried(api, manifest)
    lost = altered(manifest, kept) if kept else []
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    return f"{name}: {lost} would show as changed ever after" if lost else said


def make_namespace(api: Api, name: str, labels: dict[str, str] | None = None) -> None:
    """Makes a namespace that is really kept."""
    apply_all(api, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}])


def _tried(api: Api, manifest: Object) -> tuple[str, Object]:
    collection = object_path(api, manifest).rpartition("/")[0]
    try:
        return "", api.request("POST", collection, manifest, query=STRICT)
    except ApiError as error:
        return f"{manifest['kind']} {manifest['metadata']['name']}: {error}", {}
