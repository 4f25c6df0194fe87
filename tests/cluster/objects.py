"""Putting objects into a cluster and waiting for what they become."""

import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import TypeVar

from localcluster.api import Api, Object, path_of

Result = TypeVar("Result")


def apply_all(api: Api, objects: Iterable[Object]) -> None:
    """Server-side apply, in order; definitions of new kinds are waited for before anything else is applied or done."""
    defined: list[str] = []
    for item in objects:
        is_definition = item["kind"] == "CustomResourceDefinition"
        if not is_definition:
            _wait_for_kinds(api, defined)
        api.apply(object_path(api, item), item)
        if is_definition:
            defined.append(item["metadata"]["name"])
    _wait_for_kinds(api, defined)


def _wait_for_kinds(api: Api, defined: list[str]) -> None:
    if defined:
        wait_for(lambda: all(_established(api, name) for name in defined), f"established: {defined}", 30)
        defined.clear()


def object_path(api: Api, item: Object) -> str:
    """Where an object lives."""
    plural, namespaced = _kinds(api, item["apiVersion"])[item["kind"]]
    namespace = item["metadata"].get("namespace", "default") if namespaced else ""
    return path_of(f"{item['apiVersion']}/{plural}", namespace, item["metadata"]["name"])


def wait_for(check: Callable[[], Result], what: str, seconds: float = 60.0) -> Result:
    """Poll until a check gives something true; fail with `what` and the last result when it does not in time."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s, last seen: {result!r}"
        time.sleep(0.1)


def pods(api: Api, namespace: str, selector: str = "") -> list[Object]:
    """The pods of a namespace, by name."""
    query = {"labelSelector": selector} if selector else {}
    return sorted(api.items(path_of("v1/pods", namespace), **query), key=lambda pod: str(pod["metadata"]["name"]))


def is_ready(pod: Object) -> bool:
    """Whether a pod is Ready."""
    return any(
        entry["type"] == "Ready" and entry["status"] == "True" for entry in pod.get("status", {}).get("conditions", [])
    )


def _established(api: Api, name: str) -> bool:
    found = api.get(path_of("apiextensions.k8s.io/v1/customresourcedefinitions", name=name))
    conditions = found.get("status", {}).get("conditions") or []
    established = any(item["type"] == "Established" and item["status"] == "True" for item in conditions)
    if established:
        _kinds.cache_clear()
    return established


@cache
def _kinds(api: Api, group_version: str) -> dict[str, tuple[str, bool]]:
    root = f"/api/{group_version}" if "/" not in group_version else f"/apis/{group_version}"
    resources = api.get(root)["resources"]
    return {item["kind"]: (item["name"], item["namespaced"]) for item in resources if "/" not in item["name"]}
